package dev.sluice.storage.postgres.v17.view;

/**
 * What an access method keeps on its pages. Positions come from a page that may be damaged: what
 * lies outside of it throws {@link IndexOutOfBoundsException}, which {@link PageViewer} turns into
 * a problem.
 */
interface KindView {
    /** What the page is, more closely: {@code btree leaf}. */
    String name(byte[] page, int block);

    /** Fields of the special area, which begins at {@code at}. */
    default void special(byte[] page, int at, Fields out) {}

    /** What there is besides items. */
    default void content(byte[] page, int block, Fields out) {}

    /** Whether there are line pointers after the page's header, and not something else. */
    default boolean hasItems(byte[] page) {
        return true;
    }

    /** An item with storage. */
    default void item(byte[] page, int at, int length, Fields out) {
        out.data(at, length);
    }
}
