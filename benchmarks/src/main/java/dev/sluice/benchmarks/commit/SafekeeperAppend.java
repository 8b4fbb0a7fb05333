package dev.sluice.benchmarks.commit;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.proposer.ProposerConfig;
import dev.sluice.walservice.proposer.WalProposer;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How much WAL one safekeeper takes in a second, from a proposer in the same process, beside plain
 * sequential writes with a sync as often; and how many commits of many timelines it makes durable
 * at once. In the directory that is its argument.
 */
public final class SafekeeperAppend {
    private static final Configuration ALONE = Configuration.first(List.of(1L));
    private static final Lsn START = new Lsn(WalSegments.SIZE + 40);
    private static final int ROUNDS = 3;

    private final Path directory;
    private int files;

    private SafekeeperAppend(Path directory) {
        this.directory = directory;
    }

    public static void main(String... arguments) throws Exception {
        SafekeeperAppend run = new SafekeeperAppend(Path.of(arguments[0]));
        run.compare("8 KiB a sync", 1, 32 << 20);
        run.compare("1 MiB a sync", 128, 160 << 20);
        for (int timelines : new int[] {1, 4, 16}) {
            run.together(timelines, 24 << 20);
        }
        System.exit(0); // virtual threads of what was closed may still be about
    }

    private void compare(String what, int recordsPerSync, int bytes) throws IOException {
        SequentialWal wal = new SequentialWal(START, bytes);
        append(wal, recordsPerSync); // warms up
        List<Double> ours = new ArrayList<>();
        List<Double> plain = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            plain.add(write(bytes, recordsPerSync * WalSegments.PAGE_SIZE));
            ours.add(append(wal, recordsPerSync));
        }
        double median = median(plain);
        System.out.printf(
                "%-14s sequential writes %7.1f MB/s   safekeeper %7.1f MB/s   of it %.2f%n",
                what, median, median(ours), median(ours) / median);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static double megabytes(long bytes, long nanos) {
        return bytes / 1e6 / (nanos / 1e9);
    }

    /** Growing files of a segment's size, as {@code dd oflag=dsync} writes. */
    private double write(int bytes, int piece) throws IOException {
        byte[] contents = new byte[piece];
        new Random(1).nextBytes(contents);
        long begun = System.nanoTime();
        List<Path> written = new ArrayList<>();
        for (int file = 0; file * (long) WalSegments.SIZE < bytes; file++) {
            Path path = directory.resolve("plain" + files++);
            written.add(path);
            try (FileChannel channel =
                    FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                for (int at = 0; at < WalSegments.SIZE; at += piece) {
                    ByteBuffer rest = ByteBuffer.wrap(contents);
                    while (rest.hasRemaining()) {
                        channel.write(rest);
                    }
                    channel.force(false);
                }
            }
        }
        double speed =
                megabytes(written.size() * (long) WalSegments.SIZE, System.nanoTime() - begun);
        for (Path path : written) {
            Files.delete(path);
        }
        return speed;
    }

    private Safekeeper safekeeper() throws IOException {
        int number = files++;
        return Safekeeper.start(
                new SafekeeperConfig(
                        1,
                        directory.resolve("sk" + number),
                        new PartAddress.Unix(directory.resolve(number + ".sock"))));
    }

    private static WalProposer proposer(Safekeeper safekeeper, SequentialWal wal)
            throws IOException {
        TenantTimelineId id = new TenantTimelineId(TenantId.random(), TimelineId.random());
        new SafekeeperClient(safekeeper.address())
                .createTimeline(id, SequentialWal.SYSTEM, SequentialWal.MAJOR, ALONE, START);
        ProposerConfig config =
                new ProposerConfig(
                        id,
                        SequentialWal.MAJOR,
                        SequentialWal.SYSTEM,
                        ALONE,
                        _ -> safekeeper.address(),
                        Duration.ofSeconds(20));
        return WalProposer.elect(config, wal);
    }

    private double append(SequentialWal wal, int recordsPerSync) throws IOException {
        try (Safekeeper safekeeper = safekeeper();
                WalProposer proposer = proposer(safekeeper, wal)) {
            long begun = System.nanoTime();
            flush(wal, proposer, recordsPerSync);
            return megabytes(wal.ends().getLast().minus(START), System.nanoTime() - begun);
        }
    }

    private static void flush(SequentialWal wal, WalProposer proposer, int recordsPerSync)
            throws IOException {
        List<Lsn> ends = wal.ends();
        for (int i = recordsPerSync - 1; i < ends.size(); i += recordsPerSync) {
            proposer.flush(ends.get(i));
        }
        proposer.flush(ends.getLast());
    }

    /** Commits of 8 KiB on many timelines of one safekeeper. */
    private void together(int timelines, int bytes) throws Exception {
        SequentialWal wal = new SequentialWal(START, bytes / timelines);
        List<Double> commits = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            try (Safekeeper safekeeper = safekeeper();
                    ExecutorService threads = Executors.newCachedThreadPool()) {
                List<WalProposer> proposers = new ArrayList<>();
                for (int i = 0; i < timelines; i++) {
                    proposers.add(proposer(safekeeper, wal));
                }
                long begun = System.nanoTime();
                awaitAll(
                        proposers.stream()
                                .<Future<?>>map(proposer ->
                                        threads.submit(() -> {
                                            flush(wal, proposer, 1);
                                            return null;
                                        }))
                                .toList());
                long nanos = System.nanoTime() - begun;
                commits.add(wal.ends().size() * (double) timelines / (nanos / 1e9));
                for (WalProposer proposer : proposers) {
                    proposer.close();
                }
            }
        }
        System.out.printf(
                "%2d timelines   %7.0f commits/s   %.3f ms each%n",
                timelines, median(commits), 1000 * timelines / median(commits));
    }

    private static void awaitAll(List<Future<?>> futures)
            throws ExecutionException, InterruptedException {
        for (Future<?> future : futures) {
            future.get();
        }
    }
}
