package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/** What an acceptor answers a proposer; laid out by {@link ConsensusProtocol}. */
public sealed interface AcceptorMessage {

    /**
     * @param term the highest that it voted for or obeyed
     */
    record Greeted(long nodeId, Term term) implements AcceptorMessage {}

    /**
     * @param term the acceptor's, after this request
     * @param given whether this request got its vote
     * @param start where its log begins
     * @param flush where its log ends, durably, with a whole record
     * @param history of its log up to there
     */
    record Voted(Term term, boolean given, Lsn start, Lsn flush, TermHistory history)
            implements AcceptorMessage {}

    /**
     * Answers an {@link ProposerMessage.Elected} and appends.
     *
     * @param term the acceptor's: if higher than the proposer's, the proposer's time is over
     * @param flush where its log ends, durably, with a whole record
     * @param received the end of all that is durable, which may lie inside a record
     * @param commit what it knows to be committed
     */
    record Appended(Term term, Lsn flush, Lsn received, Lsn commit) implements AcceptorMessage {}
}
