package dev.sluice.compute.agent;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A small file of the agent's own, replaced as a whole. Big-endian:
 *
 * <pre>
 *   0         4           8                12           16
 *   +---------+-----------+----------------+------------+---------
 *   | magic   | version 1 | content bytes  | CRC32C     | content
 *   +---------+-----------+----------------+------------+---------
 * </pre>
 *
 * <p>The checksum covers the first twelve bytes and the content.
 */
final class CheckedFile {
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 16;

    private CheckedFile() {}

    /** Writes it under another name and renames it, so that it is there whole or not at all. */
    static void write(Path file, int magic, byte[] content) throws IOException {
        ByteBuffer whole = ByteBuffer.allocate(HEADER_BYTES + content.length);
        whole.putInt(magic).putInt(VERSION).putInt(content.length).putInt(0).put(content);
        whole.putInt(12, checksum(whole));
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        Files.write(unfinished, whole.array());
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * @return the content, empty if there is no such file
     * @throws IOException if it is not what {@link #write} wrote with this magic
     */
    static Optional<byte[]> read(Path file, int magic) throws IOException {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        ByteBuffer whole = ByteBuffer.wrap(bytes);
        if (bytes.length < HEADER_BYTES
                || whole.getInt(0) != magic
                || whole.getInt(4) != VERSION
                || whole.getInt(8) != bytes.length - HEADER_BYTES
                || whole.getInt(12) != checksum(whole)) {
            throw new IOException(file + " is damaged, or of another version");
        }
        byte[] content = new byte[bytes.length - HEADER_BYTES];
        whole.get(HEADER_BYTES, content);
        return Optional.of(content);
    }

    private static int checksum(ByteBuffer whole) {
        CRC32C crc = new CRC32C();
        crc.update(whole.slice(0, 12));
        crc.update(whole.slice(HEADER_BYTES, whole.capacity() - HEADER_BYTES));
        return (int) crc.getValue();
    }
}
