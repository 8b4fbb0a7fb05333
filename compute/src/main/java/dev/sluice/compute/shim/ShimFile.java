package dev.sluice.compute.shim;

import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The manifest of a compute's data directory: one file, mapped shared by every Postgres process
 * (through the shim) and by the agent. Little-endian; the same is in the C header {@code shim.h}.
 *
 * <pre>
 *   header, 128 bytes
 *      0 u32 magic "SLSM"       4 u32 version (1)       8 u64 bytes of the file
 *     16 u32 records           20 u32 bytes of a WAL segment
 *     24 u64 records at        32 u64 states at        40 u64 present bits at   48 u64 claimed bits at
 *     56 u64 bits in each of the two bitmaps, a multiple of 64
 *     64 u32 CRC32C of bytes 0..63 and of the records
 *     72 u64 WAL written up to (changes)
 *     80 u32 process id of the postmaster that has the shim (changes)
 *   records, 32 bytes each, ascending: one for each 1 GiB segment file of each fork
 *      0 u32 tablespace   4 u32 database   8 u32 relation   12 u32 fork   16 u32 segment
 *     20 u32 blocks in this segment       24 u64 its first bit, a multiple of 64
 *   states, u32 for each record: 0 no local file yet, 1 being made, 2 made (then forever, though
 *     Postgres may have removed it since)
 *   present: a set bit says that the local file is right about the block: it was brought or written,
 *     or Postgres cut it off
 *   claimed: held by the process that is bringing the block or cutting it off
 * </pre>
 *
 * <p>Blocks at and beyond a fork's blocks, and forks that are not listed, are always local. The
 * mapping lasts as long as this object is reachable, so nobody can use it too late.
 */
public final class ShimFile {
    static final int MAGIC = 0x4D534C53;
    static final int VERSION = 1;
    static final int HEADER_BYTES = 128;
    static final int RECORD_BYTES = 32;

    /** {@code RELSEG_SIZE}: blocks in a full segment file. */
    public static final int SEGMENT_BLOCKS = 131072;

    private static final int WAL_WRITTEN_AT = 72;
    private static final int ATTACHED_AT = 80;
    private static final int STATE_MATERIALISED = 2;

    private static final ValueLayout.OfInt U32 =
            ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHARED_U32 = U32.varHandle();
    private static final VarHandle SHARED_U64 = U64.varHandle();

    /** Receives blocks in ascending order. */
    public interface BlockVisitor {
        void visit(RelFileLocator relation, Fork fork, int block) throws IOException;
    }

    private final Path path;
    private final MemorySegment memory;
    private final int records;
    private final long recordsAt;
    private final long statesAt;
    private final long presentAt;

    private ShimFile(Path path, MemorySegment memory) {
        this.path = path;
        this.memory = memory;
        this.records = memory.get(U32, 16);
        this.recordsAt = memory.get(U64, 24);
        this.statesAt = memory.get(U64, 32);
        this.presentAt = memory.get(U64, 40);
    }

    /**
     * Writes the manifest of a fresh data directory, in which no relation file exists.
     *
     * @param path the file, which must not exist; the compute's user must be able to write it
     * @param walSegmentBytes a power of two, 1 MiB to 1 GiB
     * @param forks every fork with its size, in any order, free space maps excepted
     * @throws IllegalArgumentException for a free space map, a fork outside {@code base/} and
     *     {@code global/}, or one that is listed twice
     */
    public static ShimFile create(Path path, int walSegmentBytes, List<RelationFork> forks)
            throws IOException {
        if (Integer.bitCount(walSegmentBytes) != 1
                || walSegmentBytes < 1 << 20
                || walSegmentBytes > 1 << 30) {
            throw new IllegalArgumentException("WAL segments of " + walSegmentBytes + " bytes");
        }
        List<SegmentFile> files = SegmentFile.of(forks);
        long bits = 0;
        for (SegmentFile file : files) {
            bits += file.bits();
        }
        long statesAt = HEADER_BYTES + (long) files.size() * RECORD_BYTES;
        long presentAt = align(statesAt + 4L * files.size());
        long claimedAt = align(presentAt + bits / 8);
        long bytes = align(claimedAt + bits / 8);
        try (FileChannel channel =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            MemorySegment memory =
                    channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.ofAuto()); // zeros
            memory.set(U32, 4, VERSION);
            memory.set(U64, 8, bytes);
            memory.set(U32, 16, files.size());
            memory.set(U32, 20, walSegmentBytes);
            memory.set(U64, 24, HEADER_BYTES);
            memory.set(U64, 32, statesAt);
            memory.set(U64, 40, presentAt);
            memory.set(U64, 48, claimedAt);
            memory.set(U64, 56, bits);
            long at = HEADER_BYTES;
            for (SegmentFile file : files) {
                writeRecord(memory.asSlice(at, RECORD_BYTES), file);
                at += RECORD_BYTES;
            }
            memory.set(U32, 0, MAGIC);
            memory.set(U32, 64, checksum(memory, files.size()));
            return new ShimFile(path, memory);
        }
    }

    /**
     * Maps a manifest that {@link #create} wrote, with whatever the shim has noted in it since.
     *
     * @throws IOException if it is no sound manifest; the message says what is wrong
     */
    public static ShimFile open(Path path) throws IOException {
        try (FileChannel channel =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MemorySegment memory =
                    channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size(), Arena.ofAuto());
            check(path, memory);
            return new ShimFile(path, memory);
        }
    }

    private static void check(Path path, MemorySegment memory) throws IOException {
        long size = memory.byteSize();
        if (size < HEADER_BYTES || memory.get(U32, 0) != MAGIC) {
            throw new IOException(path + " is no shim manifest");
        }
        if (memory.get(U32, 4) != VERSION) {
            throw new IOException(
                    "%s: manifest version %d, this Sluice has %d"
                            .formatted(path, memory.get(U32, 4), VERSION));
        }
        int records = memory.get(U32, 16);
        long bits = memory.get(U64, 56);
        long statesAt = HEADER_BYTES + (long) records * RECORD_BYTES;
        if (memory.get(U64, 8) != size
                || records < 0
                || bits < 0
                || memory.get(U64, 24) != HEADER_BYTES
                || memory.get(U64, 32) != statesAt
                || memory.get(U64, 40) != align(statesAt + 4L * records)
                || memory.get(U64, 48) != align(memory.get(U64, 40) + bits / 8)
                || size != align(memory.get(U64, 48) + bits / 8)) {
            throw new IOException(path + ": lengths and offsets contradict each other");
        }
        if (memory.get(U32, 64) != checksum(memory, records)) {
            throw new IOException(path + ": wrong checksum");
        }
    }

    private static void writeRecord(MemorySegment at, SegmentFile file) {
        at.set(U32, 0, file.relation().tablespace());
        at.set(U32, 4, file.relation().database());
        at.set(U32, 8, file.relation().relation());
        at.set(U32, 12, file.fork().number());
        at.set(U32, 16, file.segment());
        at.set(U32, 20, file.blocks());
        at.set(U64, 24, file.firstBit());
    }

    private static int checksum(MemorySegment memory, int records) {
        CRC32C crc = new CRC32C();
        crc.update(memory.asSlice(0, 64).asByteBuffer());
        long left = (long) records * RECORD_BYTES;
        for (long at = HEADER_BYTES; left > 0; ) {
            long piece = Math.min(left, 1 << 30);
            crc.update(memory.asSlice(at, piece).asByteBuffer());
            at += piece;
            left -= piece;
        }
        return (int) crc.getValue();
    }

    private static long align(long offset) {
        return (offset + 63) & ~63L;
    }

    public Path path() {
        return path;
    }

    /** The end of the last WAL page that Postgres wrote locally; invalid before the first. */
    public Lsn writtenUpTo() {
        return new Lsn((long) SHARED_U64.getVolatile(memory, (long) WAL_WRITTEN_AT));
    }

    /**
     * The process id of the postmaster that runs with the shim, 0 before there is one. Must be
     * looked at before a new compute is trusted: a library that cannot be preloaded is only warned
     * about.
     */
    public int attachedProcess() {
        return (int) SHARED_U32.getVolatile(memory, (long) ATTACHED_AT);
    }

    /** Whether the manifest lists all of these blocks, so that the shim may ask for them. */
    public boolean lists(RelFileLocator relation, Fork fork, int firstBlock, int count) {
        if (firstBlock < 0 || count < 1) {
            return false;
        }
        long end = (long) firstBlock + count;
        for (long block = firstBlock; block < end; ) {
            int record = find(relation, fork, (int) (block / SEGMENT_BLOCKS));
            long segmentStart = block - block % SEGMENT_BLOCKS;
            if (record < 0 || block - segmentStart >= blocks(record)) {
                return false;
            }
            block = segmentStart + blocks(record);
            if (block < end && block % SEGMENT_BLOCKS != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether the local file is right about a block: true for everything that the manifest does not
     * list.
     */
    public boolean isLocal(RelFileLocator relation, Fork fork, int block) {
        int record = find(relation, fork, block / SEGMENT_BLOCKS);
        int inSegment = block % SEGMENT_BLOCKS;
        return record < 0 || inSegment >= blocks(record) || isPresent(record, inSegment);
    }

    /** Whether a listed segment file was made here; it may have been removed since. */
    public boolean isMaterialised(RelFileLocator relation, Fork fork, int segment) {
        int record = find(relation, fork, segment);
        return record >= 0
                && (int) SHARED_U32.getVolatile(memory, statesAt + 4L * record)
                        == STATE_MATERIALISED;
    }

    /**
     * Visits every listed block that is local. It may lie beyond the end of a file that Postgres
     * has truncated or removed since; blocks that only exist locally are not visited.
     */
    public void forEachLocalBlock(BlockVisitor visitor) throws IOException {
        for (int record = 0; record < records; record++) {
            SegmentFile file = record(record);
            for (int block = 0; block < file.blocks(); block++) {
                if (isPresent(record, block)) {
                    visitor.visit(
                            file.relation(), file.fork(), file.segment() * SEGMENT_BLOCKS + block);
                }
            }
        }
    }

    /** How many of the listed blocks are local, and how many are listed. */
    public record Residence(long localBlocks, long listedBlocks) {}

    public Residence residence() {
        long local = 0;
        long listed = 0;
        for (int record = 0; record < records; record++) {
            SegmentFile file = record(record);
            listed += file.blocks();
            for (long bit = 0; bit < file.blocks(); bit += 64) {
                local += Long.bitCount(presentWord(file.firstBit() + bit));
            }
        }
        return new Residence(local, listed);
    }

    private boolean isPresent(int record, int block) {
        long bit = memory.get(U64, recordsAt + (long) record * RECORD_BYTES + 24) + block;
        return (presentWord(bit) >>> (bit & 63) & 1) != 0;
    }

    private long presentWord(long bit) {
        return (long) SHARED_U64.getVolatile(memory, presentAt + (bit >> 6 << 3));
    }

    private int blocks(int record) {
        return memory.get(U32, recordsAt + (long) record * RECORD_BYTES + 20);
    }

    private SegmentFile record(int index) {
        long at = recordsAt + (long) index * RECORD_BYTES;
        return new SegmentFile(
                new RelFileLocator(
                        memory.get(U32, at), memory.get(U32, at + 4), memory.get(U32, at + 8)),
                Fork.ofNumber(memory.get(U32, at + 12)),
                memory.get(U32, at + 16),
                memory.get(U32, at + 20),
                memory.get(U64, at + 24));
    }

    private int find(RelFileLocator relation, Fork fork, int segment) {
        SegmentFile wanted = new SegmentFile(relation, fork, segment, 0, 0);
        int low = 0;
        int high = records - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = record(middle).compareTo(wanted);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }
}
