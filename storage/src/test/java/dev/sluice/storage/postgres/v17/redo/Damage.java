package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.RecordCrc;
import dev.sluice.walservice.wal.WalRecord;
import java.util.Arrays;
import java.util.Random;

/** Ways in which records and pages are damaged, by chance. */
final class Damage {
    private static final int PREV_AT = 8;
    private static final int INFO_AT = 16;
    private static final int MANAGER_AT = 17;
    private static final int CRC_AT = 20;
    private static final int ENDS = 96;
    private static final int[] EDGES = {0, 1, -1, 0x7FFF, 0x8000, 0xFFFF, 8192, 291, 0x7FFFFFFF};

    private Damage() {}

    /** A damaged copy of a record, with the length and the checksum that it should have then. */
    static byte[] record(byte[] raw, Random random) {
        byte[] damaged =
                random.nextInt(5) == 0
                        ? Arrays.copyOf(
                                raw, WalRecord.HEADER_SIZE + random.nextInt(raw.length - 23))
                        : raw.clone();
        LittleEndian.put32(damaged, 0, damaged.length);
        for (int i = random.nextInt(4); i > 0; i--) {
            change(damaged, somewhere(damaged, random), random);
        }
        if (random.nextInt(50) == 0) {
            damaged[MANAGER_AT] = (byte) random.nextInt(22);
        }
        if (random.nextInt(50) == 0) {
            damaged[INFO_AT] = (byte) random.nextInt();
        }
        LittleEndian.put32(damaged, CRC_AT, RecordCrc.of(damaged));
        return damaged;
    }

    /** Where what redo reads mostly is: headers at the beginning, main data at the end. */
    private static int somewhere(byte[] bytes, Random random) {
        int from = WalRecord.HEADER_SIZE;
        int length = bytes.length - from;
        if (length <= 0) {
            return PREV_AT;
        }
        return switch (random.nextInt(3)) {
            case 0 -> from + random.nextInt(Math.min(ENDS, length));
            case 1 -> bytes.length - 1 - random.nextInt(Math.min(ENDS, length));
            default -> from + random.nextInt(length);
        };
    }

    /** One bit, one byte, or an integer that is at an edge. */
    static void change(byte[] bytes, int at, Random random) {
        switch (random.nextInt(4)) {
            case 0, 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            case 2 -> bytes[at] = (byte) random.nextInt();
            default -> {
                int edge = EDGES[random.nextInt(EDGES.length)];
                if (at + Integer.BYTES <= bytes.length && random.nextBoolean()) {
                    LittleEndian.put32(bytes, at, edge);
                } else if (at + Short.BYTES <= bytes.length) {
                    LittleEndian.put16(bytes, at, edge);
                }
            }
        }
    }

    /** Damages a page where its structure is: header, line pointers, special area, tuples. */
    static void page(byte[] page, Random random) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at =
                    switch (random.nextInt(4)) {
                        case 0 -> 8 + random.nextInt(Page.HEADER_BYTES - 8);
                        case 1 -> Page.HEADER_BYTES + random.nextInt(200);
                        case 2 -> Page.SIZE - 1 - random.nextInt(24);
                        default -> random.nextInt(Page.SIZE);
                    };
            change(page, at, random);
        }
    }
}
