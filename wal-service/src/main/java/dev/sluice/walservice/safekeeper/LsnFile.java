package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A small file of a timeline's that holds positions. Big-endian:
 *
 * <pre>
 *    0  magic
 *    4  u32 version
 *    8  u32 CRC32C of the other bytes
 *   12  u64 LSN, one after the other
 * </pre>
 */
final class LsnFile {
    private static final int CHECKSUM = 8;
    private static final int CONTENT = 12;

    private LsnFile() {}

    /** The file's bytes. */
    static ByteBuffer of(int magic, int version, Lsn... positions) {
        ByteBuffer bytes = ByteBuffer.allocate(CONTENT + positions.length * Long.BYTES);
        bytes.putInt(magic).putInt(version).putInt(0);
        for (Lsn position : positions) {
            bytes.putLong(position.value());
        }
        return bytes.putInt(CHECKSUM, checksum(bytes.flip()));
    }

    /**
     * @param count how many positions it holds
     * @return null if there is no such file
     * @throws DamagedFileException if it is not what {@link #of} made
     */
    static @Nullable List<Lsn> read(Path path, int magic, int version, int count)
            throws IOException {
        byte[] content;
        try {
            content = Files.readAllBytes(path);
        } catch (NoSuchFileException none) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(content);
        if (content.length != CONTENT + count * Long.BYTES || bytes.getInt(0) != magic) {
            throw new DamagedFileException(path, 0, "it is not what was written");
        }
        if (bytes.getInt(4) != version) {
            throw new DamagedFileException(
                    path, 4, "its version is " + bytes.getInt(4) + ", known is " + version);
        }
        if (bytes.getInt(CHECKSUM) != checksum(bytes)) {
            throw new DamagedFileException(path, CHECKSUM, "it fails its checksum");
        }
        bytes.position(CONTENT);
        List<Lsn> positions = new ArrayList<>(count);
        while (bytes.hasRemaining()) {
            positions.add(new Lsn(bytes.getLong()));
        }
        return positions;
    }

    private static int checksum(ByteBuffer file) {
        CRC32C crc = new CRC32C();
        crc.update(file.slice(0, CHECKSUM));
        crc.update(file.slice(CONTENT, file.limit() - CONTENT));
        return (int) crc.getValue();
    }
}
