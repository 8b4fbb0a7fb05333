package dev.sluice.storage.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;

/**
 * Applies changes to pages, for one Postgres major. Pure: no I/O, no clock, no state; safe from any
 * thread.
 *
 * <p>The result is what Postgres's own recovery would leave, hint bits aside.
 */
public interface PageRedo {

    /**
     * Applies one change to a page in place.
     *
     * @param key the page's key: a relation block or an SLRU block
     * @param page 8192 bytes; all zero when the change stands alone and there was nothing before
     * @param change what to apply; not an {@link Value.Image}
     * @param end the LSN just after the change's WAL record: what the page's {@code pd_lsn} becomes
     *     where redo sets it
     * @throws RedoException when the change does not fit the page or is unknown; the page's content
     *     is then undefined
     */
    void apply(Key key, byte[] page, Value change, Lsn end) throws RedoException;

    /**
     * Applies a record in place that is already taken apart: the same as a {@link Value.Wal} of its
     * bytes at its end.
     */
    default void apply(Key key, byte[] page, WalRecord record) throws RedoException {
        apply(key, page, new Value.Wal(record.raw(), false), record.end());
    }
}
