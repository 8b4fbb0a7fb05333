package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import java.util.Arrays;

/**
 * Compressed posting lists ({@code ginpostinglist.c}): heap positions in ascending order.
 *
 * <pre>
 *   +------------------+-------+--------------------------+
 *   | first position   | bytes | differences, varbyte     |   an odd byte is padded with 0
 *   | 6                | u16   | 7 bits each, low first   |
 *   +------------------+-------+--------------------------+
 * </pre>
 *
 * A position is here a number: its block, then 11 bits of line pointer number.
 */
final class GinPostingList {
    static final int HEADER_BYTES = 8;

    private static final int OFFSET_NUMBER_BITS = 11;
    private static final int MAX_OFFSET_NUMBER = (1 << OFFSET_NUMBER_BITS) - 1;
    private static final int MAX_VARBYTES = 7;

    private GinPostingList() {}

    /**
     * The bytes of the list at {@code at}, padding included.
     *
     * @throws CorruptPageException if it does not end before {@code end}
     */
    static int checkedSize(byte[] bytes, int at, int end) throws CorruptPageException {
        if (end - at >= HEADER_BYTES) {
            int size = HEADER_BYTES + (LittleEndian.u16(bytes, at + 6) + 1 & ~1);
            if (size <= end - at) {
                return size;
            }
        }
        throw new CorruptPageException("posting list is cut short: " + (end - at) + " bytes");
    }

    /** The position at {@code at} as a number. */
    static long position(byte[] bytes, int at) throws CorruptPageException {
        int offsetNumber = IndexTuple.offsetNumber(bytes, at);
        if (offsetNumber < 1 || offsetNumber > MAX_OFFSET_NUMBER) {
            throw new CorruptPageException("heap position with line pointer " + offsetNumber);
        }
        return Integer.toUnsignedLong(IndexTuple.block(bytes, at)) << OFFSET_NUMBER_BITS
                | offsetNumber;
    }

    /** The positions of a list whose size was checked. */
    static long[] decode(byte[] bytes, int at) throws CorruptPageException {
        int from = at + HEADER_BYTES;
        int end = from + LittleEndian.u16(bytes, at + 6);
        long[] positions = new long[1 + end - from];
        positions[0] = position(bytes, at);
        int count = 1;
        int shift = 0;
        long difference = 0;
        for (int i = from; i < end; i++) {
            difference |= (bytes[i] & 0x7FL) << shift;
            if (bytes[i] < 0) {
                shift += 7;
                if (shift >= 7 * MAX_VARBYTES) {
                    throw new CorruptPageException("posting list's difference is too long");
                }
            } else {
                positions[count] = positions[count - 1] + difference;
                count++;
                shift = 0;
                difference = 0;
            }
        }
        if (shift != 0) {
            throw new CorruptPageException("posting list's last difference is cut short");
        }
        return Arrays.copyOf(positions, count);
    }

    /** {@code ginMergeItemPointers}: both, in order, what they share once. */
    static long[] merge(long[] some, long[] others) {
        long[] merged = Arrays.copyOf(some, some.length + others.length);
        System.arraycopy(others, 0, merged, some.length, others.length);
        Arrays.sort(merged);
        int count = 0;
        for (long position : merged) {
            if (count == 0 || merged[count - 1] != position) {
                merged[count++] = position;
            }
        }
        return Arrays.copyOf(merged, count);
    }

    /**
     * {@code ginCompressPostingList}.
     *
     * @param positions at least one, ascending
     * @return the list, padded
     * @throws CorruptPageException if it would be larger than a page
     */
    static byte[] encode(long[] positions) throws CorruptPageException {
        byte[] list = new byte[Page.SIZE];
        IndexTuple.setBlock(list, 0, (int) (positions[0] >>> OFFSET_NUMBER_BITS));
        IndexTuple.setOffsetNumber(list, 0, (int) positions[0] & MAX_OFFSET_NUMBER);
        int at = HEADER_BYTES;
        for (int i = 1; i < positions.length; i++) {
            if (at > list.length - MAX_VARBYTES - 1) {
                throw new CorruptPageException(
                        "posting list of " + positions.length + " positions exceeds a page");
            }
            long difference = positions[i] - positions[i - 1];
            for (; difference > 0x7F; difference >>>= 7) {
                list[at++] = (byte) (difference | 0x80);
            }
            list[at++] = (byte) difference;
        }
        LittleEndian.put16(list, 6, at - HEADER_BYTES);
        return Arrays.copyOf(list, at + (at & 1));
    }
}
