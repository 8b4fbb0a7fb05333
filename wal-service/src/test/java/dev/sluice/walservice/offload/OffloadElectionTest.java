package dev.sluice.walservice.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.offload.OffloadElection.Candidate;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class OffloadElectionTest {
    private static final Lsn COMMIT = new Lsn(1L << 32);

    @Test
    void allElectTheSameInWhateverOrderTheySeeEachOther() {
        Random random = new Random(5);
        for (int i = 0; i < 100; i++) {
            TimelineId timeline = new TimelineId(0, random.nextLong());
            List<Candidate> candidates = new ArrayList<>(three());
            long elected = OffloadElection.elect(timeline, candidates);
            Collections.shuffle(candidates, random);
            assertThat(OffloadElection.elect(timeline, candidates)).isEqualTo(elected);
        }
    }

    @Test
    void timelinesAreSpread() {
        assertThat(List.of(0L, 1L, 2L, -1L))
                .extracting(low -> OffloadElection.elect(new TimelineId(9, low), three()))
                .containsExactly(1L, 2L, 3L, 1L);
    }

    @Test
    void oneThatLagsOrIsAwayIsLeftOut() {
        Candidate lagging = new Candidate(1, COMMIT.plus(-OffloadElection.MOST_LAG - 1));
        Candidate almost = new Candidate(1, COMMIT.plus(-OffloadElection.MOST_LAG));
        Candidate other = new Candidate(2, COMMIT);
        TimelineId timeline = new TimelineId(0, 0);
        assertThat(OffloadElection.elect(timeline, List.of(lagging, other))).isEqualTo(2);
        assertThat(OffloadElection.elect(timeline, List.of(almost, other))).isEqualTo(1);
        assertThat(OffloadElection.elect(timeline, List.of(lagging))).isEqualTo(1);
    }

    private static List<Candidate> three() {
        return List.of(
                new Candidate(3, COMMIT), new Candidate(1, COMMIT), new Candidate(2, COMMIT));
    }
}
