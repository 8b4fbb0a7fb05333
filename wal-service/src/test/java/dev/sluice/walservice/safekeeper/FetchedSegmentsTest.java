package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.objectstore.ObjectStore;
import dev.sluice.walservice.offload.SegmentObject;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FetchedSegmentsTest {
    private static final SegmentStore.Owner OWNER =
            new SegmentStore.Owner(
                    new TenantTimelineId(TenantId.random(), TimelineId.random()),
                    42,
                    Lsn.parse("0/1000000"));

    @TempDir Path directory;

    private final MemoryStore objects = new MemoryStore();

    /** A safekeeper may have one thread to carry all virtual ones: who fetches must not hold it. */
    @Test
    void areFetchedOnceAndNotByThreadsThatCarryOthers() throws Exception {
        byte[] wal = new byte[WalSegments.SIZE];
        new Random(7).nextBytes(wal);
        objects.put(
                SegmentObject.key(OWNER.id(), 1),
                SegmentObject.encode(OWNER.id(), OWNER.systemIdentifier(), OWNER.start(), wal));
        try (FetchedSegments segments = open();
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<ByteBuffer>> read = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                int at = i * 1_234_567;
                read.add(
                        readers.submit(() -> {
                            ByteBuffer into = ByteBuffer.allocate(100_000);
                            segments.read(OWNER, OWNER.start().plus(at), into);
                            return into.flip();
                        }));
            }
            for (int i = 0; i < 10; i++) {
                assertThat(read.get(i).get())
                        .isEqualTo(ByteBuffer.wrap(wal, i * 1_234_567, 100_000));
            }
        }
        assertThat(objects.readers).hasSize(1).noneMatch(Thread::isVirtual);
    }

    @Test
    void whatCannotBeFetchedIsAnErrorOfWhoAsked() throws Exception {
        FetchedSegments segments = open();
        ByteBuffer into = ByteBuffer.allocate(1);
        assertThatThrownBy(() -> segments.read(OWNER, OWNER.start(), into))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("no object");
        segments.close();
        assertThatThrownBy(() -> segments.read(OWNER, OWNER.start(), into))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("stopping");
    }

    private FetchedSegments open() throws IOException {
        return new FetchedSegments(new SegmentStore(objects, List::of), directory, 2);
    }

    private static final class MemoryStore implements ObjectStore {
        final Map<String, byte[]> objects = new ConcurrentHashMap<>();
        final Queue<Thread> readers = new ConcurrentLinkedQueue<>();

        @Override
        public String place(String key) {
            return key;
        }

        @Override
        public void put(String key, ByteBuffer content) {
            byte[] bytes = new byte[content.remaining()];
            content.get(bytes);
            objects.put(key, bytes);
        }

        @Override
        public byte[] read(String key, long offset, int length) throws IOException {
            readers.add(Thread.currentThread());
            byte[] object = objects.get(key);
            if (object == null) {
                throw new IOException("no object " + key);
            }
            return object;
        }

        @Override
        public Page list(String prefix, @Nullable String from, int most) {
            return new Page(List.of(), null);
        }

        @Override
        public void delete(String key) {
            objects.remove(key);
        }

        @Override
        public void close() {}
    }
}
