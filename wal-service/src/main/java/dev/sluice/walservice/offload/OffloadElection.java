package dev.sluice.walservice.offload;

import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.util.Comparator;
import java.util.List;

/**
 * Who of the safekeepers brings a timeline's WAL to the object store: each works it out from what
 * it sees of the others, and where they see different things, two do it, which harms nobody. The
 * timelines are spread over those that are caught up.
 */
public final class OffloadElection {
    /** One that knows of so much less committed WAL than another leaves it to that one. */
    public static final long MOST_LAG = 128L << 20;

    private OffloadElection() {}

    /**
     * @param node the safekeeper's number
     */
    public record Candidate(long node, Lsn commit) {}

    /**
     * @param candidates those that are there, at least one, in any order
     * @return the elected one's number
     */
    public static long elect(TimelineId timeline, List<Candidate> candidates) {
        Lsn furthest =
                candidates.stream()
                        .map(Candidate::commit)
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
        List<Long> caughtUp =
                candidates.stream()
                        .filter(c -> furthest.minus(c.commit) <= MOST_LAG)
                        .map(Candidate::node)
                        .sorted()
                        .toList();
        return caughtUp.get((int) Long.remainderUnsigned(timeline.low(), caughtUp.size()));
    }
}
