package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;

/**
 * What a proposer says to an acceptor; laid out by {@link ConsensusProtocol}. {@code generation} is
 * that of the {@link Configuration} that the proposer goes by; an acceptor that goes by a newer one
 * says so, and does nothing.
 */
public sealed interface ProposerMessage {

    /**
     * The first message of a conversation.
     *
     * @param configuration the one that the proposer goes by
     * @param segmentSize of the WAL, in bytes
     */
    record Greeting(
            TenantTimelineId id,
            Configuration configuration,
            long systemIdentifier,
            int postgresMajor,
            int segmentSize)
            implements ProposerMessage {}

    /** Asks for a vote for {@code term}. */
    record VoteRequest(long generation, Term term) implements ProposerMessage {}

    /**
     * The proposer has won.
     *
     * @param streamFrom where it will begin to append: up to there the acceptor's log equals its
     *     own
     * @param end where the proposer's log ends now: nobody has acknowledged more of it
     * @param history of the proposer's log, its own term last
     */
    record Elected(long generation, Term term, Lsn streamFrom, Lsn end, TermHistory history)
            implements ProposerMessage {}

    /**
     * Adds WAL. Answered when it is durable. An empty one that tells a new commit LSN is not
     * answered; an empty one that tells nothing new is a probe, and answered.
     *
     * @param begin where the WAL goes: the end of the last append
     * @param commit the end of what a quorum has, as far as the proposer knows
     * @param wal valid only as long as the call that it is given to
     */
    record Append(long generation, Term term, Lsn begin, Lsn commit, ByteBuffer wal)
            implements ProposerMessage {
        /** The most WAL in one. */
        public static final int MAX_WAL = 128 << 10;

        public Lsn end() {
            return begin.plus(wal.remaining());
        }
    }
}
