package dev.sluice.compute.agent;

import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The note beside a data directory that its compute was stopped cleanly; it goes before the next
 * one starts on it. The content of a {@link CheckedFile}:
 *
 * <pre>
 *   UTF timeline ("tenant/timeline")   i64 system identifier   UTF Postgres version
 *   i64 shutdown LSN                   UTF boot id
 * </pre>
 *
 * <p>Strings as {@link DataOutputStream#writeUTF} writes them.
 *
 * @param bootId of the host's kernel: nothing here was ever synced to disk, so a directory is
 *     trusted no longer than the page cache that holds it
 */
record CleanStop(
        TenantTimelineId timeline,
        long systemIdentifier,
        String postgresVersion,
        Lsn shutdown,
        String bootId) {

    private static final int MAGIC = 0x534C4353; // "SLCS"
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    static String currentBootId() throws IOException {
        return Files.readString(BOOT_ID).strip();
    }

    void write(Path file) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(content);
        out.writeUTF(timeline.toString());
        out.writeLong(systemIdentifier);
        out.writeUTF(postgresVersion);
        out.writeLong(shutdown.value());
        out.writeUTF(bootId);
        CheckedFile.write(file, MAGIC, content.toByteArray());
    }

    /**
     * @return empty if there is none
     * @throws IOException if it is damaged
     */
    static Optional<CleanStop> read(Path file) throws IOException {
        Optional<byte[]> content = CheckedFile.read(file, MAGIC);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(content.get()));
        try {
            return Optional.of(
                    new CleanStop(
                            TenantTimelineId.parse(in.readUTF()),
                            in.readLong(),
                            in.readUTF(),
                            new Lsn(in.readLong()),
                            in.readUTF()));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is damaged", e);
        }
    }
}
