package dev.sluice.storage.layer;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Writes a layer file, delta or image. All integers are big-endian; every part has a CRC32C.
 *
 * <pre>
 * File    --&gt; Header Block* Filter Index Footer
 *
 * Header  --&gt; Magic(u32 "SLLY") Version(u16) Kind(u16: 1 delta, 2 image, 3 merged)
 *             Timeline(16) After(u64) UpTo(u64) Number(u64) Zeros(32) Crc(u32)
 * Block   --&gt; Stored bytes, Crc(u32) of them
 *             zstd, or as they are where that is not smaller (stored length = raw length)
 *             raw: Entry*, ascending by key, then LSN, then the order in which they were put
 * Entry   --&gt; {@link Key}(18) Lsn(u64) ValueKind(u8, see {@link ValueEncoding}) Length(u32) Value
 * Filter  --&gt; {@link KeyFilter} over the file's keys, Crc(u32)
 * Index   --&gt; (FirstKey(18) FirstLsn(u64) Offset(u64) StoredLength(u32) RawLength(u32))*, Crc(u32)
 * Footer  --&gt; FilterOffset(u64) IndexOffset(u64) Blocks(u32) Entries(u64) Keys(u64) FileLength(u64)
 *             Version(u16) Kind(u16) FilterCrc^IndexCrc(u32) Crc(u32) Magic(u32)
 * </pre>
 *
 * <p>A stored length leaves out the block's checksum. Blocks lie one after the other, so any run of
 * them is one range of the file.
 *
 * <p>The file is written under a temporary name; {@link #finish} makes it durable and gives it its
 * own.
 */
public final class LayerFileWriter implements Closeable {
    private final Path directory;
    private final long number;
    private final Kind kind;
    private final Lsn after;
    private final Lsn upTo;
    private final Path temporary;
    private final FileChannel channel;
    private final ZstdCompressCtx zstd = new ZstdCompressCtx().setLevel(1);
    private final int blockBytes;
    private byte[] block;
    private int blockUsed;
    private byte[] compressed = {};
    private final ByteArrayOutputStream indexBytes = new ByteArrayOutputStream();
    private final DataOutputStream index = new DataOutputStream(indexBytes);
    private long[] hashes = new long[1024];
    private int keys;
    private int blocks;
    private long entries;
    private long position;
    private @Nullable Key firstKey;
    private @Nullable Key lastKey;
    private long lastLsn;
    private boolean finished;

    /**
     * @param directory the timeline's
     * @param number the layer's, unique in the timeline
     */
    public LayerFileWriter(
            Path directory, TimelineId timeline, long number, Kind kind, Lsn after, Lsn upTo)
            throws IOException {
        this.directory = directory;
        this.number = number;
        this.kind = kind;
        this.after = after;
        this.upTo = upTo;
        this.blockBytes =
                kind == Kind.IMAGE ? LayerFormat.IMAGE_BLOCK_BYTES : LayerFormat.DELTA_BLOCK_BYTES;
        this.block = new byte[blockBytes];
        this.temporary = directory.resolve(String.format("%08X.layer.tmp", number));
        this.channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
        writeHeader(timeline);
    }

    private void writeHeader(TimelineId timeline) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(LayerFormat.HEADER_BYTES);
        header.putInt(LayerFormat.MAGIC)
                .putShort((short) LayerFormat.VERSION)
                .putShort((short) kind.number())
                .putLong(timeline.high())
                .putLong(timeline.low())
                .putLong(after.value())
                .putLong(upTo.value())
                .putLong(number)
                .position(LayerFormat.HEADER_BYTES - 4);
        header.putInt(LayerFormat.crc(header.array(), 0, LayerFormat.HEADER_BYTES - 4));
        write(header.flip());
    }

    /** Adds a version, in the order of the format. */
    public void add(Key key, long lsn, Value value) throws IOException {
        byte[] content = ValueEncoding.bytes(value);
        requireInOrder(key, lsn, content.length);
        int length = LayerFormat.ENTRY_HEADER_BYTES + content.length;
        if (blockUsed > 0 && blockUsed + length > blockBytes) {
            writeBlock();
        }
        if (blockUsed + length > block.length) {
            block = Arrays.copyOf(block, blockUsed + length);
        }
        ByteBuffer out = ByteBuffer.wrap(block, blockUsed, length);
        key.write(out);
        out.putLong(lsn).put((byte) ValueEncoding.kind(value)).putInt(content.length).put(content);
        blockUsed += length;
        entries++;
        if (!key.equals(lastKey)) {
            if (keys == hashes.length) {
                hashes = Arrays.copyOf(hashes, 2 * keys);
            }
            hashes[keys++] = KeyFilter.hash(key);
        }
        firstKey = firstKey == null ? key : firstKey;
        lastKey = key;
        lastLsn = lsn;
    }

    private void requireInOrder(Key key, long lsn, int length) throws IOException {
        int order = lastKey == null ? -1 : lastKey.compareTo(key);
        if (order > 0 || (order == 0 && Long.compareUnsigned(lastLsn, lsn) > 0)) {
            throw new IllegalArgumentException(
                    key + " at " + new Lsn(lsn) + " after " + lastKey + " at " + new Lsn(lastLsn));
        }
        boolean inRange =
                Long.compareUnsigned(lsn, upTo.value()) <= 0
                        && (kind == Kind.IMAGE
                                ? lsn == upTo.value()
                                : Long.compareUnsigned(lsn, after.value()) > 0);
        if (!inRange) {
            throw new IllegalArgumentException(
                    key + " at " + new Lsn(lsn) + " is not after " + after + " up to " + upTo);
        }
        if (length > LayerFormat.VALUE_BYTES_MAX) {
            throw new IOException(
                    key
                            + " at "
                            + new Lsn(lsn)
                            + " has "
                            + length
                            + " bytes, the limit is "
                            + LayerFormat.VALUE_BYTES_MAX);
        }
    }

    /** Bytes written so far. */
    public long size() {
        return position;
    }

    public boolean isEmpty() {
        return entries == 0;
    }

    private void writeBlock() throws IOException {
        int bound = (int) Zstd.compressBound(blockUsed);
        if (compressed.length < bound + 4) {
            compressed = new byte[bound + 4];
        }
        int stored = zstd.compressByteArray(compressed, 0, bound, block, 0, blockUsed);
        if (stored >= blockUsed) {
            System.arraycopy(block, 0, compressed, 0, blockUsed);
            stored = blockUsed;
        }
        index.write(block, 0, LayerFormat.VERSIONED_KEY_BYTES);
        index.writeLong(position);
        index.writeInt(stored);
        index.writeInt(blockUsed);
        ByteBuffer out = ByteBuffer.wrap(compressed, 0, stored + 4);
        out.putInt(stored, LayerFormat.crc(compressed, 0, stored));
        write(out);
        blocks++;
        blockUsed = 0;
        if (block.length > blockBytes) {
            block = new byte[blockBytes];
        }
    }

    /**
     * Ends the file, makes it and its name durable.
     *
     * @throws IllegalStateException if nothing was added
     */
    public LayerDescriptor finish() throws IOException {
        if (firstKey == null || lastKey == null) {
            throw new IllegalStateException("a layer without entries");
        }
        writeBlock();
        long filterOffset = position;
        int filterCrc = writeChecked(KeyFilter.of(hashes, keys).toBytes().array());
        long indexOffset = position;
        int indexCrc = writeChecked(indexBytes.toByteArray());
        int checksum = writeFooter(filterOffset, indexOffset, filterCrc ^ indexCrc);
        channel.force(true);
        channel.close();
        LayerDescriptor layer =
                new LayerDescriptor(
                        number, kind, firstKey, lastKey, after, upTo, position, checksum);
        Files.move(temporary, directory.resolve(layer.fileName()), StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.forceDirectory(directory);
        finished = true;
        return layer;
    }

    private int writeChecked(byte[] bytes) throws IOException {
        int crc = LayerFormat.crc(bytes, 0, bytes.length);
        write(ByteBuffer.wrap(bytes));
        write(ByteBuffer.allocate(4).putInt(0, crc));
        return crc;
    }

    private int writeFooter(long filterOffset, long indexOffset, int partsCrc) throws IOException {
        ByteBuffer footer = ByteBuffer.allocate(LayerFormat.FOOTER_BYTES);
        footer.putLong(filterOffset)
                .putLong(indexOffset)
                .putInt(blocks)
                .putLong(entries)
                .putLong(keys)
                .putLong(position + LayerFormat.FOOTER_BYTES)
                .putShort((short) LayerFormat.VERSION)
                .putShort((short) kind.number())
                .putInt(partsCrc);
        CRC32C crc = new CRC32C();
        crc.update(footer.array(), 0, footer.position());
        footer.putInt((int) crc.getValue()).putInt(LayerFormat.MAGIC);
        write(footer.flip());
        return (int) crc.getValue();
    }

    private void write(ByteBuffer bytes) throws IOException {
        position += bytes.remaining();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Throws the unfinished file away; does nothing after {@link #finish}. */
    @Override
    public void close() throws IOException {
        zstd.close();
        if (!finished) {
            channel.close();
            Files.deleteIfExists(temporary);
        }
    }
}
