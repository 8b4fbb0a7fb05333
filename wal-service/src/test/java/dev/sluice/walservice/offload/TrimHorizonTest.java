package dev.sluice.walservice.offload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.offload.TrimHorizon.Peer;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TrimHorizonTest {
    private static final long PATIENCE = 60;
    private static final Lsn START = at(2, 4000);
    private static final Lsn COMMIT = at(20, 5000);
    private static final List<Peer> CAUGHT_UP = List.of(new Peer(true, COMMIT, 0));

    private static Lsn at(long segment, int offset) {
        return WalSegments.segmentStart(segment).plus(offset);
    }

    @Test
    void isTheLeastOfWhatIsOffloadedIngestedAndCopied() {
        assertThat(of(at(9, 0), at(12, 77), CAUGHT_UP)).isEqualTo(at(9, 0));
        assertThat(of(at(9, 0), at(7, 77), CAUGHT_UP)).isEqualTo(at(7, 0));
        assertThat(of(at(9, 0), at(12, 77), List.of(new Peer(true, at(5, 1), 0))))
                .isEqualTo(at(5, 0));
        assertThat(
                        of(
                                at(9, 0),
                                at(12, 77),
                                List.of(new Peer(true, at(8, 1), 59), new Peer(true, COMMIT, 0))))
                .isEqualTo(at(8, 0));
    }

    @Test
    void nothingGoesWhileAnyOfThemIsNotKnown() {
        assertThat(of(Lsn.INVALID, COMMIT, CAUGHT_UP)).isEqualTo(START);
        assertThat(of(at(9, 0), Lsn.INVALID, CAUGHT_UP)).isEqualTo(START);
        assertThat(of(at(9, 0), COMMIT, List.of(new Peer(false, Lsn.INVALID, PATIENCE))))
                .isEqualTo(START);
    }

    @Test
    void oneThatIsSilentForLongIsNotWaitedFor() {
        List<Peer> away =
                List.of(
                        new Peer(true, at(3, 0), PATIENCE + 1),
                        new Peer(false, Lsn.INVALID, PATIENCE + 1));
        assertThat(of(at(9, 0), at(12, 77), away)).isEqualTo(at(9, 0));
    }

    @Test
    void theSegmentInWhichCommittedWalEndsStays() {
        Lsn boundary = at(20, 0);
        assertThat(
                        TrimHorizon.of(
                                START,
                                boundary,
                                boundary,
                                boundary,
                                List.of(new Peer(true, boundary, 0)),
                                PATIENCE))
                .isEqualTo(at(19, 0));
    }

    @Test
    void neverGoesBack() {
        assertThat(TrimHorizon.of(at(11, 0), at(9, 0), at(9, 0), COMMIT, CAUGHT_UP, PATIENCE))
                .isEqualTo(at(11, 0));
    }

    private static Lsn of(Lsn offloaded, Lsn ingested, List<Peer> peers) {
        return TrimHorizon.of(START, offloaded, ingested, COMMIT, peers, PATIENCE);
    }
}
