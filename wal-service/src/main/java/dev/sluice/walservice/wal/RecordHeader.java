package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The fixed header of a record, at the start of an array of at least 24 bytes. Source: {@code
 * XLogRecord} in {@code access/xlogrecord.h}. Little-endian:
 *
 * <pre>
 *  0  u32 total length, this header included
 *  4  u32 transaction id
 *  8  u64 start of the previous record
 * 16  u8  info
 * 17  u8  resource manager
 * 18  2 bytes of padding, zero
 * 20  u32 CRC32C of the bytes from 24 on, followed by bytes 0 to 19
 * </pre>
 */
final class RecordHeader {
    static final int INFO_OFFSET = 16;
    static final int MANAGER_OFFSET = 17;
    static final int CRC_OFFSET = 20;

    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private RecordHeader() {}

    /** Unsigned: anything above {@link WalRecord#MAX_LENGTH} is damage. */
    static int totalLength(byte[] header) {
        return intAt(header, 0);
    }

    static int xid(byte[] header) {
        return intAt(header, 4);
    }

    static long prev(byte[] header) {
        return (long) LONG.get(header, 8);
    }

    static int info(byte[] header) {
        return Byte.toUnsignedInt(header[INFO_OFFSET]);
    }

    static int resourceManager(byte[] header) {
        return Byte.toUnsignedInt(header[MANAGER_OFFSET]);
    }

    static int crc(byte[] header) {
        return intAt(header, CRC_OFFSET);
    }

    /** Whether it is a record of the XLOG manager with that info. */
    static boolean isXlog(byte[] header, int rmgrInfo) {
        return resourceManager(header) == ResourceManager.RM_XLOG_ID
                && (info(header) & WalRecord.RMGR_INFO_MASK) == rmgrInfo;
    }

    /** Checks a length as soon as its four bytes are known. */
    static void checkLength(int totalLength, Lsn start) throws WalFormatException {
        if (totalLength < WalRecord.HEADER_SIZE || totalLength > WalRecord.MAX_LENGTH) {
            throw new WalFormatException(
                    start,
                    "record length "
                            + Integer.toUnsignedString(totalLength)
                            + " is not between "
                            + WalRecord.HEADER_SIZE
                            + " and "
                            + WalRecord.MAX_LENGTH);
        }
    }

    static void checkManager(byte[] header, Lsn start) throws WalFormatException {
        if (!ResourceManager.isValid(resourceManager(header))) {
            throw new WalFormatException(
                    start, "there is no resource manager " + resourceManager(header));
        }
    }

    static int shortAt(byte[] bytes, int offset) {
        return Short.toUnsignedInt((short) SHORT.get(bytes, offset));
    }

    static int intAt(byte[] bytes, int offset) {
        return (int) INT.get(bytes, offset);
    }

    static long longAt(byte[] bytes, int offset) {
        return (long) LONG.get(bytes, offset);
    }
}
