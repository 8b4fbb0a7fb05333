package dev.sluice.benchmarks.redo;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
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
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * How many pages a second does a timeline give, when each has to be made of a chain of records: one
 * that makes the page new and then heap inserts? Pages are asked for one at a time, in an order
 * that jumps, as a compute asks.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PageReconstruction {
    private static final int PAGES = 4096;
    private static final int STEP = 1511;
    private static final int RECORDS = 110;
    private static final int TUPLE_BYTES = 40;
    private static final int RECORD_BYTES = 128;
    private static final Lsn START = new Lsn(0x1000000L);
    private static final RelFileLocator RELATION =
            new RelFileLocator(RelFileLocator.DEFAULT_TABLESPACE, 5, 16384);

    /** Where the versions are. */
    public enum Source {
        /** The open layer: WAL that just came. */
        OPEN,
        /** A layer file whose blocks are in the cache. */
        CACHED,
        /** A layer file whose blocks are read and unpacked each time, from the page cache. */
        DISK
    }

    @Param({"1", "10", "100"})
    public int chain;

    @Param public Source source = Source.OPEN;

    private final ByteBuffer page = ByteBuffer.allocate(8192);
    private Path directory = Path.of("");
    private LayerCache cache = new LayerCache(1, 1, 1);
    private Timeline timeline = absent();
    private Lsn at = START;
    private int block;

    @SuppressWarnings("NullAway") // set up before it is used
    private static Timeline absent() {
        return null;
    }

    @Setup
    public void fill() throws IOException {
        directory = Files.createTempDirectory("sluice-benchmark-timeline");
        TenantTimelineId id = new TenantTimelineId(new TenantId(1, 1), new TimelineId(1, 1));
        LayerStore.create(
                directory,
                new TimelineIndex(
                        id, 17, START, null, Lsn.INVALID, START, Lsn.INVALID, 0, List.of()));
        cache = new LayerCache(16, 64 << 20, source == Source.DISK ? 1 : 1 << 30);
        LayerStore layers =
                LayerStore.open(
                        directory,
                        cache,
                        TimelineSettings.DEFAULT.withCheckpointDistance(1L << 40),
                        Runnable::run);
        timeline = new Timeline(layers, null, Postgres17.INSTANCE.redo());
        putRecords();
        if (source != Source.OPEN) {
            timeline.flush();
        }
    }

    /** Every page gets its first record, then every page its second, as if they came together. */
    private void putRecords() throws IOException {
        Lsn end = START.plus(RECORD_BYTES);
        timeline.put(
                Key.relationSize(RELATION, dev.sluice.walservice.wal.Fork.MAIN),
                end,
                BlockCount.image(PAGES));
        for (int record = 1; record <= RECORDS; record++) {
            for (int number = 0; number < PAGES; number++) {
                byte[] bytes = HeapInsertRecord.of(number, record, TUPLE_BYTES);
                timeline.put(key(number), end, new Value.Wal(bytes, record == 1));
                timeline.endRecord(end.plus(-RECORD_BYTES), end);
                end = end.plus(RECORD_BYTES);
            }
            if (record == chain) {
                at = end.plus(-RECORD_BYTES);
            }
        }
    }

    private static Key key(int number) {
        return Key.relationBlock(RELATION, dev.sluice.walservice.wal.Fork.MAIN, number);
    }

    @Benchmark
    public ByteBuffer read() throws IOException {
        block = (block + STEP) % PAGES;
        timeline.readPages(
                RELATION, dev.sluice.walservice.wal.Fork.MAIN, block, 1, at, page.clear());
        return page;
    }

    @TearDown
    public void remove() throws IOException {
        timeline.close();
        cache.close();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
    }
}
