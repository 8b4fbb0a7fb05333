package dev.sluice.compute.shim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server by its messages, without a Postgres. */
class ShimServerTest {
    private static final int READ = 1;
    private static final int PREFETCH = 2;
    private static final int FLUSH = 3;
    private static final int PAGES = 4;
    private static final int FLUSHED = 5;
    private static final int FAILED = 6;
    private static final RelFileLocator RELATION = new RelFileLocator(1663, 5, 1259);

    @TempDir Path directory;

    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private PartLoop loop;
    private ShimServer server;
    private PartChannel shim;

    @BeforeEach
    void start() throws IOException {
        ShimFile file =
                ShimFile.create(
                        directory.resolve("sluice.shim"),
                        16 << 20,
                        List.of(new RelationFork(RELATION, Fork.MAIN, 300)));
        PartAddress.Unix address = new PartAddress.Unix(directory.resolve("agent"));
        loop = PartLoop.start("shim");
        server =
                ShimServer.start(
                        address, file, this::read, BlockingFlush.waiting(this::flush), loop);
        shim = PartChannel.connect(address);
    }

    @AfterEach
    void stop() throws IOException {
        shim.close();
        server.close();
        loop.close();
    }

    /** Every byte of block n is n; block 250 is broken, block 260 comes short. */
    private void read(RelFileLocator relation, Fork fork, int first, int count, ByteBuffer into)
            throws IOException {
        asked.add(first + "+" + count);
        assertThat(into.remaining()).isEqualTo(count * ShimServer.BLOCK_BYTES);
        for (int block = first; block < first + count; block++) {
            if (block == 250) {
                throw new IOException("block 250\nis broken");
            }
            if (block != 260) {
                byte[] page = new byte[ShimServer.BLOCK_BYTES];
                java.util.Arrays.fill(page, (byte) block);
                into.put(page);
            }
        }
    }

    private void flush(Lsn writtenUpTo) throws IOException {
        asked.add("flush " + writtenUpTo);
        if (writtenUpTo.equals(Lsn.parse("F/0"))) {
            throw new IOException("fenced");
        }
    }

    private static ByteBuffer range(int relation, int fork, int first, int count) {
        return ByteBuffer.allocate(24)
                .putInt(1663)
                .putInt(5)
                .putInt(relation)
                .putInt(fork)
                .putInt(first)
                .putInt(count)
                .flip();
    }

    private PartFrame answer() throws IOException {
        PartFrame answer = shim.receive();
        if (answer == null) {
            throw new IOException("the server hung up");
        }
        return answer;
    }

    private void assertPages(int first, int count) throws IOException {
        shim.send(READ, range(1259, 0, first, count));
        PartFrame answer = answer();
        assertThat(answer.type()).isEqualTo(PAGES);
        assertThat(answer.payload().remaining()).isEqualTo(count * ShimServer.BLOCK_BYTES);
        for (int i = 0; i < count * ShimServer.BLOCK_BYTES; i += 512) {
            int block = first + i / ShimServer.BLOCK_BYTES;
            assertThat(answer.payload().get(i)).isEqualTo((byte) block);
        }
    }

    private String refusal(int type, ByteBuffer payload) throws IOException {
        shim.send(type, payload);
        PartFrame answer = answer();
        assertThat(answer.type()).isEqualTo(FAILED);
        return StandardCharsets.UTF_8.decode(answer.payload()).toString();
    }

    @Test
    void givesPages() throws IOException {
        assertPages(0, 1);
        assertPages(5, ShimServer.MAX_BLOCKS);
        assertPages(299, 1);

        ShimServer.Statistics done = server.statistics();
        assertThat(done.reads()).isEqualTo(3);
        assertThat(done.pages()).isEqualTo(2 + ShimServer.MAX_BLOCKS);
        assertThat(done.readNanos()).isPositive();
    }

    @Test
    void saysWhyItCannot() throws IOException {
        assertThat(refusal(READ, range(1259, 0, 249, 3))).isEqualTo("block 250 is broken");
        assertThat(refusal(READ, range(1259, 0, 260, 1)))
                .contains("left 8192 bytes")
                .contains("260");
        assertThat(refusal(READ, range(1259, 0, 299, 2))).contains("the manifest does not list");
        assertThat(refusal(READ, range(1260, 0, 0, 1)))
                .contains("does not list relation 1663/5/1260");
        assertThat(refusal(READ, range(1259, 2, 0, 1))).contains("VISIBILITY_MAP");
        assertThat(asked).containsExactly("249+3", "260+1");
        assertPages(1, 1);
        assertThat(server.statistics().failedReads()).isEqualTo(5);
    }

    @Test
    void hangsUpOnNonsense() throws IOException {
        PartAddress address = new PartAddress.Unix(directory.resolve("agent"));
        List<ByteBuffer> nonsense =
                List.of(
                        ByteBuffer.allocate(23),
                        range(1259, 9, 0, 1),
                        range(1259, 0, 0, 0),
                        range(1259, 0, 0, ShimServer.MAX_BLOCKS + 1));
        for (ByteBuffer payload : nonsense) {
            try (PartChannel channel = PartChannel.connect(address)) {
                channel.send(READ, payload);
                assertThat(channel.receive()).isNull();
            }
        }
        try (PartChannel channel = PartChannel.connect(address)) {
            channel.send(99);
            assertThat(channel.receive()).isNull();
        }
        assertPages(1, 1);
    }

    @Test
    void readsAheadWhatItIsTold() throws IOException {
        shim.send(PREFETCH, range(1259, 0, 10, 4));

        assertPages(8, 7);

        assertThat(asked).containsExactlyInAnyOrder("10+4", "8+2", "14+1");
        assertThat(server.statistics().prefetchedPages()).isEqualTo(4);
    }

    @Test
    void aFailedReadAheadIsNoFailure() throws IOException {
        shim.send(PREFETCH, range(1259, 0, 249, 2));
        shim.send(PREFETCH, range(4711, 0, 0, 2));
        assertPages(249, 1);
        assertThat(refusal(READ, range(1259, 0, 250, 1))).contains("broken");
    }

    @Test
    void flushes() throws IOException {
        shim.send(FLUSH, ByteBuffer.allocate(8).putLong(0, 0x1_0000_2000L));
        assertThat(answer().type()).isEqualTo(FLUSHED);
        assertThat(refusal(FLUSH, ByteBuffer.allocate(8).putLong(0, 0xF_0000_0000L)))
                .isEqualTo("fenced");
        assertThat(asked).containsExactly("flush 1/2000", "flush F/0");
        assertThat(server.statistics().flushes()).isEqualTo(1);
        assertThat(server.statistics().failedFlushes()).isEqualTo(1);
    }

    @Test
    void theSocketIsOpenToTheComputesUser() throws IOException {
        assertThat(Files.getPosixFilePermissions(directory.resolve("agent")))
                .isEqualTo(PosixFilePermissions.fromString("rw-rw-rw-"));
    }
}
