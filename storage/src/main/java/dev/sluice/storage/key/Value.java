package dev.sluice.storage.key;

/**
 * What a key became at an LSN. A value that {@link #standsAlone} needs nothing older; the others
 * are applied, in LSN order, to what was there before.
 *
 * <p>The byte arrays are shared, never copied, and must not be changed by anyone.
 */
public sealed interface Value {

    boolean standsAlone();

    /** The whole content: a page, a size, a file. Empty where the key's thing was removed. */
    @SuppressWarnings("ArrayRecordComponent") // never compared; identity is enough
    record Image(byte[] bytes) implements Value {
        public static final Image REMOVED = new Image(new byte[0]);

        @Override
        public boolean standsAlone() {
            return true;
        }
    }

    /**
     * A WAL record as Postgres wrote it, header included, to be redone on the page that the key
     * names.
     *
     * @param record the whole record, contiguous
     * @param initializes the record says how to make the page from nothing ({@code
     *     BKPBLOCK_WILL_INIT} or a full-page image), so older versions do not matter
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared; identity is enough
    record Wal(byte[] record, boolean initializes) implements Value {
        @Override
        public boolean standsAlone() {
            return initializes;
        }
    }

    /**
     * A change that a WAL record implies for a page it does not register (visibility map bits,
     * commit log status, multixact entries), in the form that the Postgres major's ingest encoded
     * and its redo understands.
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared; identity is enough
    record Change(byte[] bytes) implements Value {
        @Override
        public boolean standsAlone() {
            return false;
        }
    }
}
