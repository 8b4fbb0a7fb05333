package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;

/**
 * What a proposer knows of one acceptor.
 *
 * @param node its node id
 * @param acked the flush LSN that it acknowledged in the proposer's term and configuration, {@link
 *     Lsn#INVALID} before that; stays true when the connection is lost, since it is on its disk
 */
public record PeerState(long node, Phase phase, Lsn acked) {

    /** Before anything was heard of it. */
    static PeerState unknown(long node) {
        return new PeerState(node, new Phase.Offline(), Lsn.INVALID);
    }

    /** How far the conversation is. */
    public sealed interface Phase {

        /** There is none. */
        record Offline() implements Phase {}

        /** It has greeted, and may have been asked for its vote. */
        record Greeted() implements Phase {}

        /** It gave its vote. */
        record Supporting(AcceptorMessage.Voted vote) implements Phase {}

        /** It may not vote, and will obey whoever wins. */
        record Abstaining(AcceptorMessage.Voted vote) implements Phase {}

        /**
         * It was told of the election and takes WAL.
         *
         * @param next the end of what was sent
         * @param received the end of what it has durably, which may lie inside a record
         * @param told the commit LSN that it was sent
         */
        record Streaming(Lsn next, Lsn received, Lsn told) implements Phase {}
    }

    PeerState in(Phase newPhase) {
        return new PeerState(node, newPhase, acked);
    }

    public boolean isStreaming() {
        return phase instanceof Phase.Streaming;
    }
}
