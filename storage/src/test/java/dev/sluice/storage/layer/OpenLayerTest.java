package dev.sluice.storage.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenLayerTest {
    private static final RelFileLocator RELATION = new RelFileLocator(1663, 5, 16384);
    private static final int KEYS = 50;

    @TempDir Path directory;

    private static Key block(int number) {
        return Key.relationBlock(RELATION, Fork.MAIN, number);
    }

    /** A value that says of which key and LSN it is, of a length that depends on both. */
    private static Value value(int block, long lsn) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + (int) (lsn % 5000));
        return new Value.Wal(bytes.putLong(lsn).putInt(block).array(), false);
    }

    @Test
    void readersSeeEveryWholeVersionWhileAnotherThreadPuts() throws Exception {
        AtomicLong done = new AtomicLong(100);
        try (OpenLayer layer = new OpenLayer(new Lsn(100), directory.resolve("open"));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> readers =
                    List.of(
                            threads.submit(() -> readUntil(layer, done, 20_000)),
                            threads.submit(() -> readUntil(layer, done, 20_000)));
            for (long lsn = 101; lsn <= 20_000; lsn++) {
                int block = (int) (lsn % KEYS);
                layer.put(block(block), new Lsn(lsn), value(block, lsn));
                done.set(lsn);
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
        assertThat(directory).isEmptyDirectory();
    }

    private static Void readUntil(OpenLayer layer, AtomicLong done, long last) throws Exception {
        for (long at = 0; at < last; ) {
            at = done.get();
            int block = (int) (at % KEYS);
            Chain chain = new Chain(block(block), new Lsn(at));
            layer.collect(List.of(chain));
            int expected = (int) ((at - 101) / KEYS) + 1;
            assertThat(chain.size()).as("at %d", at).isEqualTo(at == 100 ? 0 : expected);
            for (int i = 0; i < chain.size(); i++) {
                ByteBuffer bytes = ByteBuffer.wrap(ValueEncoding.bytes(chain.value(i)));
                assertThat(bytes.getLong()).isEqualTo(at - (long) i * KEYS);
                assertThat(bytes.getInt()).isEqualTo(block);
            }
        }
        return null;
    }

    @Test
    void whatIsDiscardedIsGone() throws Exception {
        try (OpenLayer layer = new OpenLayer(new Lsn(100), directory.resolve("open"))) {
            layer.put(block(1), new Lsn(110), value(1, 110));
            layer.put(block(1), new Lsn(120), value(1, 120));
            layer.put(block(2), new Lsn(120), value(2, 120));
            layer.discardAfter(new Lsn(110));
            Chain one = new Chain(block(1), new Lsn(200));
            Chain two = new Chain(block(2), new Lsn(200));
            layer.collect(List.of(one, two));
            assertThat(one.size()).isEqualTo(1);
            assertThat(two.isEmpty()).isTrue();
        }
    }
}
