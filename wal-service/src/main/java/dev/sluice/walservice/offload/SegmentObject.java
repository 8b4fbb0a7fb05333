package dev.sluice.walservice.offload;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A WAL segment in the object store, by the key {@code wal/<tenant>/<timeline>/<segment file's
 * name>}. Only committed WAL gets there, and only whole segments, so that it is the same whoever
 * brings it, and whenever. The first segment of a timeline begins where the timeline does.
 * Big-endian:
 *
 * <pre>
 *    0  magic "SLWS"
 *    4  u32 version, 1
 *    8  u32 bytes of payload
 *   12  u32 CRC32C of the header without this field
 *   16  tenant id (16), timeline id (16), u64 system identifier
 *   56  u64 LSN of the first byte
 *   64  u64 LSN after the last byte, a segment's end
 *   72  u32 CRC32C of the WAL
 *   76  u32 CRC32C of the payload
 *   80  payload: the WAL, one zstd frame
 * </pre>
 *
 * @param from LSN of the first byte
 * @param walSum CRC32C of the WAL to the segment's end
 */
public record SegmentObject(
        TenantTimelineId id,
        long systemIdentifier,
        Lsn from,
        int walSum,
        int payloadBytes,
        int payloadSum) {
    public static final int HEADER_BYTES = 80;

    /** More than an object of a segment that cannot be compressed. */
    public static final int MOST_BYTES = WalSegments.SIZE + (1 << 20);

    private static final int MAGIC = 0x534C5753;
    private static final int VERSION = 1;
    private static final int LEVEL = 1;

    /** What all keys of a timeline begin with. */
    public static String prefix(TenantTimelineId id) {
        return "wal/" + id.tenant() + "/" + id.timeline() + "/";
    }

    public static String key(TenantTimelineId id, long segment) {
        return prefix(id) + WalSegments.fileName(segment);
    }

    /**
     * The object of a segment.
     *
     * @param wal from {@code from} to the segment's end
     */
    public static ByteBuffer encode(
            TenantTimelineId id, long systemIdentifier, Lsn from, byte[] wal) {
        byte[] bytes = new byte[HEADER_BYTES + (int) Zstd.compressBound(wal.length)];
        int payload =
                (int)
                        Zstd.compressByteArray(
                                bytes,
                                HEADER_BYTES,
                                bytes.length - HEADER_BYTES,
                                wal,
                                0,
                                wal.length,
                                LEVEL);
        ByteBuffer out = ByteBuffer.wrap(bytes, 0, HEADER_BYTES + payload);
        out.putInt(MAGIC).putInt(VERSION).putInt(payload).putInt(0);
        out.putLong(id.tenant().high()).putLong(id.tenant().low());
        out.putLong(id.timeline().high()).putLong(id.timeline().low());
        out.putLong(systemIdentifier);
        out.putLong(from.value()).putLong(from.value() + wal.length);
        out.putInt(sum(ByteBuffer.wrap(wal)));
        out.putInt(sum(ByteBuffer.wrap(bytes, HEADER_BYTES, payload)));
        return out.putInt(12, headerSum(out)).rewind();
    }

    /**
     * Reads an object's header.
     *
     * @param first the object's first {@link #HEADER_BYTES} bytes at least
     * @param place the object's, for errors
     */
    public static SegmentObject header(byte[] first, String place) throws DamagedObjectException {
        if (first.length < HEADER_BYTES) {
            throw new DamagedObjectException(place, "it is only " + first.length + " bytes");
        }
        ByteBuffer in = ByteBuffer.wrap(first);
        if (in.getInt(0) != MAGIC) {
            throw new DamagedObjectException(
                    place, "its magic is " + Integer.toHexString(in.getInt(0)));
        }
        if (in.getInt(4) != VERSION) {
            throw new DamagedObjectException(
                    place, "its version is " + in.getInt(4) + ", known is " + VERSION);
        }
        if (in.getInt(12) != headerSum(in)) {
            throw new DamagedObjectException(place, "its header fails its checksum");
        }
        in.position(16);
        TenantTimelineId id =
                new TenantTimelineId(
                        new TenantId(in.getLong(), in.getLong()),
                        new TimelineId(in.getLong(), in.getLong()));
        long system = in.getLong();
        Lsn from = new Lsn(in.getLong());
        Lsn end = new Lsn(in.getLong());
        if (!end.equals(WalSegments.segmentStart(WalSegments.segmentOf(from) + 1))) {
            throw new DamagedObjectException(place, "it holds WAL from " + from + " to " + end);
        }
        return new SegmentObject(id, system, from, in.getInt(), in.getInt(8), in.getInt());
    }

    /** Whether it is the object of just that WAL. */
    public boolean isOf(
            TenantTimelineId wantedId, long wantedSystem, Lsn wantedFrom, int wantedSum) {
        return id.equals(wantedId)
                && systemIdentifier == wantedSystem
                && from.equals(wantedFrom)
                && walSum == wantedSum;
    }

    /** The WAL's length in bytes. */
    public int walBytes() {
        return WalSegments.SIZE - WalSegments.segmentOffset(from);
    }

    /**
     * The WAL of an object, from {@link #from} to the segment's end.
     *
     * @param object all of its bytes
     * @param place the object's, for errors
     */
    public byte[] wal(byte[] object, String place) throws DamagedObjectException {
        if (object.length != HEADER_BYTES + payloadBytes) {
            throw new DamagedObjectException(
                    place,
                    "it is "
                            + object.length
                            + " bytes and announces "
                            + (HEADER_BYTES + payloadBytes));
        }
        if (sum(ByteBuffer.wrap(object, HEADER_BYTES, payloadBytes)) != payloadSum) {
            throw new DamagedObjectException(place, "its payload fails its checksum");
        }
        byte[] wal = new byte[walBytes()];
        try {
            long length =
                    Zstd.decompressByteArray(
                            wal, 0, wal.length, object, HEADER_BYTES, payloadBytes);
            if (length == wal.length && sum(ByteBuffer.wrap(wal)) == walSum) {
                return wal;
            }
            throw new DamagedObjectException(place, "its WAL fails its checksum");
        } catch (ZstdException e) {
            throw new DamagedObjectException(place, "it cannot be decompressed: " + e.getMessage());
        }
    }

    /** Of WAL, as in {@link #walSum}. */
    public static int sum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static int headerSum(ByteBuffer object) {
        CRC32C crc = new CRC32C();
        crc.update(object.slice(0, 12));
        crc.update(object.slice(16, HEADER_BYTES - 16));
        return (int) crc.getValue();
    }
}
