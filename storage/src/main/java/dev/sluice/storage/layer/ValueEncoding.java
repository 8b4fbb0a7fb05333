package dev.sluice.storage.layer;

import dev.sluice.storage.key.Value;

/**
 * A {@link Value} as a number, which says its kind, and bytes.
 *
 * <pre>
 *   1  Image
 *   2  Wal
 *   3  Wal that initializes its page
 *   4  Change
 * </pre>
 */
final class ValueEncoding {
    static final int IMAGE = 1;
    static final int WAL = 2;
    static final int WAL_INITIALIZES = 3;
    static final int CHANGE = 4;

    private ValueEncoding() {}

    static int kind(Value value) {
        return switch (value) {
            case Value.Image _ -> IMAGE;
            case Value.Wal wal -> wal.initializes() ? WAL_INITIALIZES : WAL;
            case Value.Change _ -> CHANGE;
        };
    }

    static byte[] bytes(Value value) {
        return switch (value) {
            case Value.Image image -> image.bytes();
            case Value.Wal wal -> wal.record();
            case Value.Change change -> change.bytes();
        };
    }

    static boolean isKind(int kind) {
        return kind >= IMAGE && kind <= CHANGE;
    }

    static boolean standsAlone(int kind) {
        return kind == IMAGE || kind == WAL_INITIALIZES;
    }

    static Value decode(int kind, byte[] bytes) {
        return switch (kind) {
            case IMAGE -> bytes.length == 0 ? Value.Image.REMOVED : new Value.Image(bytes);
            case WAL -> new Value.Wal(bytes, false);
            case WAL_INITIALIZES -> new Value.Wal(bytes, true);
            case CHANGE -> new Value.Change(bytes);
            default -> throw new IllegalArgumentException("no such kind of value: " + kind);
        };
    }
}
