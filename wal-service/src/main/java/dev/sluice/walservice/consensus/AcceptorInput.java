package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;

/** What can happen to an {@link Acceptor}. */
public sealed interface AcceptorInput {

    /**
     * A proposer's message. Before a {@link ProposerMessage.VoteRequest} or {@link
     * ProposerMessage.Elected} is given, everything written must have been flushed, and told.
     */
    record Received(ProposerMessage message) implements AcceptorInput {}

    /**
     * What was written is durable now.
     *
     * @param session the one that it was written in
     * @param received the end of it
     * @param recordEnd the end of the last whole record in it
     */
    record Flushed(long session, Lsn received, Lsn recordEnd) implements AcceptorInput {}
}
