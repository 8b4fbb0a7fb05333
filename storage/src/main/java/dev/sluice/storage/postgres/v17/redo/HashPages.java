package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.util.Arrays;

/**
 * Hash index pages ({@code access/hash.h}).
 *
 * <pre>
 *   special area   u32 previous, u32 next, u32 bucket, u16 flags, u16 page id
 *   meta page      u32 magic, version; f64 tuples; u16 fill factor, page bytes, bitmap bytes, shift;
 *                  u32 max bucket, high mask, low mask, overflow point, first free, maps, function;
 *                  u32[98] spare pages; u32[1024] bitmap pages
 * </pre>
 */
final class HashPages {
    static final int SPECIAL_BYTES = 16;
    static final int NO_BLOCK = -1;

    static final int UNUSED = 0x0000;
    static final int OVERFLOW = 0x0001;
    static final int BITMAP = 0x0004;
    static final int META = 0x0008;
    static final int NEEDS_SPLIT_CLEANUP = 0x0040;
    static final int HAS_DEAD_TUPLES = 0x0080;

    private static final int PAGE_ID = 0xFF80;
    private static final int MAGIC = 0x6440640;
    private static final int VERSION = 4;

    private static final int CONTENT = Page.HEADER_BYTES;
    static final int TUPLES = CONTENT + 8;
    static final int MAX_BUCKET = CONTENT + 24;
    static final int HIGH_MASK = CONTENT + 28;
    static final int LOW_MASK = CONTENT + 32;
    static final int OVERFLOW_POINT = CONTENT + 36;
    static final int FIRST_FREE = CONTENT + 40;
    private static final int MAPS = CONTENT + 44;
    private static final int FUNCTION = CONTENT + 48;
    private static final int SPARES = CONTENT + 52;
    private static final int MAX_SPLITPOINTS = 98;
    private static final int MAP_BLOCKS = SPARES + 4 * MAX_SPLITPOINTS;
    private static final int MAX_MAPS = 1024;
    private static final int META_BYTES = 4544;

    private static final int PAGE_BYTES = Page.SIZE - Page.HEADER_BYTES - SPECIAL_BYTES;
    private static final int BITMAP_SHIFT = 12;
    private static final int ONE_PHASE_GROUPS = 10;
    private static final int MAX_BUCKETS = 0x40000000;

    private HashPages() {}

    static void init(byte[] page, int previous, int bucket, int flags) {
        Page.init(page, SPECIAL_BYTES);
        int special = Page.SIZE - SPECIAL_BYTES;
        LittleEndian.put32(page, special, previous);
        LittleEndian.put32(page, special + 4, NO_BLOCK);
        LittleEndian.put32(page, special + 8, bucket);
        LittleEndian.put16(page, special + 12, flags);
        LittleEndian.put16(page, special + 14, PAGE_ID);
    }

    private static int special(byte[] page) throws CorruptPageException {
        return Page.specialOf(page, SPECIAL_BYTES);
    }

    static void setPrevious(byte[] page, int block) throws CorruptPageException {
        LittleEndian.put32(page, special(page), block);
    }

    static void setNext(byte[] page, int block) throws CorruptPageException {
        LittleEndian.put32(page, special(page) + 4, block);
    }

    static void setFlags(byte[] page, int flags) throws CorruptPageException {
        LittleEndian.put16(page, special(page) + 12, flags);
    }

    static void clearFlags(byte[] page, int flags) throws CorruptPageException {
        int at = special(page) + 12;
        LittleEndian.put16(page, at, LittleEndian.u16(page, at) & ~flags);
    }

    /** {@code _hash_initbitmapbuffer}: all overflow pages taken. */
    static void initBitmap(byte[] page, int bytes) throws RedoException {
        if (bytes > PAGE_BYTES) {
            throw new RedoException("bitmap of " + bytes + " bytes");
        }
        init(page, NO_BLOCK, NO_BLOCK, BITMAP);
        Arrays.fill(page, CONTENT, CONTENT + bytes, (byte) 0xFF);
        Page.setLower(page, CONTENT + bytes);
    }

    /** Sets or clears a bitmap page's bit, from the lowest of the first byte. */
    static void setBit(byte[] page, int bit, boolean set) throws RedoException {
        int at = CONTENT + (bit >>> 3);
        if (bit < 0 || at >= CONTENT + PAGE_BYTES) {
            throw new RedoException("no bit " + Integer.toUnsignedString(bit) + " in a bitmap");
        }
        int mask = 1 << (bit & 7);
        page[at] = (byte) (set ? page[at] | mask : page[at] & ~mask);
    }

    /** {@code _hash_init_metabuffer}. */
    static void initMeta(byte[] page, double tuples, int function, int fillFactor) {
        int buckets = buckets(tuples / fillFactor);
        int spare = spareIndex(buckets);
        int highMask = nextPowerOfTwo(buckets + 1) - 1;
        init(page, NO_BLOCK, NO_BLOCK, META);
        LittleEndian.put32(page, CONTENT, MAGIC);
        LittleEndian.put32(page, CONTENT + 4, VERSION);
        LittleEndian.put16(page, CONTENT + 16, fillFactor);
        LittleEndian.put16(page, CONTENT + 18, PAGE_BYTES);
        LittleEndian.put16(page, CONTENT + 20, 1 << BITMAP_SHIFT);
        LittleEndian.put16(page, CONTENT + 22, BITMAP_SHIFT + 3);
        LittleEndian.put32(page, MAX_BUCKET, buckets - 1);
        LittleEndian.put32(page, HIGH_MASK, highMask);
        LittleEndian.put32(page, LOW_MASK, highMask >>> 1);
        LittleEndian.put32(page, OVERFLOW_POINT, spare);
        LittleEndian.put32(page, FUNCTION, function);
        LittleEndian.put32(page, SPARES + 4 * spare, 1);
        Page.setLower(page, CONTENT + META_BYTES);
    }

    private static int buckets(double wanted) {
        if (!(wanted > 2.0)) {
            return 2;
        }
        return wanted >= MAX_BUCKETS ? MAX_BUCKETS : totalBuckets(spareIndex((int) wanted));
    }

    private static int nextPowerOfTwo(int value) {
        return 1 << ceilLog2(value);
    }

    private static int ceilLog2(int value) {
        return 32 - Integer.numberOfLeadingZeros(value - 1);
    }

    /** {@code _hash_spareindex}: the splitpoint phase that a number of buckets belongs to. */
    private static int spareIndex(int buckets) {
        int group = ceilLog2(buckets);
        if (group < ONE_PHASE_GROUPS) {
            return group;
        }
        int phase = ((buckets - 1) >>> (group - 3)) & 3;
        return ONE_PHASE_GROUPS + (group - ONE_PHASE_GROUPS) * 4 + phase;
    }

    /** {@code _hash_get_totalbuckets}: buckets up to a splitpoint phase. */
    private static int totalBuckets(int phase) {
        if (phase < ONE_PHASE_GROUPS) {
            return 1 << phase;
        }
        int half = 1 << (ONE_PHASE_GROUPS + (phase - ONE_PHASE_GROUPS) / 4 - 1);
        return half + half / 4 * ((phase - ONE_PHASE_GROUPS) % 4 + 1);
    }

    /** Adds a bitmap page to the meta page's list. */
    static void addMap(byte[] page, int block) throws CorruptPageException {
        int maps = LittleEndian.i32(page, MAPS);
        if (maps < 0 || maps >= MAX_MAPS) {
            throw new CorruptPageException("no room for bitmap page " + maps);
        }
        LittleEndian.put32(page, MAP_BLOCKS + 4 * maps, block);
        LittleEndian.put32(page, MAPS, maps + 1);
    }

    /** Adds to the spare pages of the current overflow point. */
    static void addSpares(byte[] page, int pages) throws CorruptPageException {
        int at = spare(LittleEndian.i32(page, OVERFLOW_POINT));
        LittleEndian.put32(page, at, LittleEndian.i32(page, at) + pages);
    }

    /** Where the spare pages of an overflow point are counted. */
    static int spare(int overflowPoint) throws CorruptPageException {
        if (overflowPoint < 0 || overflowPoint >= MAX_SPLITPOINTS) {
            throw new CorruptPageException(
                    "no overflow point " + Integer.toUnsignedString(overflowPoint));
        }
        return SPARES + 4 * overflowPoint;
    }
}
