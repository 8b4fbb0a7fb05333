package dev.sluice.storage.postgres;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The progress of replication origins as Postgres reads it at its start and writes it at a
 * checkpoint ({@code StartupReplicationOrigin}, {@code CheckPointReplicationOrigin} in {@code
 * replication/logical/origin.c}). Little-endian:
 *
 * <pre>
 *  0  u32 magic 0x1257DADE
 *  4  16 bytes an origin: u16 origin id, 6 bytes of padding, u64 remote LSN
 *  …  u32 CRC32C of all before
 * </pre>
 */
public final class ReplicationOriginFile {
    /** Relative to the data directory. A cluster that never had origins may lack it. */
    public static final String PATH = "pg_logical/replorigin_checkpoint";

    private static final int MAGIC = 0x1257DADE;
    private static final int ENTRY_BYTES = 16;
    private static final int REMOTE_LSN = 8;

    private ReplicationOriginFile() {}

    /** The file that says so, origins by their ids. */
    public static byte[] of(Map<Integer, OriginProgress> origins) {
        int length = Integer.BYTES + origins.size() * ENTRY_BYTES;
        ByteBuffer file =
                ByteBuffer.allocate(length + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(MAGIC);
        for (Map.Entry<Integer, OriginProgress> origin : origins.entrySet()) {
            int offset = file.position();
            file.putShort(offset, origin.getKey().shortValue());
            file.putLong(offset + REMOTE_LSN, origin.getValue().remoteLsn());
            file.position(offset + ENTRY_BYTES);
        }
        file.putInt(crc(file.array(), length));
        return file.array();
    }

    /**
     * The origins in a file, by their ids.
     *
     * @throws IOException if the file is damaged
     */
    public static NavigableMap<Integer, OriginProgress> parse(byte[] file) throws IOException {
        int length = file.length - Integer.BYTES;
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (length < Integer.BYTES
                || (length - Integer.BYTES) % ENTRY_BYTES != 0
                || in.getInt() != MAGIC
                || in.getInt(length) != crc(file, length)) {
            throw new IOException(PATH + " of " + file.length + " bytes is damaged");
        }
        NavigableMap<Integer, OriginProgress> origins = new TreeMap<>();
        for (int at = Integer.BYTES; at < length; at += ENTRY_BYTES) {
            origins.put(
                    Short.toUnsignedInt(in.getShort(at)),
                    new OriginProgress(in.getLong(at + REMOTE_LSN)));
        }
        return origins;
    }

    private static int crc(byte[] file, int length) {
        CRC32C crc = new CRC32C();
        crc.update(file, 0, length);
        return (int) crc.getValue();
    }
}
