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
 * The file {@code commit} of a timeline: its commit LSN as last told, never synced. It survives the
 * end of the process, mostly; when it does not, the control file's older one counts, and the next
 * proposer tells the true one. Big-endian:
 *
 * <pre>
 *    0  magic "SLCH"
 *    4  u32 CRC32C of the LSN's eight bytes
 *    8  u64 commit LSN
 * </pre>
 */
final class CommitHint implements Closeable {
    private static final String NAME = "commit";
    private static final int MAGIC = 0x534C4348;
    private static final int BYTES = 16;

    private final FileChannel file;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BYTES);
    private final CRC32C crc = new CRC32C();

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

    /** The LSN last written, {@link Lsn#INVALID} if it is not to be had. */
    Lsn read() throws IOException {
        buffer.clear();
        int read = file.read(buffer, 0);
        boolean whole =
                read == BYTES && buffer.getInt(0) == MAGIC && buffer.getInt(4) == checksum();
        return whole ? new Lsn(buffer.getLong(8)) : Lsn.INVALID;
    }

    void write(Lsn commit) throws IOException {
        buffer.clear();
        buffer.putInt(0, MAGIC).putLong(8, commit.value());
        buffer.putInt(4, checksum());
        file.write(buffer, 0);
    }

    private int checksum() {
        crc.reset();
        crc.update(buffer.slice(8, 8));
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
