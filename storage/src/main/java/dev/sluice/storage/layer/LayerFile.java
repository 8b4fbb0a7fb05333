package dev.sluice.storage.layer;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.walservice.timeline.TimelineId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a layer file that {@link LayerFileWriter} wrote. Safe from any thread. Nothing in it is
 * believed before its checksum is right: whatever is wrong is a {@link LayerDamagedException}.
 */
public final class LayerFile {
    private final Path path;
    private final TimelineId timeline;
    private final LayerDescriptor descriptor;
    private final LayerCache cache;

    /** Does not touch the file yet. */
    public LayerFile(
            Path directory, TimelineId timeline, LayerDescriptor descriptor, LayerCache cache) {
        this.path = directory.resolve(descriptor.fileName());
        this.timeline = timeline;
        this.descriptor = descriptor;
        this.cache = cache;
    }

    public LayerDescriptor descriptor() {
        return descriptor;
    }

    /** Reads header, footer, filter and index if they are not in memory. */
    public void check() throws IOException {
        cache.putIndex(path, load());
    }

    private LayerIndex index() throws IOException {
        LayerIndex index = cache.index(path);
        if (index == null) {
            index = load();
            cache.putIndex(path, index);
        }
        return index;
    }

    private LayerIndex load() throws IOException {
        long length = cache.length(path);
        if (length != descriptor.bytes()
                || length < LayerFormat.HEADER_BYTES + LayerFormat.FOOTER_BYTES) {
            throw damaged(length, "the file should be " + descriptor.bytes() + " bytes long");
        }
        checkHeader();
        long footerOffset = length - LayerFormat.FOOTER_BYTES;
        ByteBuffer footer = checkedFooter(footerOffset);
        long filterOffset = footer.getLong(0);
        long indexOffset = footer.getLong(8);
        int blocks = footer.getInt(16);
        long filterBytes = indexOffset - filterOffset - 4;
        long indexBytes = footerOffset - indexOffset - 4;
        if (filterOffset < LayerFormat.HEADER_BYTES
                || filterBytes > Integer.MAX_VALUE
                || !KeyFilter.isLength((int) filterBytes)
                || indexBytes != (long) blocks * LayerFormat.INDEX_ENTRY_BYTES) {
            throw damaged(footerOffset, "the footer's offsets do not fit");
        }
        KeyFilter filter = KeyFilter.read(checkedPart(filterOffset, (int) filterBytes, "filter"));
        ByteBuffer entries = checkedPart(indexOffset, (int) indexBytes, "index");
        return new LayerIndex(filter, entries, blocks);
    }

    private void checkHeader() throws IOException {
        byte[] bytes = cache.read(path, 0, LayerFormat.HEADER_BYTES);
        ByteBuffer header = ByteBuffer.wrap(bytes);
        int crcAt = LayerFormat.HEADER_BYTES - 4;
        if (header.getInt(0) != LayerFormat.MAGIC) {
            throw damaged(0, "not a layer file");
        }
        if (LayerFormat.crc(bytes, 0, crcAt) != header.getInt(crcAt)) {
            throw damaged(0, "the header fails its checksum");
        }
        if (header.getShort(4) != LayerFormat.VERSION) {
            throw damaged(4, "layer version " + header.getShort(4) + " is not known");
        }
        TimelineId of = new TimelineId(header.getLong(8), header.getLong(16));
        if (!of.equals(timeline)
                || header.getShort(6) != descriptor.kind().number()
                || header.getLong(24) != descriptor.after().value()
                || header.getLong(32) != descriptor.upTo().value()
                || header.getLong(40) != descriptor.number()) {
            throw damaged(6, "it is another layer, of timeline " + of);
        }
    }

    private ByteBuffer checkedFooter(long offset) throws IOException {
        byte[] bytes = cache.read(path, offset, LayerFormat.FOOTER_BYTES);
        ByteBuffer footer = ByteBuffer.wrap(bytes);
        int crcAt = LayerFormat.FOOTER_BYTES - 8;
        if (footer.getInt(crcAt + 4) != LayerFormat.MAGIC
                || LayerFormat.crc(bytes, 0, crcAt) != footer.getInt(crcAt)) {
            throw damaged(offset, "the footer fails its checksum");
        }
        if (footer.getInt(crcAt) != descriptor.checksum()) {
            throw damaged(offset, "it is not the file that the timeline's index names");
        }
        return footer;
    }

    private ByteBuffer checkedPart(long offset, int length, String name) throws IOException {
        byte[] bytes = cache.read(path, offset, length + 4);
        if (LayerFormat.crc(bytes, 0, length) != ByteBuffer.wrap(bytes).getInt(length)) {
            throw damaged(offset, "the " + name + " fails its checksum");
        }
        return ByteBuffer.wrap(bytes, 0, length);
    }

    private byte[] block(LayerIndex index, int number) throws IOException {
        byte[] raw = cache.block(path, number);
        if (raw == null) {
            raw = readBlock(index, number);
            cache.putBlock(path, number, raw);
        }
        return raw;
    }

    private byte[] readBlock(LayerIndex index, int number) throws IOException {
        int length = index.storedLength(number);
        byte[] stored = cache.read(path, index.offset(number), length + 4);
        return unpack(index, number, stored, 0);
    }

    private byte[] unpack(LayerIndex index, int number, byte[] stored, int at) throws IOException {
        int length = index.storedLength(number);
        if (LayerFormat.crc(stored, at, length) != ByteBuffer.wrap(stored).getInt(at + length)) {
            throw damaged(index.offset(number), "the block fails its checksum");
        }
        if (length == index.rawLength(number)) {
            return Arrays.copyOfRange(stored, at, at + length);
        }
        byte[] raw = new byte[index.rawLength(number)];
        try {
            long size = Zstd.decompressByteArray(raw, 0, raw.length, stored, at, length);
            if (size != raw.length) {
                throw damaged(index.offset(number), "the block unpacks to " + size + " bytes");
            }
        } catch (ZstdException e) {
            throw damaged(index.offset(number), "the block does not unpack: " + e.getMessage());
        }
        return raw;
    }

    /** Adds to each incomplete chain what is here of its key. */
    public void collect(Collection<Chain> chains) throws IOException {
        LayerIndex index = index();
        int number = -1;
        byte[] raw = {};
        for (Chain chain : chains) {
            if (chain.isComplete() || !index.mayContain(chain.key())) {
                continue;
            }
            byte[] target = LayerFormat.versionedKey(chain.key(), chain.ceiling().value());
            int next = index.lastAtOrBefore(target);
            while (next >= 0 && !chain.isComplete()) {
                if (next != number) {
                    raw = block(index, next);
                    number = next;
                }
                collect(raw, target, chain);
                if (!index.beginsWith(next, target)) {
                    break;
                }
                next--;
            }
        }
    }

    /** Adds a block's versions of one key, newest first, down to one that stands alone. */
    private void collect(byte[] raw, byte[] target, Chain chain) {
        int[] found = new int[16];
        int count = 0;
        ByteBuffer in = ByteBuffer.wrap(raw);
        int at = 0;
        while (at < raw.length) {
            int order = Arrays.compareUnsigned(raw, at, at + Key.BYTES, target, 0, Key.BYTES);
            if (order == 0) {
                if (Long.compareUnsigned(in.getLong(at + Key.BYTES), chain.ceiling().value()) > 0) {
                    break;
                }
                if (ValueEncoding.standsAlone(kind(in, at))) {
                    count = 0;
                }
                if (count == found.length) {
                    found = Arrays.copyOf(found, 2 * count);
                }
                found[count++] = at;
            } else if (order > 0) {
                break;
            }
            at += LayerFormat.ENTRY_HEADER_BYTES + length(in, at);
        }
        while (count > 0) {
            int entry = found[--count];
            long lsn = in.getLong(entry + Key.BYTES);
            if (descriptor.isImage()) {
                chain.foundImage(lsn, value(raw, in, entry));
            } else {
                chain.found(lsn, value(raw, in, entry));
            }
        }
    }

    private static int kind(ByteBuffer block, int entry) {
        return block.get(entry + LayerFormat.VERSIONED_KEY_BYTES);
    }

    private static int length(ByteBuffer block, int entry) {
        return block.getInt(entry + LayerFormat.VERSIONED_KEY_BYTES + 1);
    }

    private static Value value(byte[] raw, ByteBuffer block, int entry) {
        int from = entry + LayerFormat.ENTRY_HEADER_BYTES;
        byte[] bytes = Arrays.copyOfRange(raw, from, from + length(block, entry));
        return ValueEncoding.decode(kind(block, entry), bytes);
    }

    /** All versions of the keys from {@code from} to {@code to}, both included. */
    public VersionCursor cursor(Key from, Key to) throws IOException {
        return new Cursor(from, to);
    }

    private final class Cursor implements VersionCursor {
        private final LayerIndex index = index();
        private final byte[] from;
        private final byte[] to;
        private int nextBlock;
        private byte[] raw = {};
        private ByteBuffer block = ByteBuffer.wrap(raw);
        private int entry;
        private @Nullable Key key;

        Cursor(Key from, Key to) throws IOException {
            this.from = LayerFormat.versionedKey(from, 0);
            this.to = LayerFormat.versionedKey(to, -1L);
            this.nextBlock = Math.max(0, index.lastAtOrBefore(this.from));
        }

        @Override
        public boolean next() throws IOException {
            do {
                if (key != null) {
                    entry += LayerFormat.ENTRY_HEADER_BYTES + length(block, entry);
                }
                if (entry == raw.length && !loadBlock()) {
                    key = null;
                    return false;
                }
                key = Key.read(block.duplicate().position(entry));
            } while (compareTo(from) < 0);
            if (compareTo(to) > 0) {
                nextBlock = index.blocks();
                entry = raw.length;
                key = null;
                return false;
            }
            return true;
        }

        private boolean loadBlock() throws IOException {
            if (nextBlock >= index.blocks()) {
                return false;
            }
            byte[] cached = cache.block(path, nextBlock);
            raw = cached == null ? readBlock(index, nextBlock) : cached;
            nextBlock++;
            block = ByteBuffer.wrap(raw);
            entry = 0;
            return true;
        }

        private int compareTo(byte[] versionedKey) {
            return Arrays.compareUnsigned(
                    raw, entry, entry + Key.BYTES, versionedKey, 0, Key.BYTES);
        }

        @Override
        public Key key() {
            if (key == null) {
                throw new NoSuchElementException("no current version");
            }
            return key;
        }

        @Override
        public long lsn() {
            return block.getLong(entry + Key.BYTES);
        }

        @Override
        public Value value() {
            return LayerFile.value(raw, block, entry);
        }
    }

    /** Removes the file; nobody may be reading it. */
    public void delete() throws IOException {
        cache.forget(path);
        Files.deleteIfExists(path);
    }

    private LayerDamagedException damaged(long offset, String problem) {
        return new LayerDamagedException(path, offset, problem);
    }
}
