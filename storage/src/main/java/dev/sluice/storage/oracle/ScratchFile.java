package dev.sluice.storage.oracle;

import dev.sluice.storage.page.Page;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Pages outside the heap: slots of 8 KiB in a temporary file, mapped, reused when freed. Grows by
 * writing zeros before it maps them, so that a full disk is an exception and not a fault later.
 */
final class ScratchFile implements Closeable {
    private static final int SLOTS_PER_CHUNK = 4096;
    private static final long CHUNK_BYTES = (long) SLOTS_PER_CHUNK * Page.SIZE;
    private static final int WRITE_BYTES = 1 << 20;

    private final Path file;
    private final FileChannel channel;
    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> chunks = new ArrayList<>();
    private int used;
    private int[] free = new int[64];
    private int freeCount;

    /**
     * @param directory where the file is made; removed when closed
     */
    ScratchFile(Path directory) throws IOException {
        file = Files.createTempFile(directory, "sluice-redo", ".scratch");
        channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
    }

    /** A slot; what it holds is left over from anything. */
    int allocate() throws IOException {
        if (freeCount > 0) {
            freeCount--;
            return free[freeCount];
        }
        if (used == chunks.size() * SLOTS_PER_CHUNK) {
            grow();
        }
        return used++;
    }

    private void grow() throws IOException {
        long start = chunks.size() * CHUNK_BYTES;
        ByteBuffer zeros = ByteBuffer.allocateDirect(WRITE_BYTES);
        for (long at = start; at < start + CHUNK_BYTES; ) {
            at += channel.write(zeros.clear(), at);
        }
        chunks.add(channel.map(FileChannel.MapMode.READ_WRITE, start, CHUNK_BYTES, arena));
    }

    void free(int slot) {
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount] = slot;
        freeCount++;
    }

    void read(int slot, byte[] page) {
        MemorySegment.copy(chunk(slot), ValueLayout.JAVA_BYTE, offset(slot), page, 0, Page.SIZE);
    }

    void write(int slot, byte[] page) {
        MemorySegment.copy(page, 0, chunk(slot), ValueLayout.JAVA_BYTE, offset(slot), Page.SIZE);
    }

    private MemorySegment chunk(int slot) {
        return chunks.get(slot / SLOTS_PER_CHUNK);
    }

    private static long offset(int slot) {
        return (long) (slot % SLOTS_PER_CHUNK) * Page.SIZE;
    }

    @Override
    public void close() throws IOException {
        arena.close();
        channel.close();
    }
}
