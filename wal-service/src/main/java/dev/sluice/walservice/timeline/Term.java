package dev.sluice.walservice.timeline;

/**
 * The number of a proposer's reign over a timeline. Each compute wins a higher one before it
 * writes; a safekeeper obeys only the highest that it has seen. Zero: no proposer yet.
 */
public record Term(long number) implements Comparable<Term> {
    public static final Term NONE = new Term(0);

    public Term {
        if (number < 0) {
            throw new IllegalArgumentException("negative term: " + number);
        }
    }

    public Term next() {
        return new Term(Math.addExact(number, 1));
    }

    @Override
    public int compareTo(Term other) {
        return Long.compare(number, other.number);
    }

    @Override
    public String toString() {
        return Long.toString(number);
    }
}
