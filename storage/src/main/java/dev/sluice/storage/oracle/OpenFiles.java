package dev.sluice.storage.oracle;

import dev.sluice.storage.page.Page;
import java.io.Closeable;
import java.io.IOException;
import java.io.Serial;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads blocks of relation files and SLRU segments; keeps the last used files open. */
final class OpenFiles implements Closeable {
    private static final int KEPT_OPEN = 128;
    private static final float LOAD_FACTOR = 0.75f;

    private final Map<Path, FileChannel> channels = new Recent();

    /**
     * Reads a block into the first 8192 bytes of {@code page}: zeros where the file ends before.
     */
    void read(DataDirectory.BlockFiles files, int block, byte[] page) throws IOException {
        Path file = files.parts().get(block / DataDirectory.BLOCKS_PER_FILE);
        long offset = (long) (block % DataDirectory.BLOCKS_PER_FILE) * Page.SIZE;
        FileChannel channel = channels.get(file);
        if (channel == null) {
            channel = FileChannel.open(file);
            channels.put(file, channel);
        }
        ByteBuffer into = ByteBuffer.wrap(page, 0, Page.SIZE);
        while (into.hasRemaining()) {
            if (channel.read(into, offset + into.position()) < 0) {
                Arrays.fill(page, into.position(), Page.SIZE, (byte) 0);
                return;
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (FileChannel channel : channels.values()) {
            channel.close();
        }
        channels.clear();
    }

    private static final class Recent extends LinkedHashMap<Path, FileChannel> {
        @Serial private static final long serialVersionUID = 1L;

        Recent() {
            super(2 * KEPT_OPEN, LOAD_FACTOR, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Path, FileChannel> eldest) {
            if (size() <= KEPT_OPEN) {
                return false;
            }
            try {
                eldest.getValue().close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return true;
        }
    }
}
