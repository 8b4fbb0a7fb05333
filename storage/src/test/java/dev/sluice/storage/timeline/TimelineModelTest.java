package dev.sluice.storage.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random records on branches of branches, with layers written, merged and opened again in between,
 * read at random LSNs against {@link ModelTimeline}.
 */
class TimelineModelTest {
    private static final int RELATIONS = 4;
    private static final int BLOCKS = 40;

    @TempDir Path directory;

    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();
    private final TenantId tenant = new TenantId(1, 2);
    private final Map<TimelineId, ModelTimeline> models = new LinkedHashMap<>();
    private final Map<TimelineId, Timeline> timelines = new LinkedHashMap<>();
    private LayerCache cache = new LayerCache(3, 1 << 16, 1 << 20);

    @AfterEach
    void close() throws IOException {
        closeAll();
        background.close();
        cache.close();
    }

    private void closeAll() throws IOException {
        for (Timeline timeline : timelines.values()) {
            timeline.close();
        }
        timelines.clear();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void readsWhatWasWritten(long seed) throws IOException {
        Random random = new Random(seed);
        TimelineId root = new TimelineId(0, 1);
        create(root, null, new Lsn(0x1000000));
        for (int step = 0; step < 400; step++) {
            TimelineId id = pick(random, List.copyOf(timelines.keySet()));
            int choice = random.nextInt(100);
            if (choice < 60) {
                write(random, id, 1 + random.nextInt(30));
            } else if (choice < 66) {
                timeline(id).flush();
            } else if (choice < 70) {
                timeline(id).compact();
            } else if (choice < 72) {
                restart();
            } else if (choice < 75 && timelines.size() < 6) {
                ModelTimeline parent = model(id);
                Lsn at = boundary(random, parent);
                create(new TimelineId(0, timelines.size() + 1), id, at);
            } else {
                check(random, id);
            }
        }
        for (TimelineId id : List.copyOf(timelines.keySet())) {
            check(random, id);
        }
    }

    private Timeline timeline(TimelineId id) {
        return Objects.requireNonNull(timelines.get(id));
    }

    private ModelTimeline model(TimelineId id) {
        return Objects.requireNonNull(models.get(id));
    }

    private static <T> T pick(Random random, List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static Lsn boundary(Random random, ModelTimeline model) {
        int index = random.nextInt(model.entries.size() + 1);
        return index == 0 ? model.start : model.entries.get(index - 1).end();
    }

    private void create(TimelineId id, @Nullable TimelineId parent, Lsn start) throws IOException {
        models.put(id, new ModelTimeline(parent == null ? null : model(parent), start));
        LayerStore.create(
                directory.resolve(id.toString()),
                new TimelineIndex(
                        new TenantTimelineId(tenant, id),
                        17,
                        start,
                        parent,
                        parent == null ? Lsn.INVALID : start,
                        start,
                        Lsn.INVALID,
                        1,
                        List.of()));
        open(id);
    }

    private void open(TimelineId id) throws IOException {
        LayerStore store =
                LayerStore.open(
                        directory.resolve(id.toString()),
                        cache,
                        new TimelineSettings(20_000, Duration.ofHours(1), 2, 3, 3, 64 << 10),
                        background);
        TimelineId ancestor = store.index().ancestor();
        timelines.put(
                id,
                new Timeline(
                        store, ancestor == null ? null : timeline(ancestor), new HashingRedo()));
    }

    /** Whatever was not durable is written again, as the WAL would bring it. */
    private void restart() throws IOException {
        List<TimelineId> ids = new ArrayList<>(timelines.keySet());
        closeAll();
        cache.close();
        cache = new LayerCache(3, 1 << 16, 1 << 20);
        for (TimelineId id : ids) {
            open(id);
            Lsn durable = timeline(id).position().end();
            for (ModelTimeline.Entry entry : model(id).entries) {
                if (entry.end().isAfter(durable)) {
                    write(timeline(id), entry);
                }
            }
        }
    }

    private void write(Random random, TimelineId id, int records) throws IOException {
        ModelTimeline model = model(id);
        for (int i = 0; i < records; i++) {
            Lsn start = model.end();
            Lsn end = start.plus(8L * (1 + random.nextInt(40)));
            TreeMap<Key, Value> puts = new TreeMap<>();
            for (int k = random.nextInt(4); k >= 0; k--) {
                RelFileLocator relation = relation(random);
                int block = random.nextInt(BLOCKS);
                puts.put(Key.relationBlock(relation, Fork.MAIN, block), change(random));
                if (random.nextInt(10) == 0) {
                    puts.put(
                            Key.relationSize(relation, Fork.MAIN),
                            random.nextInt(5) == 0
                                    ? Value.Image.REMOVED
                                    : BlockCount.image(1 + random.nextInt(BLOCKS)));
                }
            }
            List<ModelTimeline.Put> list = new ArrayList<>();
            puts.forEach((key, value) -> list.add(new ModelTimeline.Put(key, value)));
            ModelTimeline.Entry entry = new ModelTimeline.Entry(start, end, list);
            model.entries.add(entry);
            write(timeline(id), entry);
        }
    }

    private static void write(Timeline timeline, ModelTimeline.Entry entry) throws IOException {
        for (ModelTimeline.Put put : entry.puts()) {
            timeline.put(put.key(), entry.end(), put.value());
        }
        timeline.endRecord(entry.start(), entry.end());
    }

    private static RelFileLocator relation(Random random) {
        return new RelFileLocator(1663, 5, 16384 + random.nextInt(RELATIONS));
    }

    private static Value change(Random random) {
        byte[] bytes = new byte[20 + random.nextInt(random.nextInt(10) == 0 ? 3000 : 100)];
        random.nextBytes(bytes);
        return switch (random.nextInt(12)) {
            case 0 -> {
                byte[] page = new byte[8192];
                System.arraycopy(bytes, 0, page, 0, bytes.length);
                yield new Value.Image(page);
            }
            case 1 -> new Value.Wal(bytes, true);
            case 2, 3, 4 -> new Value.Change(bytes);
            default -> new Value.Wal(bytes, false);
        };
    }

    private void check(Random random, TimelineId id) throws IOException {
        Lsn at = boundary(random, model(id));
        if (random.nextInt(4) == 0) {
            at = at.plus(-random.nextInt(100));
        }
        Timeline timeline = timeline(id);
        NavigableMap<Key, byte[]> expected = model(id).contentAt(at);
        for (int i = 0; i < 30; i++) {
            RelFileLocator relation = relation(random);
            Key key = Key.relationBlock(relation, Fork.MAIN, random.nextInt(BLOCKS));
            assertThat(timeline.get(key, at)).as("%s at %s", key, at).isEqualTo(expected.get(key));
        }
        checkPages(random, timeline, at, expected);
        checkScan(timeline, at, expected);
    }

    private static void checkPages(
            Random random, Timeline timeline, Lsn at, NavigableMap<Key, byte[]> expected)
            throws IOException {
        RelFileLocator relation = relation(random);
        byte[] size = expected.get(Key.relationSize(relation, Fork.MAIN));
        if (size == null) {
            assertThat(timeline.blocks(relation, Fork.MAIN, at)).isNull();
            return;
        }
        int blocks = BlockCount.decode(size);
        ByteBuffer pages = ByteBuffer.allocate(blocks * 8192);
        timeline.readPages(relation, Fork.MAIN, 0, blocks, at, pages);
        for (int block = 0; block < blocks; block++) {
            byte[] page = expected.get(Key.relationBlock(relation, Fork.MAIN, block));
            assertThat(pages.slice(block * 8192, 8192))
                    .as("block %d of %s at %s", block, relation, at)
                    .isEqualTo(ByteBuffer.wrap(page == null ? new byte[8192] : page));
        }
    }

    private static void checkScan(Timeline timeline, Lsn at, NavigableMap<Key, byte[]> expected)
            throws IOException {
        Key from = new Key(Key.RELATION_SIZE, 0, 0, 0, 0, 0);
        Key to = new Key(Key.RELATION_SIZE + 1, 0, 0, 0, 0, 0);
        TreeMap<Key, byte[]> found = new TreeMap<>();
        timeline.scan(from, to, at, found::put);
        assertThat(found.keySet()).isEqualTo(expected.subMap(from, to).keySet());
        found.forEach((key, bytes) -> assertThat(bytes).isEqualTo(expected.get(key)));
    }
}
