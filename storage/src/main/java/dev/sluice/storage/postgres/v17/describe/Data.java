package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.walservice.wal.WalRecord;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A part of a record: its main data or one block's. Positions are relative to the part's beginning,
 * so that they are those of the struct in Postgres's source. What lies past the part's end throws
 * {@link IndexOutOfBoundsException}.
 */
final class Data {
    private final byte[] bytes;
    private final int offset;
    private final int length;

    private Data(byte[] bytes, int offset, int length) {
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
    }

    static Data main(WalRecord record) {
        return new Data(record.raw(), record.mainOffset(), record.mainLength());
    }

    /** A block's data; empty if the record has none of that block. */
    static Data block(WalRecord record, int id) {
        return record.hasBlock(id)
                ? new Data(record.raw(), record.blockDataOffset(id), record.blockDataLength(id))
                : new Data(record.raw(), 0, 0);
    }

    int length() {
        return length;
    }

    boolean isEmpty() {
        return length == 0;
    }

    private int at(int position, int size) {
        return offset + Objects.checkFromIndexSize(position, size, length);
    }

    int u8(int position) {
        return LittleEndian.u8(bytes, at(position, 1));
    }

    int i8(int position) {
        return bytes[at(position, 1)];
    }

    int u16(int position) {
        return LittleEndian.u16(bytes, at(position, 2));
    }

    int i32(int position) {
        return LittleEndian.i32(bytes, at(position, 4));
    }

    long i64(int position) {
        return LittleEndian.i64(bytes, at(position, 8));
    }

    double f64(int position) {
        return Double.longBitsToDouble(i64(position));
    }

    boolean flag(int position) {
        return u8(position) != 0;
    }

    /** {@code BlockIdData}: a block number in two halves, the high one first. */
    int blockId(int position) {
        return u16(position) << 16 | u16(position + 2);
    }

    /**
     * A count of things of {@code bytesEach} from {@code position} on, believed only if they are
     * there.
     */
    int checked(int count, int position, int bytesEach) {
        if (count < 0 || position > length || count > (length - position) / bytesEach) {
            throw new IndexOutOfBoundsException(
                    count + " of " + bytesEach + " bytes from byte " + position + " on");
        }
        return count;
    }

    /** A string up to its zero byte or the part's end, control characters escaped. */
    String text(int position) {
        int end = Objects.checkIndex(position, length);
        while (end < length && bytes[offset + end] != 0) {
            end++;
        }
        return text(position, end - position);
    }

    /** A string of so many bytes, the first zero byte ending it, control characters escaped. */
    String text(int position, int size) {
        int from = at(position, size);
        int used = 0;
        while (used < size && bytes[from + used] != 0) {
            used++;
        }
        String text = new String(bytes, from, used, StandardCharsets.UTF_8);
        if (text.chars().noneMatch(Character::isISOControl)) {
            return text;
        }
        StringBuilder escaped = new StringBuilder();
        text.chars()
                .forEach(c -> {
                    if (Character.isISOControl(c)) {
                        escaped.append(String.format("\\x%02x", c));
                    } else {
                        escaped.append((char) c);
                    }
                });
        return escaped.toString();
    }
}
