package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;

/** From where on a term's proposer wrote. */
public record TermStart(Term term, Lsn start) {
    @Override
    public String toString() {
        return term + "@" + start;
    }
}
