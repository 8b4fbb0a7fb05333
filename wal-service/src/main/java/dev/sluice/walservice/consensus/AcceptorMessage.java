package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/**
 * What an acceptor answers a proposer; laid out by {@link ConsensusProtocol}. {@code generation} is
 * that of the {@link Configuration} that the acceptor goes by.
 */
public sealed interface AcceptorMessage {

    /**
     * @param configuration the one that it goes by: not older than the proposer's; if newer, the
     *     proposer has to greet again
     * @param term the highest that it voted for or obeyed
     * @param votesAbove it is of no use to a leader of this or a lower term; see {@link
     *     TimelineControl#votesAbove}
     */
    record Greeted(long nodeId, Configuration configuration, Term term, Term votesAbove)
            implements AcceptorMessage {}

    /**
     * There is a newer configuration than the proposer's, who has to greet again. Answers anything,
     * and comes unasked.
     */
    record Superseded(Configuration configuration) implements AcceptorMessage {}

    /** What a request for a vote got; the number is what goes over the wire. */
    enum Ballot {
        GIVEN(0),
        /** The term is not above the acceptor's own. */
        REFUSED(1),
        /** The acceptor has lost what it knew and must not vote yet; it obeys whoever wins. */
        ABSTAINED(2);

        private final int number;

        Ballot(int number) {
            this.number = number;
        }

        int number() {
            return number;
        }

        /**
         * @throws IllegalArgumentException if there is no such ballot
         */
        static Ballot ofNumber(int number) {
            return switch (number) {
                case 0 -> GIVEN;
                case 1 -> REFUSED;
                case 2 -> ABSTAINED;
                default -> throw new IllegalArgumentException("no such ballot: " + number);
            };
        }
    }

    /**
     * @param term the acceptor's, after this request
     * @param start where its log begins
     * @param flush where its log ends, durably, with a whole record
     * @param history of its log up to there
     */
    record Voted(
            long generation, Term term, Ballot ballot, Lsn start, Lsn flush, TermHistory history)
            implements AcceptorMessage {}

    /**
     * Answers an {@link ProposerMessage.Elected} and appends; comes unasked when another proposer
     * has raised the term.
     *
     * @param term the acceptor's: if higher than the proposer's, the proposer's time is over
     * @param flush where its log ends, durably, with a whole record
     * @param received the end of all that is durable, which may lie inside a record
     * @param commit what it knows to be committed
     */
    record Appended(long generation, Term term, Lsn flush, Lsn received, Lsn commit)
            implements AcceptorMessage {}
}
