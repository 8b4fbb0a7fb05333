package dev.sluice.walservice.wal;

/**
 * Postgres's own compression ({@code common/pg_lzcompress.c}), the reading half.
 *
 * <p>The stream is groups of one control byte and up to eight items, a bit each from the lowest: 0
 * is a literal byte; 1 is a match of two bytes, {@code oooollll oooooooo}: length {@code llll} + 3
 * (a third byte is added when that gives 18), copied from offset {@code o} bytes back, which may
 * overlap what it writes.
 */
public final class Pglz {
    private static final int LONGEST_SHORT_MATCH = 18;

    private Pglz() {}

    /**
     * Decompresses {@code length} bytes of {@code source} into exactly {@code targetLength} bytes.
     *
     * @return false if the stream is damaged: it ends early, is too long, or a match points before
     *     the target's start. The target then holds garbage.
     */
    public static boolean decompress(
            byte[] source,
            int offset,
            int length,
            byte[] target,
            int targetOffset,
            int targetLength) {
        int in = offset;
        int inEnd = offset + length;
        int out = targetOffset;
        int outEnd = targetOffset + targetLength;
        while (in < inEnd && out < outEnd) {
            int control = source[in++];
            for (int item = 0; item < 8 && in < inEnd && out < outEnd; item++, control >>= 1) {
                if ((control & 1) == 0) {
                    target[out++] = source[in++];
                    continue;
                }
                if (inEnd - in < 2) {
                    return false;
                }
                int matchLength = (source[in] & 0x0F) + 3;
                int back = (source[in] & 0xF0) << 4 | (source[in + 1] & 0xFF);
                in += 2;
                if (matchLength == LONGEST_SHORT_MATCH) {
                    if (in >= inEnd) {
                        return false;
                    }
                    matchLength += source[in++] & 0xFF;
                }
                if (back == 0 || back > out - targetOffset) {
                    return false;
                }
                for (int end = Math.min(out + matchLength, outEnd); out < end; out++) {
                    target[out] = target[out - back];
                }
            }
        }
        return in == inEnd && out == outEnd;
    }
}
