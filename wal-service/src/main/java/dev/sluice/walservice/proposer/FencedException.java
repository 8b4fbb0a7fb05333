package dev.sluice.walservice.proposer;

import dev.sluice.walservice.timeline.Term;
import java.io.IOException;

/**
 * A newer proposer has won the timeline: this one can never make anything durable again, and its
 * compute must stop.
 */
public final class FencedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final long newer;

    public FencedException(Term own, Term newer) {
        super("fenced: term " + own + " is over, a safekeeper has seen term " + newer);
        this.newer = newer.number();
    }

    public Term newer() {
        return new Term(newer);
    }
}
