package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** What everybody must agree about, seen from outside: who led which term, what is committed. */
final class Ledger {
    private final Map<Term, Reign> reigns = new HashMap<>();
    private final long[] committed = new long[SimulatedAcceptor.WORDS];

    /** Per position the lowest term in which it was acknowledged. */
    private final long[] acknowledgedIn = new long[SimulatedAcceptor.WORDS];

    private Lsn end = SimulatedAcceptor.START;

    /** A leader's time; {@code log} is what its log holds below {@code start}. */
    static final class Reign {
        private final Term term;
        private final int proposer;
        private final Lsn start;
        private final long[] log;

        Reign(Term term, int proposer, Lsn start, long[] log) {
            this.term = term;
            this.proposer = proposer;
            this.start = start;
            this.log = log;
        }
    }

    Ledger() {
        Arrays.fill(acknowledgedIn, Long.MAX_VALUE);
    }

    /** The end of what is committed. */
    Lsn end() {
        return end;
    }

    int elections() {
        return reigns.size();
    }

    void elected(Reign reign) {
        Reign other = reigns.put(reign.term, reign);
        Invariant.TERMS_ARE_NEVER_REUSED.check(
                other == null, () -> "term " + reign.term + " has two leaders");
        for (int i = SimulatedAcceptor.index(SimulatedAcceptor.START); i < index(end); i++) {
            if (acknowledgedIn[i] < reign.term.number()) {
                checkHolds(reign, i);
            }
        }
    }

    private void checkHolds(Reign reign, int i) {
        Invariant.NOTHING_ACKNOWLEDGED_IS_LOST.check(
                i < index(reign.start) && reign.log[i] == committed[i],
                () ->
                        "the leader of term "
                                + reign.term
                                + " begins at "
                                + reign.start
                                + " without what term "
                                + acknowledgedIn[i]
                                + " acknowledged at "
                                + new Lsn(8L * i));
    }

    /** A leader, or who was told by the leader of a term, takes a log for committed up to there. */
    void commit(Term term, Lsn from, Lsn to, long[] log, String who) {
        commit(term, from, to, log, who, false);
    }

    /**
     * Somebody has learnt from others that a log is committed up to there: in which term, he need
     * not know, if anybody else does.
     */
    void learnt(Term term, Lsn from, Lsn to, long[] log, String who) {
        commit(term, from, to, log, who, true);
    }

    private void commit(Term term, Lsn from, Lsn to, long[] log, String who, boolean learnt) {
        for (int i = index(from); i < index(to); i++) {
            int at = i;
            long word = log[i];
            Invariant.ONE_HISTORY.check(
                    word != 0 && (committed[i] == 0 || committed[i] == word),
                    () ->
                            who
                                    + " takes "
                                    + Long.toHexString(word)
                                    + " for committed at "
                                    + new Lsn(8L * at)
                                    + ", and it is "
                                    + Long.toHexString(committed[at]));
            committed[i] = word;
            boolean known = acknowledgedIn[i] != Long.MAX_VALUE;
            if (term.number() < acknowledgedIn[i] && !(learnt && known)) {
                long before = acknowledgedIn[i];
                acknowledgedIn[i] = term.number();
                for (Reign reign : reigns.values()) {
                    if (reign.term.number() > term.number() && reign.term.number() <= before) {
                        checkHolds(reign, i);
                    }
                }
            }
        }
        end = Lsn.max(end, to);
    }

    /** What an acceptor writes must come from who led the term that its history names. */
    void written(TermHistory history, Lsn at, long word, String who) {
        TermStart writer = TermHistory.EMPTY.equals(history) ? null : entryAt(history, at);
        Reign reign = writer == null ? null : reigns.get(writer.term());
        Invariant.ONE_HISTORY.check(
                reign != null && reign.proposer == SimulatedProposer.author(word),
                () -> who + " writes " + Long.toHexString(word) + " at " + at + " in " + history);
    }

    private static TermStart entryAt(TermHistory history, Lsn at) {
        TermStart found = history.entries().getFirst();
        for (TermStart entry : history.entries()) {
            if (!entry.start().isAfter(at)) {
                found = entry;
            }
        }
        return found;
    }

    void adopted(TermHistory history, String who) {
        for (TermStart entry : history.entries()) {
            Reign reign = reigns.get(entry.term());
            Invariant.ONE_HISTORY.check(
                    reign != null && reign.start.equals(entry.start()),
                    () -> who + " has the history " + history + ", wrong at " + entry);
        }
    }

    /** Whether a log is what is committed, up to {@code to}. */
    boolean holds(long[] log, Lsn to) {
        int start = index(SimulatedAcceptor.START);
        return Arrays.equals(committed, start, index(to), log, start, index(to));
    }

    private static int index(Lsn lsn) {
        return SimulatedAcceptor.index(lsn);
    }
}
