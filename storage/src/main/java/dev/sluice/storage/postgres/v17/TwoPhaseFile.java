package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.LittleEndian;
import java.io.IOException;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * The file in {@code pg_twophase} that holds a prepared transaction ({@code twophase.c}): the main
 * data of its PREPARE record, which begins with an {@code xl_xact_prepare}, and its CRC32C.
 */
final class TwoPhaseFile {
    static final String DIRECTORY = "pg_twophase/";

    // xl_xact_prepare in access/xact.h
    static final int TOTAL_LENGTH = 4;
    static final int XID = 8;
    static final int SUBTRANSACTIONS = 28;
    static final int GLOBAL_ID_LENGTH = 54;
    static final int ORIGIN_LSN = 56;
    static final int HEADER_BYTES = 72;

    private static final Pattern NAME = Pattern.compile("[0-9A-F]{16}");
    private static final int HEXADECIMAL = 16;

    private TwoPhaseFile() {}

    /** Since 17 the name has the transaction's epoch, too ({@code TwoPhaseFilePath}). */
    static String name(Key key) {
        return String.format("%08X%08X", key.database(), key.relation());
    }

    static Key key(String name) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IOException(DIRECTORY + name + " is no name of a two-phase state");
        }
        long full = Long.parseUnsignedLong(name, HEXADECIMAL);
        return Key.twoPhase((int) (full >>> Integer.SIZE), (int) full);
    }

    /** Whether the length that the header gives, and the checksum, are right. */
    static boolean isWhole(byte[] file) {
        return file.length >= HEADER_BYTES + Integer.BYTES
                && LittleEndian.i32(file, TOTAL_LENGTH) == file.length
                && LittleEndian.i32(file, file.length - Integer.BYTES) == crc(file);
    }

    /** The file of what lies in a PREPARE record ({@code RecreateTwoPhaseFile}). */
    static byte[] of(byte[] record, int offset, int length) {
        byte[] file =
                Arrays.copyOf(
                        Arrays.copyOfRange(record, offset, offset + length),
                        length + Integer.BYTES);
        LittleEndian.put32(file, length, crc(file));
        return file;
    }

    private static int crc(byte[] file) {
        CRC32C crc = new CRC32C();
        crc.update(file, 0, file.length - Integer.BYTES);
        return (int) crc.getValue();
    }
}
