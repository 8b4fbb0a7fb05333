package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * The file {@code commit} of a timeline: its commit LSN as last told and how far its WAL was
 * durable then, never synced. It survives the end of the process, mostly; when it does not, the
 * control file's older commit LSN counts, and the next proposer tells the true one. What it says of
 * the WAL tells damage from a torn tail.
 *
 * <p>It is written with every commit, so it is mapped: that is a copy, and no system call. A copy
 * can be cut short by the end of the process, so there are two places that are written in turn, at
 * 0 and at 64, and the one counts that was written last of those that are whole. Big-endian:
 *
 * <pre>
 *    0  magic "SLCH"
 *    4  u32 version, 2
 *    8  u32 CRC32C of the rest
 *   12  u32 checksum of the bytes below the flush LSN in its page, as in {@link PageSums};
 *       0 if not known
 *   16  u64 commit LSN
 *   24  u64 flush LSN
 *   32  u64 how many have been written
 * </pre>
 *
 * <p>One thread at a time.
 */
final class CommitHint implements Closeable {
    private static final String NAME = "commit";
    private static final int MAGIC = 0x534C4348;
    private static final int VERSION = 2;
    private static final int CHECKED = 12;
    private static final int BYTES = 40;
    private static final int PLACE = 64;
    private static final int SIZE = 2 * PLACE;

    private final MemorySegment file;
    private final Arena mapping;
    private final byte[] bytes = new byte[BYTES];
    private final ByteBuffer buffer = ByteBuffer.wrap(bytes);
    private final CRC32C crc = new CRC32C();
    private long written;

    /**
     * What is known.
     *
     * @param flush WAL was durable up to there; {@link Lsn#INVALID} if nothing is known
     */
    record Known(Lsn commit, Lsn flush, int lastPage) {
        static final Known NOTHING = new Known(Lsn.INVALID, Lsn.INVALID, 0);
    }

    private CommitHint(MemorySegment file, Arena mapping) {
        this.file = file;
        this.mapping = mapping;
        int newest = newest();
        if (newest >= 0) {
            load(newest);
            written = buffer.getLong(32);
        }
    }

    /**
     * @throws IOException if it cannot be opened, or there is no room for it on the disk
     */
    @SuppressWarnings("MustBeClosedChecker") // the mapping lives as long as the hint
    static CommitHint open(Path directory) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        directory.resolve(NAME),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            // Takes its space by a write, which can say that there is none.
            ByteBuffer rest = ByteBuffer.allocate((int) Math.max(0, SIZE - channel.size()));
            while (rest.hasRemaining()) {
                channel.write(rest, channel.size());
            }
            Arena mapping = Arena.ofShared();
            try {
                return new CommitHint(
                        channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE, mapping), mapping);
            } catch (IOException | RuntimeException e) {
                mapping.close();
                throw e;
            }
        }
    }

    /** What was written last, {@link Known#NOTHING} if it is not to be had. */
    Known read() {
        int newest = newest();
        if (newest < 0) {
            return Known.NOTHING;
        }
        load(newest);
        return new Known(
                new Lsn(buffer.getLong(16)), new Lsn(buffer.getLong(24)), buffer.getInt(12));
    }

    /** The place that was written last; negative if neither is whole. */
    private int newest() {
        int newest = -1;
        long last = -1;
        for (int place = 0; place < 2; place++) {
            load(place);
            boolean whole =
                    buffer.getInt(0) == MAGIC
                            && buffer.getInt(4) == VERSION
                            && buffer.getInt(8) == checksum();
            if (whole && buffer.getLong(32) > last) {
                last = buffer.getLong(32);
                newest = place;
            }
        }
        return newest;
    }

    private void load(int place) {
        MemorySegment.copy(file, (long) place * PLACE, MemorySegment.ofArray(bytes), 0, BYTES);
    }

    void write(Known known) {
        written++;
        buffer.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, known.lastPage);
        buffer.putLong(16, known.commit.value()).putLong(24, known.flush.value());
        buffer.putLong(32, written);
        buffer.putInt(8, checksum());
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, file, (written & 1) * PLACE, BYTES);
    }

    /** Durably says nothing of the WAL, before it is cut. */
    void forgetFlush(Lsn commit) {
        write(new Known(commit, Lsn.INVALID, 0));
        file.force();
    }

    private int checksum() {
        crc.reset();
        crc.update(bytes, CHECKED, BYTES - CHECKED);
        return (int) crc.getValue();
    }

    @Override
    public void close() {
        mapping.close();
    }
}
