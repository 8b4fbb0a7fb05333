package dev.sluice.storage.basebackup;

import dev.sluice.storage.postgres.OriginProgress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The progress of replication origins as Postgres reads it at its start ({@code
 * CheckPointReplicationOrigin} in {@code replication/logical/origin.c}). Little-endian:
 *
 * <pre>
 *  0  u32 magic 0x1257DADE
 *  4  16 bytes an origin: u16 origin id, 6 bytes of padding, u64 remote LSN
 *  …  u32 CRC32C of all before
 * </pre>
 */
final class ReplicationOriginFile {
    static final String PATH = "pg_logical/replorigin_checkpoint";

    private static final int MAGIC = 0x1257DADE;
    private static final int ENTRY_BYTES = 16;
    private static final int REMOTE_LSN = 8;

    private record Entry(int origin, long remoteLsn) {}

    private final List<Entry> entries = new ArrayList<>();

    void add(int origin, byte[] progress) {
        entries.add(new Entry(origin, OriginProgress.decode(progress).remoteLsn()));
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    byte[] toFile() {
        int length = Integer.BYTES + entries.size() * ENTRY_BYTES;
        ByteBuffer file =
                ByteBuffer.allocate(length + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(MAGIC);
        for (int i = 0; i < entries.size(); i++) {
            int offset = Integer.BYTES + i * ENTRY_BYTES;
            file.putShort(offset, (short) entries.get(i).origin());
            file.putLong(offset + REMOTE_LSN, entries.get(i).remoteLsn());
        }
        CRC32C crc = new CRC32C();
        crc.update(file.array(), 0, length);
        file.putInt(length, (int) crc.getValue());
        return file.array();
    }
}
