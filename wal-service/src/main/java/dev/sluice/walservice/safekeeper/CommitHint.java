package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * The file {@code commit} of a timeline: its commit LSN as last told and how far its WAL was
 * durable then, never synced. It survives the end of the process, mostly; when it does not, the
 * control file's older commit LSN counts, and the next proposer tells the true one. What it says of
 * the WAL tells damage from a torn tail. Big-endian:
 *
 * <pre>
 *    0  magic "SLCH"
 *    4  u32 CRC32C of the rest
 *    8  u64 commit LSN
 *   16  u64 flush LSN
 *   24  u32 checksum of the bytes below the flush LSN in its page, as in {@link PageSums};
 *       0 if not known
 * </pre>
 */
final class CommitHint implements Closeable {
    private static final String NAME = "commit";
    private static final int MAGIC = 0x534C4348;
    private static final int BYTES = 28;

    private final FileChannel file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES);
    private final CRC32C crc = new CRC32C();

    /**
     * What is known.
     *
     * @param flush WAL was durable up to there; {@link Lsn#INVALID} if nothing is known
     */
    record Known(Lsn commit, Lsn flush, int lastPage) {
        static final Known NOTHING = new Known(Lsn.INVALID, Lsn.INVALID, 0);
    }

    private CommitHint(FileChannel file) {
        this.file = file;
    }

    static CommitHint open(Path directory) throws IOException {
        return new CommitHint(
                FileChannel.open(
                        directory.resolve(NAME),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE));
    }

    /** What was written last, {@link Known#NOTHING} if it is not to be had. */
    Known read() throws IOException {
        buffer.clear();
        int read = file.read(buffer, 0);
        boolean whole =
                read == BYTES && buffer.getInt(0) == MAGIC && buffer.getInt(4) == checksum();
        return whole
                ? new Known(
                        new Lsn(buffer.getLong(8)), new Lsn(buffer.getLong(16)), buffer.getInt(24))
                : Known.NOTHING;
    }

    void write(Known known) throws IOException {
        buffer.clear();
        buffer.putInt(0, MAGIC).putLong(8, known.commit.value());
        buffer.putLong(16, known.flush.value()).putInt(24, known.lastPage);
        buffer.putInt(4, checksum());
        file.write(buffer, 0);
    }

    /** Durably says nothing of the WAL, before it is cut. */
    void forgetFlush(Lsn commit) throws IOException {
        write(new Known(commit, Lsn.INVALID, 0));
        file.force(false);
    }

    private int checksum() {
        crc.reset();
        crc.update(buffer.slice(8, BYTES - 8));
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
