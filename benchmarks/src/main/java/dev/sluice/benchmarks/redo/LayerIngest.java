package dev.sluice.benchmarks.redo;

import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.timeline.LayerStore;
import dev.sluice.storage.timeline.Timeline;
import dev.sluice.storage.timeline.TimelineSettings;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * Files all WAL that follows a data directory's checkpoint in a timeline's layers, as the
 * pageserver does when it receives it, and says how long that took until all of it was durable.
 */
public final class LayerIngest {
    private LayerIngest() {}

    /**
     * @param args a data directory, a folder of WAL segments, where the last record begins, how
     *     often to do it all, and a folder for the layers
     */
    public static void main(String[] args) throws IOException {
        try (BaseDirectory base = new BaseDirectory(Path.of(args[0]));
                ExecutorService background = Executors.newVirtualThreadPerTaskExecutor()) {
            Lsn last = Lsn.parse(args[2]);
            for (int pass = 1; pass <= Integer.parseInt(args[3]); pass++) {
                Path folder = Files.createTempDirectory(Path.of(args[4]), "timeline");
                try {
                    double seconds = ingest(base, Path.of(args[1]), last, folder, background);
                    double megabytes = last.minus(base.control().checkPoint().redo()) / 1e6;
                    System.out.printf(
                            Locale.ROOT,
                            "pass %d: %.1f MB, %.3f s, %.1f MB/s%n",
                            pass,
                            megabytes,
                            seconds,
                            megabytes / seconds);
                } finally {
                    delete(folder);
                }
            }
        }
    }

    private static double ingest(
            BaseDirectory base, Path wal, Lsn last, Path folder, ExecutorService background)
            throws IOException {
        Lsn start = base.control().checkPoint().redo();
        Lsn before = start.plus(-8);
        TenantTimelineId id = new TenantTimelineId(new TenantId(1, 1), new TimelineId(1, 1));
        LayerStore.create(
                folder,
                new TimelineIndex(
                        id, 17, before, null, Lsn.INVALID, before, Lsn.INVALID, 0, List.of()));
        try (LayerCache cache = new LayerCache(64, 64 << 20, 512 << 20);
                Timeline timeline =
                        new Timeline(
                                LayerStore.open(
                                        folder, cache, TimelineSettings.DEFAULT, background),
                                null,
                                Postgres17.INSTANCE.redo())) {
            base.visit((key, bytes) -> timeline.put(key, start, new Value.Image(bytes)));
            timeline.endRecord(before, start);
            timeline.flush();
            WalIngest ingest = Postgres17.INSTANCE.ingest("benchmark", timeline, start);
            long begun = System.nanoTime();
            WalFiles.forEach(
                    wal,
                    start,
                    last,
                    record -> {
                        ingest.ingest(
                                record, (key, value) -> timeline.put(key, record.end(), value));
                        timeline.endRecord(record.start(), record.end());
                    });
            timeline.flush();
            return (System.nanoTime() - begun) / 1e9;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
    }
}
