package dev.sluice.walservice.wal;

import java.util.zip.CRC32C;

/**
 * The checksum of a record: CRC32C (Castagnoli) of everything after the fixed header, continued
 * over the header up to the checksum's own field. Source: {@code ValidXLogRecord} in {@code
 * access/transam/xlogreader.c}.
 *
 * <p>{@link #combine} joins checksums of pieces, so that a record that arrives piece by piece needs
 * neither be kept nor a {@link CRC32C} object that cannot be copied.
 */
public final class RecordCrc {
    /** The polynomial, lowest power in the highest bit. */
    private static final int POLYNOMIAL = 0x82F63B78;

    private static final int ONE = 1 << 31;

    /** x to the power 8 * 2^n, modulo the polynomial: appending 2^n zero bytes. */
    private static final int[] APPEND = new int[31];

    static {
        int power = 1 << (31 - 8);
        for (int n = 0; n < APPEND.length; n++) {
            APPEND[n] = power;
            power = multiply(power, power);
        }
    }

    private RecordCrc() {}

    /** The checksum that the record should carry. {@code raw} is a whole record. */
    public static int of(byte[] raw) {
        CRC32C crc = new CRC32C();
        crc.update(raw, WalRecord.HEADER_SIZE, raw.length - WalRecord.HEADER_SIZE);
        crc.update(raw, 0, RecordHeader.CRC_OFFSET);
        return (int) crc.getValue();
    }

    /** Whether a whole record carries the right checksum. */
    public static boolean isRight(byte[] raw) {
        return RecordHeader.crc(raw) == of(raw);
    }

    /**
     * The CRC32C of two pieces one after the other, from the CRC32C of each.
     *
     * @param length bytes of the second piece, 0 or more
     */
    static int combine(int first, int second, int length) {
        int shifted = first;
        for (int n = 0, rest = length; rest != 0 && shifted != 0; n++, rest >>>= 1) {
            if ((rest & 1) != 0) {
                shifted = multiply(APPEND[n], shifted);
            }
        }
        return shifted ^ second;
    }

    /** The product of two polynomials over GF(2), modulo the polynomial. */
    private static int multiply(int a, int b) {
        int product = 0;
        int term = b;
        for (int bit = ONE; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= term;
            }
            term = (term & 1) != 0 ? term >>> 1 ^ POLYNOMIAL : term >>> 1;
        }
        return product;
    }
}
