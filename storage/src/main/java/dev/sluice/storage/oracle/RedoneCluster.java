package dev.sluice.storage.oracle;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as far as its WAL was redone: the base directory's files, which are only read, with
 * what changed over them in a scratch file. Knows no LSNs: what is read is what the last record
 * left, which is what ingest asks for.
 *
 * <p>The heap holds a few bytes for each changed page and for each file, no page.
 */
final class RedoneCluster implements TimelineReader, Closeable {
    private final OpenFiles open = new OpenFiles();
    private final ScratchFile scratch;
    private final Map<Key, BlockMap> maps = new HashMap<>();
    private final Map<Key, byte[]> files = new HashMap<>();

    /**
     * @param checkPoint the checkpoint that redo begins with
     * @param scratchDirectory where changed pages go meanwhile
     */
    RedoneCluster(DataDirectory base, byte[] checkPoint, Path scratchDirectory) throws IOException {
        scratch = new ScratchFile(scratchDirectory);
        base.blockFiles().forEach((key, parts) -> maps.put(key, new BlockMap(parts)));
        files.putAll(base.files());
        files.put(Key.OF_CONTROL_FILE, base.control().bytes());
        files.put(Key.OF_CHECKPOINT, checkPoint);
    }

    /** The key of the size of the fork, or of the SLRU segment, that a block lies in. */
    static Key mapOf(Key block) {
        return block.kind() == Key.RELATION_BLOCK
                ? new Key(
                        Key.RELATION_SIZE,
                        block.tablespace(),
                        block.database(),
                        block.relation(),
                        block.fork(),
                        0)
                : new Key(
                        Key.SLRU_SEGMENT,
                        0,
                        0,
                        block.relation(),
                        0,
                        block.block() / Slru.BLOCKS_PER_SEGMENT);
    }

    /** The key of a block, by the key of its fork's size or of its SLRU segment. */
    static Key blockOf(Key map, int block) {
        return map.kind() == Key.RELATION_SIZE
                ? new Key(
                        Key.RELATION_BLOCK,
                        map.tablespace(),
                        map.database(),
                        map.relation(),
                        map.fork(),
                        block)
                : new Key(
                        Key.SLRU_BLOCK,
                        0,
                        0,
                        map.relation(),
                        0,
                        map.block() * Slru.BLOCKS_PER_SEGMENT + block);
    }

    /** A block's number in its fork or segment. */
    static int inMap(Key block) {
        return block.kind() == Key.RELATION_BLOCK
                ? block.block()
                : block.block() % Slru.BLOCKS_PER_SEGMENT;
    }

    /**
     * Reads a block into the first 8192 bytes of {@code page}; zeros if it is not there.
     *
     * @return whether it is there, in the base or written since
     */
    boolean read(Key block, byte[] page) throws IOException {
        BlockMap map = maps.get(mapOf(block));
        int number = inMap(block);
        if (map != null) {
            int slot = map.slot(number);
            if (slot >= 0) {
                scratch.read(slot, page);
                return true;
            }
            DataDirectory.BlockFiles parts = map.inBase(number);
            if (parts != null) {
                open.read(parts, number, page);
                return true;
            }
        }
        Arrays.fill(page, 0, Page.SIZE, (byte) 0);
        return false;
    }

    /** Writes a block; the fork's or segment's size stays what it is. */
    void write(Key block, byte[] page) throws IOException {
        BlockMap map = maps.computeIfAbsent(mapOf(block), _ -> new BlockMap(null));
        int number = inMap(block);
        int slot = map.slot(number);
        if (Page.isAllZero(page)) {
            if (slot >= 0) {
                scratch.free(slot);
            }
            map.setZeros(number);
            return;
        }
        if (slot < 0) {
            slot = scratch.allocate();
            map.setSlot(number, slot);
        }
        scratch.write(slot, page);
    }

    /** Makes a fork or SLRU segment that long; what is cut off is forgotten. */
    void resize(Key size, int blocks) {
        maps.computeIfAbsent(size, _ -> new BlockMap(null)).resize(blocks, scratch::free);
    }

    /** Removes a fork or SLRU segment. */
    void remove(Key size) {
        BlockMap map = maps.remove(size);
        if (map != null) {
            map.resize(0, scratch::free);
        }
    }

    /** Puts a small file; empty if it is removed. */
    void putFile(Key key, byte[] bytes) {
        if (bytes.length == 0) {
            files.remove(key);
        } else {
            files.put(key, bytes);
        }
    }

    /** A small file's bytes; null if there is none. */
    byte @Nullable [] file(Key key) {
        return files.get(key);
    }

    /** The keys of all forks and SLRU segments. */
    Set<Key> sizes() {
        return new TreeSet<>(maps.keySet());
    }

    /** The keys of all small files. */
    Set<Key> files() {
        return new TreeSet<>(files.keySet());
    }

    /** Blocks of a fork or SLRU segment; -1 if there is none. */
    int blocks(Key size) {
        BlockMap map = maps.get(size);
        return map == null ? -1 : map.blocks();
    }

    @Override
    public byte @Nullable [] get(Key key, Lsn at) throws IOException {
        return switch (key.kind()) {
            case Key.RELATION_BLOCK, Key.SLRU_BLOCK -> {
                byte[] page = new byte[Page.SIZE];
                yield read(key, page) ? page : null;
            }
            case Key.RELATION_SIZE, Key.SLRU_SEGMENT -> {
                int blocks = blocks(key);
                yield blocks < 0 ? null : BlockCount.image(blocks).bytes();
            }
            default -> files.get(key);
        };
    }

    @Override
    public void scan(Key from, Key to, Lsn at, Visitor visitor) throws IOException {
        TreeSet<Key> found = new TreeSet<>();
        for (Set<Key> keys : Set.of(maps.keySet(), files.keySet())) {
            for (Key key : keys) {
                if (key.compareTo(from) >= 0 && key.compareTo(to) < 0) {
                    found.add(key);
                }
            }
        }
        for (Key key : found) {
            byte[] bytes = get(key, at);
            if (bytes != null) {
                visitor.visit(key, bytes);
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            open.close();
        } finally {
            scratch.close();
        }
    }
}
