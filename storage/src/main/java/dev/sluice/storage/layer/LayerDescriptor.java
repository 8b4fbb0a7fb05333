package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.wire.Lsn;

/**
 * What is known of a layer file without opening it.
 *
 * @param number unique in its timeline, never used again
 * @param first its lowest key
 * @param last its highest key
 * @param after every version in it is after this LSN; of an image layer, the same as {@code upTo}
 * @param upTo no version in it is after this LSN
 * @param bytes the file's length
 * @param checksum the CRC32C in the file's footer
 */
public record LayerDescriptor(
        long number,
        Kind kind,
        Key first,
        Key last,
        Lsn after,
        Lsn upTo,
        long bytes,
        int checksum) {

    /** How a layer is to be read. */
    public enum Kind {
        /** As ingest left it: all keys of a short range of LSNs. */
        DELTA(1, "delta"),
        /** The content of keys at one LSN. A key that is not in it is looked for further back. */
        IMAGE(2, "image"),
        /** Several deltas merged: some keys of a long range of LSNs. */
        MERGED(3, "merged");

        private static final Kind[] BY_NUMBER = values();

        private final int number;
        private final String suffix;

        Kind(int number, String suffix) {
            this.number = number;
            this.suffix = suffix;
        }

        int number() {
            return number;
        }

        static boolean isNumber(int number) {
            return number >= 1 && number <= BY_NUMBER.length;
        }

        static Kind ofNumber(int number) {
            return BY_NUMBER[number - 1];
        }
    }

    public boolean isImage() {
        return kind == Kind.IMAGE;
    }

    /** Whether a version of one of these keys at or before an LSN may be here. */
    public boolean concerns(Key from, Key to, Lsn at) {
        boolean reached = isImage() ? !upTo.isAfter(at) : after.isBefore(at);
        return reached && overlaps(from, to);
    }

    public boolean overlaps(Key from, Key to) {
        return first.compareTo(to) <= 0 && last.compareTo(from) >= 0;
    }

    /** {@code <first key>-<last key>__<after>-<up to>-<number>.<kind>}, all hexadecimal. */
    public String fileName() {
        return hex(first)
                + "-"
                + hex(last)
                + "__"
                + String.format("%016X-%016X-%08X", after.value(), upTo.value(), number)
                + "."
                + kind.suffix;
    }

    /** Whether a file name has the form of {@link #fileName}. */
    public static boolean isFileName(String name) {
        return name.matches(
                "[0-9A-F]{36}-[0-9A-F]{36}__[0-9A-F]{16}-[0-9A-F]{16}-[0-9A-F]{8,16}"
                        + "\\.(delta|image|merged)");
    }

    private static String hex(Key key) {
        return String.format(
                "%02X%08X%08X%08X%02X%08X",
                key.kind(),
                key.tablespace(),
                key.database(),
                key.relation(),
                key.fork(),
                key.block());
    }
}
