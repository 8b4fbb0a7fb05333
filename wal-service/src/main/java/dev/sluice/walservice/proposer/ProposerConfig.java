package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.time.Duration;

/**
 * What a {@link WalProposer} is to write, and where.
 *
 * @param postgresMajor for example 17
 * @param systemIdentifier the database cluster's, as in {@code pg_control}
 * @param configuration who decides about it, as far as is known: safekeepers tell of newer ones
 * @param addresses where safekeepers are
 * @param electionLimit how long an election may take before it fails
 */
public record ProposerConfig(
        TenantTimelineId id,
        int postgresMajor,
        long systemIdentifier,
        Configuration configuration,
        SafekeeperDirectory addresses,
        Duration electionLimit) {

    public ProposerConfig {
        if (configuration.isUnset()) {
            throw new IllegalArgumentException("nobody decides about timeline " + id);
        }
    }
}
