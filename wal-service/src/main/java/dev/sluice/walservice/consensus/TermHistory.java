package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which term wrote which part of a log: each entry's term from its start up to the next entry's,
 * the last one's up to the log's end. Terms rise strictly, starts never fall (a proposer may have
 * been elected and written nothing). A term has one proposer, which begins at one position; so logs
 * in which a term occurs agree from the log's beginning to where it ends in the shorter.
 */
public record TermHistory(List<TermStart> entries) {
    public static final TermHistory EMPTY = new TermHistory(List.of());

    /** Far more elections than one stretch of untrimmed WAL sees. */
    public static final int MAX_ENTRIES = 1 << 20;

    /**
     * @throws IllegalArgumentException if terms do not rise or starts fall
     */
    public TermHistory {
        entries = List.copyOf(entries);
        for (int i = 1; i < entries.size(); i++) {
            TermStart before = entries.get(i - 1);
            TermStart entry = entries.get(i);
            if (entry.term().compareTo(before.term()) <= 0
                    || entry.start().isBefore(before.start())) {
                throw new IllegalArgumentException(
                        "term history out of order: " + before + " then " + entry);
            }
        }
    }

    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /** The last entry's term, {@link Term#NONE} if there is none. */
    public Term lastTerm() {
        return entries.isEmpty() ? Term.NONE : entries.getLast().term();
    }

    /**
     * The history of this log cut off at {@code end}. A term that begins just there stays: the log
     * agreed to it.
     */
    public TermHistory upTo(Lsn end) {
        int kept = entries.size();
        while (kept > 0 && entries.get(kept - 1).start().isAfter(end)) {
            kept--;
        }
        return kept == entries.size() ? this : new TermHistory(entries.subList(0, kept));
    }

    /**
     * With one more term on top.
     *
     * @throws IllegalArgumentException if it is not above the last, or begins before it
     */
    public TermHistory with(Term term, Lsn start) {
        List<TermStart> longer = new ArrayList<>(entries);
        longer.add(new TermStart(term, start));
        return new TermHistory(longer);
    }

    /**
     * Up to where a log with this history, to which a proposer is still adding, equals another.
     *
     * @param other the other log's history
     * @param otherEnd the other log's end
     * @return null if the histories have no term in common
     */
    public @Nullable Lsn divergence(TermHistory other, Lsn otherEnd) {
        List<TermStart> theirs = other.upTo(otherEnd).entries;
        int common = -1;
        int most = Math.min(entries.size(), theirs.size());
        while (common + 1 < most && entries.get(common + 1).equals(theirs.get(common + 1))) {
            common++;
        }
        if (common < 0) {
            return null;
        }
        Lsn theirEnd = common + 1 < theirs.size() ? theirs.get(common + 1).start() : otherEnd;
        return common + 1 < entries.size()
                ? Lsn.min(theirEnd, entries.get(common + 1).start())
                : theirEnd;
    }

    @Override
    public String toString() {
        return entries.toString();
    }
}
