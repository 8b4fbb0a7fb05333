package dev.sluice.walservice.proposer;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.part.PartAddress;
import java.time.Duration;
import java.util.List;

/**
 * What a {@link WalProposer} is to write, and where.
 *
 * @param postgresMajor for example 17
 * @param systemIdentifier the database cluster's, as in {@code pg_control}
 * @param safekeepers the members, 1 to 32, each a different address
 * @param quorum how many of them must have WAL for it to be durable: more than half
 * @param electionLimit how long an election may take before it fails
 * @param generation the membership's; safekeepers refuse another than their own. 0 until membership
 *     is changed
 */
public record ProposerConfig(
        TenantTimelineId id,
        int postgresMajor,
        long systemIdentifier,
        List<PartAddress> safekeepers,
        int quorum,
        Duration electionLimit,
        long generation) {

    public static final int MAX_SAFEKEEPERS = 32;

    public ProposerConfig {
        safekeepers = List.copyOf(safekeepers);
        int members = safekeepers.size();
        if (members == 0 || members > MAX_SAFEKEEPERS) {
            throw new IllegalArgumentException(
                    members + " safekeepers; 1 to " + MAX_SAFEKEEPERS + " are possible");
        }
        if (quorum > members || quorum <= members / 2) {
            throw new IllegalArgumentException(
                    "a quorum of " + quorum + " of " + members + " safekeepers is no majority");
        }
    }

    /** With the first membership generation. */
    public ProposerConfig(
            TenantTimelineId id,
            int postgresMajor,
            long systemIdentifier,
            List<PartAddress> safekeepers,
            int quorum,
            Duration electionLimit) {
        this(id, postgresMajor, systemIdentifier, safekeepers, quorum, electionLimit, 0);
    }
}
