package dev.sluice.storage.layer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all layers of a pageserver share: open files, indexes and unpacked blocks, each with a
 * bound.
 *
 * <p>A file that is closed to make room while another thread reads from it is opened again by that
 * thread. No thread that reads may be interrupted: that would close the file for the others too,
 * for no gain.
 */
public final class LayerCache implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(LayerCache.class);
    private static final int REOPENS_MAX = 100;
    private static final int ENTRY_OVERHEAD_BYTES = 100;

    private record BlockName(Path file, int block) {}

    private final Cache<Path, FileChannel> files;
    private final Cache<Path, LayerIndex> indexes;
    private final Cache<BlockName, byte[]> blocks;

    /**
     * @param filesMax open at once
     * @param indexBytesMax of indexes and filters in memory
     * @param blockBytesMax of unpacked blocks in memory
     */
    public LayerCache(int filesMax, long indexBytesMax, long blockBytesMax) {
        files =
                Caffeine.newBuilder()
                        .maximumSize(filesMax)
                        .executor(Runnable::run)
                        .removalListener(
                                (@Nullable Path path, @Nullable FileChannel file, RemovalCause _) ->
                                        closeQuietly(path, file))
                        .build();
        indexes =
                Caffeine.newBuilder()
                        .maximumWeight(indexBytesMax)
                        .weigher((Path _, LayerIndex index) -> index.bytes())
                        .executor(Runnable::run)
                        .build();
        blocks =
                Caffeine.newBuilder()
                        .maximumWeight(blockBytesMax)
                        .weigher((BlockName _, byte[] block) -> block.length + ENTRY_OVERHEAD_BYTES)
                        .executor(Runnable::run)
                        .build();
    }

    private static void closeQuietly(@Nullable Path path, @Nullable FileChannel file) {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                log.warn("cannot close {}", path, e);
            }
        }
    }

    @Nullable LayerIndex index(Path file) {
        return indexes.getIfPresent(file);
    }

    void putIndex(Path file, LayerIndex index) {
        indexes.put(file, index);
    }

    byte @Nullable [] block(Path file, int block) {
        return blocks.getIfPresent(new BlockName(file, block));
    }

    void putBlock(Path file, int block, byte[] raw) {
        blocks.put(new BlockName(file, block), raw);
    }

    long length(Path file) throws IOException {
        return withChannel(file, FileChannel::size);
    }

    byte[] read(Path file, long position, int length) throws IOException {
        byte[] bytes = new byte[length];
        return withChannel(
                file,
                channel -> {
                    ByteBuffer buffer = ByteBuffer.wrap(bytes);
                    while (buffer.hasRemaining()) {
                        if (channel.read(buffer, position + buffer.position()) < 0) {
                            throw new EOFException(file + " ends before " + (position + length));
                        }
                    }
                    return bytes;
                });
    }

    private interface Use<T> {
        T with(FileChannel channel) throws IOException;
    }

    private <T> T withChannel(Path file, Use<T> use) throws IOException {
        for (int i = 0; ; i++) {
            try {
                return use.with(open(file));
            } catch (ClosedChannelException e) {
                if (i == REOPENS_MAX) {
                    throw new IOException(file + " is closed again and again while it is read", e);
                }
            }
        }
    }

    private FileChannel open(Path file) throws IOException {
        FileChannel present = files.getIfPresent(file);
        if (present != null && present.isOpen()) {
            return present;
        }
        FileChannel opened = FileChannel.open(file, StandardOpenOption.READ);
        FileChannel other = files.asMap().putIfAbsent(file, opened);
        if (other == null) {
            return opened;
        }
        opened.close();
        return other;
    }

    /** Forgets a file that is about to be deleted. */
    void forget(Path file) {
        files.invalidate(file);
        indexes.invalidate(file);
        blocks.asMap().keySet().removeIf(name -> name.file.equals(file));
    }

    /** Forgets every file of a timeline's directory. */
    public void forgetAllIn(Path directory) {
        files.asMap().keySet().removeIf(file -> file.startsWith(directory));
        indexes.asMap().keySet().removeIf(file -> file.startsWith(directory));
        blocks.asMap().keySet().removeIf(name -> name.file.startsWith(directory));
    }

    @Override
    public void close() {
        files.invalidateAll();
        indexes.invalidateAll();
        blocks.invalidateAll();
    }
}
