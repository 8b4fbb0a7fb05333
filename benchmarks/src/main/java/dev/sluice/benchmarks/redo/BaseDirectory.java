package dev.sluice.benchmarks.redo;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A data directory's files, read by key when they are asked for, as recovery reads them. */
final class BaseDirectory implements Closeable {
    private static final int BLOCKS_PER_SEGMENT = 131072;

    private final Path directory;
    private final ControlFile control;
    private final Map<Path, @Nullable FileChannel> files = new HashMap<>();

    BaseDirectory(Path directory) throws IOException {
        this.directory = directory;
        this.control =
                Postgres17.INSTANCE.controlFile(
                        Files.readAllBytes(directory.resolve("global/pg_control")));
    }

    ControlFile control() {
        return control;
    }

    /** Reads the page under a block's key; false, and nothing read, if the directory has none. */
    boolean readPage(Key key, byte[] page) throws IOException {
        boolean slru = key.kind() == Key.SLRU_BLOCK;
        int perFile = slru ? Slru.BLOCKS_PER_SEGMENT : BLOCKS_PER_SEGMENT;
        int segment = Integer.divideUnsigned(key.block(), perFile);
        FileChannel file = open(slru ? slruFile(key, segment) : relationFile(key, segment));
        long position = (long) Integer.remainderUnsigned(key.block(), perFile) * Page.SIZE;
        if (file == null || position >= file.size()) {
            return false;
        }
        ByteBuffer into = ByteBuffer.wrap(page);
        while (into.hasRemaining()) {
            if (file.read(into, position + into.position()) < 0) {
                throw new IOException(key + ": its file ends in the middle of the page");
            }
        }
        return true;
    }

    /** What a key that is no block's holds; null if nothing. */
    byte @Nullable [] other(Key key) throws IOException {
        return switch (key.kind()) {
            case Key.CONTROL_FILE -> control.bytes();
            case Key.CHECKPOINT -> control.checkPoint().bytes();
            case Key.RELATION_SIZE -> count(relationBlocks(key));
            case Key.SLRU_SEGMENT -> count(blocks(slruFile(key, key.block())));
            default -> null;
        };
    }

    private static byte @Nullable [] count(int blocks) {
        return blocks < 0 ? null : BlockCount.image(blocks).bytes();
    }

    /** -1 if the fork does not exist. */
    private int relationBlocks(Key key) throws IOException {
        int total = -1;
        for (int segment = 0; ; segment++) {
            int blocks = blocks(relationFile(key, segment));
            if (blocks < 0) {
                return total;
            }
            total = Math.max(0, total) + blocks;
        }
    }

    private int blocks(Path path) throws IOException {
        FileChannel file = open(path);
        return file == null ? -1 : (int) (file.size() / Page.SIZE);
    }

    private @Nullable FileChannel open(Path path) throws IOException {
        if (!files.containsKey(path)) {
            boolean exists = Files.exists(path);
            files.put(path, exists ? FileChannel.open(path, StandardOpenOption.READ) : null);
        }
        return files.get(path);
    }

    private Path relationFile(Key key, int segment) {
        String folder =
                key.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                        ? "global"
                        : "base/" + Integer.toUnsignedString(key.database());
        String name =
                Integer.toUnsignedString(key.relation())
                        + Fork.ofNumber(key.fork()).suffix()
                        + (segment == 0 ? "" : "." + segment);
        return directory.resolve(folder).resolve(name);
    }

    private Path slruFile(Key key, int segment) {
        return directory
                .resolve(Slru.ofNumber(key.relation()).directory())
                .resolve(String.format("%04X", segment));
    }

    @Override
    public void close() throws IOException {
        for (FileChannel file : files.values()) {
            if (file != null) {
                file.close();
            }
        }
    }
}
