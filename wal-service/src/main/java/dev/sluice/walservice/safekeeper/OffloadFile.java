package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code offload} of a timeline: which of its WAL is in the object store, and which is not
 * here any more. Replaced as a whole, by a rename; there is none before the first segment is in the
 * object store. Big-endian:
 *
 * <pre>
 *    0  magic "SLOF"
 *    4  u32 version, 1
 *    8  u32 CRC32C of the other bytes
 *   12  u64 local start LSN
 *   20  u64 offloaded LSN
 * </pre>
 */
final class OffloadFile {
    static final String NAME = "offload";

    private static final int MAGIC = 0x534C4F46;
    private static final int VERSION = 1;
    private static final int BYTES = 28;

    private OffloadFile() {}

    /**
     * @param localStart segments that end there or before are being removed
     * @param offloaded all WAL of the timeline that is before is in the object store
     */
    record Known(Lsn localStart, Lsn offloaded) {}

    /** Makes it what {@link #read} finds, durably. */
    static void write(Path directory, Known known) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES).putInt(MAGIC).putInt(VERSION).putInt(0);
        bytes.putLong(known.localStart.value()).putLong(known.offloaded.value()).flip();
        bytes.putInt(8, checksum(bytes));
        Path next = directory.resolve(NAME + ".next");
        try (FileChannel file =
                FileChannel.open(
                        next,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        Files.move(
                next,
                directory.resolve(NAME),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        Directories.sync(directory);
    }

    /**
     * @return null if there is no such file
     * @throws DamagedFileException if it is not what {@link #write} wrote
     */
    static @Nullable Known read(Path directory) throws IOException {
        Path path = directory.resolve(NAME);
        byte[] content;
        try {
            content = Files.readAllBytes(path);
        } catch (NoSuchFileException none) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(content);
        if (content.length != BYTES || bytes.getInt(0) != MAGIC) {
            throw new DamagedFileException(path, 0, "it is not what was written");
        }
        if (bytes.getInt(4) != VERSION) {
            throw new DamagedFileException(
                    path, 4, "its version is " + bytes.getInt(4) + ", known is " + VERSION);
        }
        if (bytes.getInt(8) != checksum(bytes)) {
            throw new DamagedFileException(path, 8, "it fails its checksum");
        }
        return new Known(new Lsn(bytes.getLong(12)), new Lsn(bytes.getLong(20)));
    }

    private static int checksum(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(0, 8));
        crc.update(file.slice(12, BYTES - 12));
        return (int) crc.getValue();
    }
}
