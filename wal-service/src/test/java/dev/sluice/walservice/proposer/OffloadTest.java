package dev.sluice.walservice.proposer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.client.WalChunk;
import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import dev.sluice.walservice.objectstore.TestS3;
import dev.sluice.walservice.safekeeper.OffloadConfig;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** WAL goes to the object store and from the safekeepers' disks, and can be read all the same. */
@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class OffloadTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final long FIRST = WalSegments.segmentOf(Fleet.START);

    @TempDir Path directory;

    @Test
    @DisplayName("test_wal_backup")
    void wholeSegmentsGetToTheObjectStoreAndAreReadFromThere() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 3, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 41);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0, 1, 2);
            assertThat(objects(fleet))
                    .containsExactly(WalSegments.fileName(FIRST), WalSegments.fileName(FIRST + 1));
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            for (int safekeeper = 0; safekeeper < 3; safekeeper++) {
                assertReadsAll(fleet, safekeeper, wal);
                fleet.restart(safekeeper);
                assertReadsAll(fleet, safekeeper, wal);
            }
        }
    }

    @Test
    @DisplayName("test_wal_backup, S3")
    void withS3() throws Exception {
        try (TestS3 s3 = new TestS3();
                Fleet fleet =
                        Fleet.offloading(
                                directory,
                                3,
                                OffloadConfig.to(ObjectStoreAddress.parse(s3.address("a/b"))))) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 42);
            writeSegments(fleet, wal, 2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            fleet.loseDisk(1);
            awaitWhole(fleet, 1, wal);
            assertReadsAll(fleet, 1, wal);
        }
    }

    @Test
    @DisplayName("test_wal_removal")
    void walIsRemovedOnlyWhenItIsOffloadedAndIngestedAndCopied() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 3, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 43);
            fleet.stop(2);
            writeSegments(fleet, wal, 3);
            awaitOffloaded(fleet, wal, 0, 1);
            Lsn ingested = WalSegments.segmentStart(FIRST + 2).plus(100);
            pageserverHas(fleet, 0, ingested);
            await().during(Duration.ofMillis(2500))
                    .until(() -> status(fleet, 0).localStart().equals(Fleet.START));

            fleet.restart(2); // it was the slower peer
            awaitWhole(fleet, 2, wal);
            awaitLocalStart(fleet, WalSegments.segmentStart(ingested), 0, 1, 2);
            assertThat(segments(fleet, 0))
                    .containsExactly(
                            WalSegments.fileName(FIRST + 2), WalSegments.fileName(FIRST + 3));

            hideObjects(fleet);
            pageserverHas(fleet, 1, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            assertThat(objects(fleet))
                    .as("what was lost there and still was here")
                    .containsExactly(WalSegments.fileName(FIRST + 2));
        }
    }

    @Test
    void whoPacksSegmentsDoesNotHoldUpVirtualThreads() throws Exception {
        try (Fleet _ = Fleet.offloading(directory, 1, config())) {
            assertThat(Thread.getAllStackTraces().keySet())
                    .as("platform threads")
                    .extracting(Thread::getName)
                    .contains("safekeeper-1-offload");
        }
    }

    @Test
    void aReaderGoesOnWhileWalIsRemovedUnderIt() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 54);
            writeSegments(fleet, wal, 2);
            ByteBuffer got = ByteBuffer.allocate((int) wal.end().minus(Fleet.START));
            try (WalStream stream = fleet.client(0).stream(fleet.id, Fleet.START)) {
                got.put(stream.next().wal());
                pageserverHas(fleet, 0, wal.end());
                awaitTrimmed(fleet, wal, 0);
                while (got.hasRemaining()) {
                    got.put(stream.next().wal());
                }
            }
            assertThat(Arrays.mismatch(got.array(), wal.bytes(Fleet.START, wal.end())))
                    .isEqualTo(-1);
        }
    }

    @Test
    void oneThatIsAwayForLongIsNotWaitedForAndCatchesUpFromTheObjectStore() throws Exception {
        OffloadConfig impatient = new OffloadConfig(config().store(), Duration.ZERO, 2);
        try (Fleet fleet = Fleet.offloading(directory, 3, impatient)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 44);
            fleet.stop(2);
            writeSegments(fleet, wal, 3);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1);
            fleet.restart(2);
            awaitWhole(fleet, 2, wal);
            assertReadsAll(fleet, 2, wal);
        }
    }

    @Test
    void oneThatLostItsDiskRejoinsFromPeersAndObjectStoreAndVotesAgain() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 3, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 45);
            writeSegments(fleet, wal, 2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            fleet.loseDisk(2);
            awaitWhole(fleet, 2, wal);
            assertThat(status(fleet, 2).localStart())
                    .as("it did not copy what its peers have removed")
                    .isEqualTo(status(fleet, 0).localStart());
            assertReadsAll(fleet, 2, wal);

            fleet.stop(0); // with one that does not know what it has promised there is no quorum
            assertThatThrownBy(() -> WalProposer.elect(fleet.config(Duration.ofMillis(500)), wal))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no quorum");
            fleet.restart(0);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                wal.append(1000);
                proposer.flush(wal.writtenUpTo());
                awaitWhole(fleet, 2, wal);
            }
            fleet.stop(0);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                wal.append(1000);
                proposer.flush(wal.writtenUpTo());
            }
            assertReadsAll(fleet, 2, wal);
        }
    }

    @Test
    void oneThatLostItsDiskIsFilledByARunningProposer() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 3, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 46);
            writeSegments(fleet, wal, 2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
                wal.append(1000);
                proposer.flush(wal.writtenUpTo());
                fleet.loseDisk(1);
                wal.append(1000);
                proposer.flush(wal.writtenUpTo());
                awaitWhole(fleet, 1, wal);
            }
            assertReadsAll(fleet, 1, wal);
        }
    }

    @Test
    void aDamagedSegmentIsRepairedFromTheObjectStore() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 47);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0);
            for (int i = 0; i < 3; i++) {
                Lsn at = Fleet.START.plus(7_000_000L * i);
                Path segment =
                        fleet.timelineDirectory(0)
                                .resolve(WalSegments.fileName(WalSegments.segmentOf(at)));
                flip(segment, WalSegments.segmentOffset(at));
                assertThatThrownBy(() -> fleet.client(0).read(fleet.id, at, at.plus(10)))
                        .isInstanceOf(SafekeeperException.class)
                        .hasMessageContaining(segment.toString());
                await().atMost(SOON)
                        .ignoreExceptionsInstanceOf(SafekeeperException.class)
                        .untilAsserted(() -> assertReadsAll(fleet, 0, wal));
            }
        }
    }

    @Test
    void aDamagedControlFileIsMadeAnewFromPeersAndObjectStore() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 3, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 55);
            writeSegments(fleet, wal, 2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            fleet.stop(1);
            flip(fleet.timelineDirectory(1).resolve("control"), 20);
            fleet.restart(1);
            awaitWhole(fleet, 1, wal);
            assertReadsAll(fleet, 1, wal);
        }
    }

    @Test
    void aDamagedObjectIsNeverServedAndIsWrittenAgainByOneThatHasTheWal() throws Exception {
        OffloadConfig impatient = new OffloadConfig(config().store(), Duration.ZERO, 1);
        try (Fleet fleet = Fleet.offloading(directory, 2, impatient)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 48);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0, 1);
            fleet.stop(1); // before it can remove anything
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0);
            Path object = objectDirectory(fleet).resolve(WalSegments.fileName(FIRST));
            byte[] right = Files.readAllBytes(object);
            flip(object, right.length / 2);
            Lsn some = Fleet.START.plus(100);
            assertThatThrownBy(() -> fleet.client(0).read(fleet.id, Fleet.START, some))
                    .isInstanceOf(SafekeeperException.class)
                    .hasMessageContaining(object.toString());
            fleet.restart(1);
            assertReadsAll(fleet, 0, wal);
            assertThat(object).hasBinaryContent(right);
        }
    }

    @Test
    void aDamagedObjectIsWrittenAgainByOneThatJoinedLater() throws Exception {
        OffloadConfig impatient = new OffloadConfig(config().store(), Duration.ZERO, 1);
        try (Fleet fleet = Fleet.offloading(directory, 3, 2, impatient)) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 56);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0, 1, 2);
            fleet.stop(2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1);
            Path object = objectDirectory(fleet).resolve(WalSegments.fileName(FIRST));
            byte[] right = Files.readAllBytes(object);
            flip(object, right.length / 2);
            fleet.restart(2);
            await().atMost(SOON)
                    .ignoreExceptionsInstanceOf(SafekeeperException.class)
                    .untilAsserted(() -> assertReadsAll(fleet, 0, wal));
            assertThat(object).hasBinaryContent(right);
        }
    }

    @Test
    void nothingIsRemovedThatTheObjectStoreHoldsOtherwise() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 49);
            SyntheticWal other = new SyntheticWal(Fleet.START, 50);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0);
            try (Fleet elsewhere =
                    Fleet.offloading(Files.createDirectory(directory.resolve("x")), 1, other())) {
                writeSegments(elsewhere, other, 2);
                awaitOffloaded(elsewhere, other, 0);
                // Another timeline's object, in the place of the first.
                Files.write(
                        objectDirectory(fleet).resolve(WalSegments.fileName(FIRST)),
                        Files.readAllBytes(
                                directory
                                        .resolve("other/wal")
                                        .resolve(elsewhere.id.toString())
                                        .resolve(WalSegments.fileName(FIRST))));
            }
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0);
            assertReadsAll(fleet, 0, wal);
        }
    }

    @Test
    void whatACrashLeftOfRemovingIsDoneAndAnUploadIsNotDoneTwice() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 51);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0);
            Path object = objectDirectory(fleet).resolve(WalSegments.fileName(FIRST));
            var written = Files.getLastModifiedTime(object);
            Path first = fleet.timelineDirectory(0).resolve(WalSegments.fileName(FIRST));
            Path sums = first.resolveSibling(first.getFileName() + ".sums");
            byte[] segment = Files.readAllBytes(first);
            byte[] sumsThen = Files.readAllBytes(sums);

            // Uploaded, and killed before that was written down.
            fleet.stop(0);
            Files.delete(fleet.timelineDirectory(0).resolve("offload"));
            fleet.restart(0);
            awaitOffloaded(fleet, wal, 0);
            assertThat(Files.getLastModifiedTime(object)).isEqualTo(written);

            // Removal written down, and killed before it was done.
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0);
            fleet.stop(0);
            Files.write(first, segment);
            Files.write(sums, sumsThen);
            fleet.restart(0);
            assertReadsAll(fleet, 0, wal);
            assertThat(first).doesNotExist();
            assertThat(sums).doesNotExist();
        }
    }

    @Test
    void aDamagedOffloadFileIsMadeAnew() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 52);
            writeSegments(fleet, wal, 2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0);
            Lsn localStart = status(fleet, 0).localStart();
            Path file = fleet.timelineDirectory(0).resolve("offload");
            for (int at = 0; at < Files.size(file); at++) {
                fleet.stop(0);
                flip(file, at);
                fleet.restart(0);
                assertThat(status(fleet, 0).localStart()).as("byte %d", at).isEqualTo(localStart);
            }
            assertReadsAll(fleet, 0, wal);
        }
    }

    @Test
    void theObjectsOfADeletedTimelineAreRemovedAlsoAfterACrash() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 53);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0);
            fleet.client(0).deleteTimeline(fleet.id);
            fleet.restart(0);
            await().atMost(SOON).until(() -> !Files.exists(objectDirectory(fleet)));
        }
    }

    @Test
    void aSafekeeperStartsAndTakesWalWithoutItsObjectStore() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 58);
            writeSegments(fleet, wal, 1);
            awaitOffloaded(fleet, wal, 0);
            Path folder = directory.resolve("objects");
            Path away = directory.resolve("away");
            Files.move(folder, away);
            fleet.restart(0);
            writeSegments(fleet, wal, 2);
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(status(fleet, 0).offload().failure())
                                    .contains(folder + " is not there"));
            assertThat(folder).doesNotExist();
            Files.move(away, folder);
            awaitOffloaded(fleet, wal, 0);
        }
    }

    @Test
    void whatIsStrangeAmongADeletedTimelinesObjectsKeepsNoOtherFromTheObjectStore()
            throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 1, config())) {
            TenantTimelineId other = new TenantTimelineId(fleet.id.tenant(), TimelineId.random());
            fleet.client(0)
                    .createTimeline(other, Fleet.SYSTEM, 17, fleet.configuration, Fleet.START);
            Path strange =
                    directory.resolve("objects/wal").resolve(other.toString()).resolve("1 (copy)");
            Files.createDirectories(strange.getParent());
            Files.createFile(strange);
            fleet.client(0).deleteTimeline(other);

            awaitObjectsRemovedOfDeleted(fleet, 0);
            awaitObjectsRemovedOfDeleted(fleet, 0);
            SyntheticWal wal = new SyntheticWal(Fleet.START, 57);
            writeSegments(fleet, wal, 2);
            awaitOffloaded(fleet, wal, 0);
        }
    }

    @Test
    void whoLeavesATimelineLeavesItsObjectsToTheOthers() throws Exception {
        try (Fleet fleet = Fleet.offloading(directory, 3, config())) {
            SyntheticWal wal = new SyntheticWal(Fleet.START, 54);
            writeSegments(fleet, wal, 2);
            pageserverHas(fleet, 0, wal.end());
            awaitTrimmed(fleet, wal, 0, 1, 2);
            fleet.client(0).leaveTimeline(fleet.id);
            assertThat(fleet.timelineDirectory(0)).doesNotExist();
            fleet.restart(0);
            awaitObjectsRemovedOfDeleted(fleet, 0);
            awaitObjectsRemovedOfDeleted(fleet, 0);
            assertReadsAll(fleet, 1, wal);
            assertThat(fleet.client(0).timelines()).isEmpty();
        }
    }

    /** Of all that were deleted there before this is called. */
    private static void awaitObjectsRemovedOfDeleted(Fleet fleet, int safekeeper)
            throws IOException {
        TenantTimelineId other = new TenantTimelineId(fleet.id.tenant(), TimelineId.random());
        SafekeeperClient client = fleet.client(safekeeper);
        client.createTimeline(other, Fleet.SYSTEM, 17, fleet.configuration, Fleet.START);
        client.deleteTimeline(other);
        Path mark = fleet.timelineDirectory(safekeeper).resolveSibling(other.timeline() + ".gone");
        await().atMost(SOON).until(() -> Files.size(mark) > 0);
    }

    // ----

    private OffloadConfig config() {
        return OffloadConfig.to(new ObjectStoreAddress.Folder(directory.resolve("objects")));
    }

    private OffloadConfig other() {
        return OffloadConfig.to(new ObjectStoreAddress.Folder(directory.resolve("other")));
    }

    /** Fills so many segments, and some of the next. */
    private static void writeSegments(Fleet fleet, SyntheticWal wal, int segments)
            throws IOException {
        Lsn end = WalSegments.segmentStart(FIRST + segments).plus(100_000);
        try (WalProposer proposer = WalProposer.elect(fleet.config(), wal)) {
            while (wal.end().isBefore(end)) {
                wal.append(700_000);
                proposer.flush(wal.writtenUpTo());
            }
            // Each append says what is committed before it: one that is alone hears it no other
            // way.
            for (int i = 0; i < 3; i++) {
                wal.append(1000);
                proposer.flush(wal.writtenUpTo());
            }
        }
    }

    private static TimelineStatus status(Fleet fleet, int safekeeper) throws IOException {
        return fleet.client(safekeeper).status(fleet.id);
    }

    private static void awaitOffloaded(Fleet fleet, SyntheticWal wal, int... safekeepers) {
        for (int safekeeper : safekeepers) {
            await().atMost(SOON)
                    .until(() ->
                            status(fleet, safekeeper)
                                    .offloaded()
                                    .equals(WalSegments.segmentStart(wal.end())));
        }
    }

    private static void awaitTrimmed(Fleet fleet, SyntheticWal wal, int... safekeepers) {
        awaitLocalStart(fleet, WalSegments.segmentStart(wal.end()), safekeepers);
    }

    private static void awaitLocalStart(Fleet fleet, Lsn wanted, int... safekeepers) {
        for (int safekeeper : safekeepers) {
            await().atMost(SOON).until(() -> status(fleet, safekeeper).localStart().equals(wanted));
        }
    }

    private static void awaitWhole(Fleet fleet, int safekeeper, SyntheticWal wal) {
        await().atMost(SOON)
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> status(fleet, safekeeper).commit().equals(wal.end()));
    }

    /** What a pageserver would say that has made WAL durable in its own form. */
    private static void pageserverHas(Fleet fleet, int safekeeper, Lsn durable) throws Exception {
        try (WalStream stream = fleet.client(safekeeper).stream(fleet.id, durable)) {
            stream.tell(
                    new PageserverFeedback(
                            durable, durable, TimeUnit.NANOSECONDS.toMicros(System.nanoTime())));
            await().atMost(SOON)
                    .until(() -> status(fleet, safekeeper).feedback().durable().equals(durable));
        }
    }

    private static void assertReadsAll(Fleet fleet, int safekeeper, SyntheticWal wal)
            throws IOException {
        byte[] right = wal.bytes(Fleet.START, wal.end());
        SafekeeperClient client = fleet.client(safekeeper);
        ByteBuffer got = ByteBuffer.allocate(right.length);
        while (got.hasRemaining()) {
            Lsn from = Fleet.START.plus(got.position());
            Lsn to = Lsn.min(wal.end(), from.plus(SafekeeperClient.MAX_READ));
            got.put(client.read(fleet.id, from, to));
        }
        assertThat(Arrays.mismatch(got.array(), right)).isEqualTo(-1);
        got.clear();
        try (WalStream stream = client.stream(fleet.id, Fleet.START)) {
            while (got.hasRemaining()) {
                WalChunk chunk = stream.next();
                got.put(chunk.wal());
            }
        }
        assertThat(Arrays.mismatch(got.array(), right)).isEqualTo(-1);
    }

    private Path objectDirectory(Fleet fleet) {
        return directory.resolve("objects/wal").resolve(fleet.id.toString());
    }

    private List<String> objects(Fleet fleet) throws IOException {
        return names(objectDirectory(fleet), "");
    }

    private static List<String> segments(Fleet fleet, int safekeeper) throws IOException {
        return names(fleet.timelineDirectory(safekeeper), "0");
    }

    private static List<String> names(Path of, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix) && !name.endsWith(".sums"))
                    .sorted()
                    .toList();
        }
    }

    private void hideObjects(Fleet fleet) throws IOException {
        for (String name : objects(fleet)) {
            Files.delete(objectDirectory(fleet).resolve(name));
        }
    }

    private static void flip(Path file, int offset) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, offset);
            one.put(0, (byte) (one.get(0) ^ 0x10)).rewind();
            channel.write(one, offset);
        }
    }
}
