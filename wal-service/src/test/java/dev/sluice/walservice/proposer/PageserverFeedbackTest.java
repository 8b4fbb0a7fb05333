package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.Lsn;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a pageserver says of itself reaches everyone who is to know it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PageserverFeedbackTest {
    private static final Lsn INGESTED = Fleet.START.plus(4000);

    @TempDir Path directory;

    @Test
    void goesFromOneSafekeeperToItsPeersAndToTheProposer() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3);
                WalProposer proposer =
                        WalProposer.elect(fleet.config(), new SyntheticWal(Fleet.START, 1));
                WalStream stream = fleet.client(0).stream(fleet.id, Fleet.START)) {
            assertThat(proposer.flushStatus().pageserver()).isEqualTo(PageserverFeedback.NONE);
            PageserverFeedback told =
                    new PageserverFeedback(INGESTED, Fleet.START, 1_700_000_000_000_000L);
            stream.tell(told);
            await().until(() -> proposer.flushStatus().pageserver().equals(told));
            for (int i = 0; i < 3; i++) {
                int safekeeper = i;
                await().until(() ->
                        fleet.client(safekeeper).status(fleet.id).feedback().equals(told));
            }
        }
    }

    /** One that went back, as after a restart, counts. */
    @Test
    void whatWasSaidLastCounts() throws Exception {
        try (Fleet fleet = new Fleet(directory, 1);
                WalStream stream = fleet.client(0).stream(fleet.id, Fleet.START)) {
            PageserverFeedback late = new PageserverFeedback(Fleet.START, Fleet.START, 20);
            stream.tell(new PageserverFeedback(INGESTED, INGESTED, 10));
            stream.tell(late);
            await().until(() -> fleet.client(0).status(fleet.id).feedback().equals(late));
            try (WalProposer proposer =
                    WalProposer.elect(fleet.config(), new SyntheticWal(Fleet.START, 1))) {
                await().until(() -> proposer.flushStatus().pageserver().equals(late));
            }
        }
    }

    /** Commits would wait for a pageserver that keeps up, until its clock is as far as it was. */
    @Test
    void aClockThatIsPutBackHidesNothing() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3);
                WalProposer proposer =
                        WalProposer.elect(fleet.config(), new SyntheticWal(Fleet.START, 1));
                WalStream stream = fleet.client(0).stream(fleet.id, Fleet.START)) {
            stream.tell(new PageserverFeedback(Fleet.START, Fleet.START, 1_000_000));
            await().until(() -> fleet.client(1).status(fleet.id).feedback().isKnown());
            stream.tell(new PageserverFeedback(INGESTED, Fleet.START, 10));
            await().until(() -> proposer.flushStatus().pageserver().ingested().equals(INGESTED));
            for (int i = 0; i < 3; i++) {
                int safekeeper = i;
                await().until(() ->
                        fleet.client(safekeeper)
                                .status(fleet.id)
                                .feedback()
                                .ingested()
                                .equals(INGESTED));
            }
            try (WalStream other = fleet.client(1).stream(fleet.id, Fleet.START)) {
                Lsn further = INGESTED.plus(8);
                other.tell(new PageserverFeedback(further, Fleet.START, 20));
                await().until(() -> proposer.flushStatus().pageserver().ingested().equals(further));
            }
        }
    }

    @Test
    void afterARestartASafekeeperHearsItFromItsPeers() throws Exception {
        try (Fleet fleet = Fleet.ofPeers(directory, 3);
                WalStream stream = fleet.client(0).stream(fleet.id, Fleet.START)) {
            PageserverFeedback told = new PageserverFeedback(INGESTED, Fleet.START, 10);
            stream.tell(told);
            await().until(() -> fleet.client(2).status(fleet.id).feedback().equals(told));
            fleet.restart(2);
            await().until(() -> fleet.client(2).status(fleet.id).feedback().equals(told));
        }
    }
}
