package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;

/** What a {@link Proposer} wants done. */
public sealed interface ProposerAction {

    /**
     * There is another configuration. All conversations end; with its acceptors new ones are to be
     * begun.
     */
    record Reconfigure(Configuration configuration) implements ProposerAction {}

    record Send(int peer, ProposerMessage message) implements ProposerAction {}

    /**
     * Send an {@link ProposerMessage.Append} with the log's bytes from {@code begin} to {@code
     * end}; none if they are equal. Never spans the leader's start: what is below is the donor's,
     * what is above its own.
     */
    record SendAppend(int peer, long generation, Lsn begin, Lsn end, Lsn commit)
            implements ProposerAction {}
}
