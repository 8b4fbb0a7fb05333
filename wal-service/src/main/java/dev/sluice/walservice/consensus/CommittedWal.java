package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What acceptors' reports show to be committed, whether any of them was told or not: a proposer
 * knows of a commit, and whoever waits for it, some milliseconds before they do.
 */
public final class CommittedWal {
    private CommittedWal() {}

    /**
     * Up to where WAL is committed.
     *
     * @param reports at least one; from a quorum and more, if nothing that was acknowledged is to
     *     be missed
     */
    public static Lsn end(Configuration configuration, List<PeerReport> reports) {
        Term last =
                reports.stream()
                        .map(PeerReport::lastLogTerm)
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
        return Lsn.max(told(reports), held(last, configuration, reports));
    }

    /** The highest that any was told. */
    static Lsn told(List<PeerReport> reports) {
        return reports.stream()
                .map(PeerReport::commit)
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    /**
     * What a quorum has of a term without having heard of a later one, or of another configuration;
     * {@link Lsn#INVALID} if none has.
     */
    static Lsn held(Term term, Configuration configuration, List<PeerReport> reports) {
        if (term.equals(Term.NONE) || configuration.isUnset()) {
            return Lsn.INVALID;
        }
        Map<Long, Lsn> ends = new HashMap<>();
        for (PeerReport each : reports) {
            if (each.term().equals(term)
                    && each.lastLogTerm().equals(term)
                    && each.configuration().equals(configuration)) {
                ends.put(each.nodeId(), each.flush());
            }
        }
        return configuration.quorumHolds(node -> ends.getOrDefault(node, Lsn.INVALID));
    }
}
