package dev.sluice.walservice.consensus;

import java.util.function.Supplier;

/** What holds after every event of a simulation. */
enum Invariant {
    /** What was acknowledged is in the log of every leader of a later term, as it was. */
    NOTHING_ACKNOWLEDGED_IS_LOST,
    /** A position is committed with one content; a term's WAL is its leader's, and no other's. */
    ONE_HISTORY,
    /** Neither a proposer's nor, while it runs, an acceptor's. */
    COMMIT_NEVER_GOES_BACK,
    /** A term has one leader, and an acceptor keeps to what it has promised, crash or not. */
    TERMS_ARE_NEVER_REUSED,
    /** Once it knows that a newer leader exists, a proposer acknowledges nothing. */
    THE_FENCED_NEVER_ACKNOWLEDGE,
    /** An acceptor, while it has its disk, never goes back to an earlier configuration. */
    GENERATIONS_ONLY_RISE,
    /** {@code start <= commit <= flush <= received <= written}. */
    POSITIONS_ARE_IN_ORDER,
    /** An acceptor has what it says it has. */
    THE_LOG_IS_THERE,
    /** When faults end, everything gets everywhere. */
    FAULTS_OVER_ALL_IS_WELL;

    void check(boolean holds, Supplier<String> otherwise) {
        if (!holds) {
            throw new Violation(this, otherwise.get());
        }
    }

    /** It did not hold. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1L;

        private final Invariant invariant;

        Violation(Invariant invariant, String how) {
            super(invariant + ": " + how);
            this.invariant = invariant;
        }

        Invariant invariant() {
            return invariant;
        }
    }
}
