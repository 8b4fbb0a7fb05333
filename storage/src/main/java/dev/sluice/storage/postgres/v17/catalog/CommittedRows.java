package dev.sluice.storage.postgres.v17.catalog;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.HeapTuple;
import dev.sluice.storage.page.LinePointer;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.postgres.StoredState;
import dev.sluice.storage.redo.change.TransactionStatus;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The rows of a catalog that were committed and not yet deleted: a transaction that had not ended
 * counts as aborted, since from that moment on that is what would become of it.
 */
final class CommittedRows {
    /** What the commit log has for a transaction, two bits each, four in a byte. */
    private static final int COMMITTED = 1;

    private static final int PER_BYTE = 4;
    private static final byte[] NO_PAGE = new byte[Page.SIZE];

    private final StoredState state;
    private final Map<Integer, byte[]> commitLog = new HashMap<>();

    CommittedRows(StoredState state) {
        this.state = state;
    }

    /** Receives rows; returns whether it wants more. */
    interface Visitor {
        /**
         * @param data where the row's columns begin on the page
         * @param length bytes of them
         */
        boolean visit(byte[] page, int data, int length) throws IOException;
    }

    /**
     * Visits the rows of a table.
     *
     * @throws IOException if a page cannot be read or is no heap page
     */
    void scan(RelFileLocator table, Visitor visitor) throws IOException {
        byte[] size = state.read(Key.relationSize(table, Fork.MAIN));
        if (size == null) {
            throw new IOException("the catalog " + table + " does not exist");
        }
        int blocks = BlockCount.decode(size);
        for (int block = 0; block < blocks; block++) {
            byte[] page = state.read(Key.relationBlock(table, Fork.MAIN, block));
            try {
                if (page != null && !Page.isNew(page) && !scanPage(page, visitor)) {
                    return;
                }
            } catch (CorruptPageException e) {
                throw new IOException(table + " block " + block + ": " + e.getMessage(), e);
            }
        }
    }

    private boolean scanPage(byte[] page, Visitor visitor)
            throws IOException, CorruptPageException {
        for (int item = 1; item <= LinePointer.count(page); item++) {
            int pointer = LinePointer.get(page, item);
            if (LinePointer.state(pointer) != LinePointer.NORMAL) {
                continue;
            }
            int tuple = LinePointer.offset(pointer);
            int length = LinePointer.length(pointer);
            if (length < HeapTuple.HEADER_BYTES || tuple + length > Page.SIZE) {
                throw new CorruptPageException("item " + item + " does not lie on the page");
            }
            int data = HeapTuple.dataOffset(page, tuple);
            if (isVisible(page, tuple)
                    && data <= length
                    && !visitor.visit(page, tuple + data, length - data)) {
                return false;
            }
        }
        return true;
    }

    private boolean isVisible(byte[] page, int tuple) throws IOException {
        int infomask = HeapTuple.infomask(page, tuple);
        boolean inserted =
                HeapTuple.isXminFrozen(infomask) || isCommitted(HeapTuple.xmin(page, tuple));
        return inserted && !isDeleted(page, tuple, infomask);
    }

    private boolean isDeleted(byte[] page, int tuple, int infomask) throws IOException {
        int xmax = HeapTuple.xmax(page, tuple);
        if (xmax == 0
                || (infomask & HeapTuple.XMAX_INVALID) != 0
                || HeapTuple.isLockedOnly(infomask)) {
            return false;
        }
        if ((infomask & HeapTuple.XMAX_IS_MULTI) != 0) {
            OptionalInt updater = new MultixactUpdater(state).of(xmax);
            return updater.isPresent() && isCommitted(updater.getAsInt());
        }
        return isCommitted(xmax);
    }

    private boolean isCommitted(int xid) throws IOException {
        if (!TransactionIds.isNormal(xid)) {
            return xid != TransactionIds.INVALID;
        }
        int block = TransactionStatus.block(xid);
        byte[] page = commitLog.get(block);
        if (page == null) {
            byte[] stored = state.read(Key.slruBlock(Slru.CLOG, block));
            page = stored == null ? NO_PAGE : stored;
            commitLog.put(block, page);
        }
        int entry = Integer.remainderUnsigned(xid, TransactionStatus.XIDS_PER_BLOCK);
        int shift = 2 * (entry % PER_BYTE);
        return (page[entry / PER_BYTE] >>> shift & 3) == COMMITTED;
    }
}
