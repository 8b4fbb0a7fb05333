package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;

/** What can happen to a {@link Proposer}. */
public sealed interface ProposerInput {

    /** An acceptor's message, in the order it was sent in its conversation. */
    record Received(int peer, AcceptorMessage message) implements ProposerInput {}

    /** The conversation ended; it has to begin again with a greeting. */
    record Disconnected(int peer) implements ProposerInput {}

    /** A candidate that was outrun has rested: give it this some random while later. */
    record Roused() implements ProposerInput {}

    /** There are whole records to append, up to here. Only a leader is told. */
    record Available(Lsn end) implements ProposerInput {}

    /** Nothing was sent to an acceptor for a while: see whether it is still there. */
    record Quiet(int peer) implements ProposerInput {}

    /**
     * There is room to send an acceptor more.
     *
     * @param window the most bytes to have under way to it
     * @param tell whether a new commit LSN is worth a message of its own; else it goes with the
     *     next WAL
     */
    record Writable(int peer, int window, boolean tell) implements ProposerInput {

        /** That tells everything. */
        public Writable(int peer, int window) {
            this(peer, window, true);
        }
    }
}
