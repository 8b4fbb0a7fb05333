package dev.sluice.walservice.wal;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.util.Arrays;
import java.util.Optional;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.jspecify.annotations.Nullable;

/**
 * A full-page image in a record: the page without its hole of zeros, possibly compressed. Source:
 * {@code XLogRecordBlockImageHeader} in {@code access/xlogrecord.h}, {@code RestoreBlockImage} in
 * {@code access/transam/xlogreader.c}.
 *
 * @param offset where the stored bytes begin in the record
 * @param length how many there are, 1 to 8192
 * @param holeOffset where the hole begins on the page
 * @param holeLength bytes of the hole; 0 if none
 * @param info {@code bimg_info}
 */
record PageImage(int offset, int length, int holeOffset, int holeLength, int info) {
    static final int PAGE_SIZE = 8192;

    static final int HAS_HOLE = 0x01;
    static final int APPLY = 0x02;
    static final int PGLZ = 0x04;
    static final int LZ4 = 0x08;
    static final int ZSTD = 0x10;
    static final int COMPRESSED = PGLZ | LZ4 | ZSTD;

    /** The name of the method that {@code wal_compression} has; empty if not compressed. */
    static Optional<String> compression(int info) {
        return switch (info & COMPRESSED) {
            case PGLZ -> Optional.of("pglz");
            case LZ4 -> Optional.of("lz4");
            case ZSTD -> Optional.of("zstd");
            default -> Optional.empty();
        };
    }

    /** What is wrong with an image's header; null if nothing. */
    static @Nullable String problem(int length, int holeOffset, int holeLength, int info) {
        boolean hole = (info & HAS_HOLE) != 0;
        boolean compressed = (info & COMPRESSED) != 0;
        if ((info & ~(HAS_HOLE | APPLY | COMPRESSED)) != 0
                || Integer.bitCount(info & COMPRESSED) > 1) {
            return "unknown flags " + Integer.toHexString(info);
        }
        if (length == 0 || length > PAGE_SIZE || (length == PAGE_SIZE && (hole || compressed))) {
            return "flags " + Integer.toHexString(info) + " and " + length + " bytes";
        }
        if (hole != (holeLength != 0)
                || hole != (holeOffset != 0)
                || holeOffset + holeLength > PAGE_SIZE) {
            return "a hole of " + holeLength + " bytes at " + holeOffset;
        }
        return null;
    }

    /** Writes the whole page; false if the stored bytes do not decompress to its length. */
    boolean restore(byte[] raw, byte[] page) {
        int stored = PAGE_SIZE - holeLength;
        if (page.length < PAGE_SIZE) {
            throw new IllegalArgumentException("a page buffer of " + page.length + " bytes");
        }
        if (!unpack(raw, page, stored)) {
            return false;
        }
        if (holeLength > 0) {
            int afterHole = holeOffset + holeLength;
            System.arraycopy(page, holeOffset, page, afterHole, PAGE_SIZE - afterHole);
            Arrays.fill(page, holeOffset, afterHole, (byte) 0);
        }
        return true;
    }

    private boolean unpack(byte[] raw, byte[] page, int stored) {
        return switch (info & COMPRESSED) {
            case 0 -> {
                System.arraycopy(raw, offset, page, 0, stored);
                yield true;
            }
            case PGLZ -> Pglz.decompress(raw, offset, length, page, 0, stored);
            case LZ4 -> unpackLz4(raw, page, stored);
            default -> unpackZstd(raw, page, stored);
        };
    }

    private boolean unpackLz4(byte[] raw, byte[] page, int stored) {
        try {
            return Lz4.DECOMPRESSOR.decompress(raw, offset, length, page, 0, stored) == stored;
        } catch (LZ4Exception e) {
            return false;
        }
    }

    private boolean unpackZstd(byte[] raw, byte[] page, int stored) {
        try {
            return Zstd.decompressByteArray(page, 0, stored, raw, offset, length) == stored;
        } catch (ZstdException e) {
            return false;
        }
    }

    /** Loaded only when a cluster compresses with lz4. */
    private static final class Lz4 {
        static final LZ4SafeDecompressor DECOMPRESSOR =
                LZ4Factory.fastestInstance().safeDecompressor();
    }
}
