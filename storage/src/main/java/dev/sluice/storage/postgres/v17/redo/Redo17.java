package dev.sluice.storage.postgres.v17.redo;

import static dev.sluice.walservice.wal.ResourceManager.RM_BRIN_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_BTREE_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_GENERIC_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_GIN_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_GIST_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_HASH_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_HEAP2_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_HEAP_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_SEQ_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_SPGIST_ID;
import static dev.sluice.walservice.wal.ResourceManager.RM_XLOG_ID;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.redo.change.PageChange;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;

/**
 * Redo as Postgres 17 does it ({@code XLogReadBufferForRedoExtended} in {@code xlogutils.c} and
 * each resource manager's redo function).
 *
 * <p>A block whose image applies becomes that image. Otherwise, unless the record initialises the
 * page, a page whose LSN is already at or past the record's end is left alone, and one that was
 * never initialised is an error.
 *
 * <p>Two things of a page that Postgres's recovery may leave otherwise, neither of which anything
 * depends on: bytes between {@code pd_lower} and {@code pd_upper}, and the LSN of a heap page that
 * a Heap2 VISIBLE record marks (Postgres moves it only when data checksums or {@code wal_log_hints}
 * are on).
 */
public final class Redo17 implements PageRedo {
    private final ManagerRedo xlog = new XlogRedo();
    private final ManagerRedo heap = new HeapRedo();
    private final ManagerRedo heap2 = new Heap2Redo();
    private final ManagerRedo btree = new BtreeRedo();
    private final ManagerRedo sequence = new SequenceRedo();
    private final ManagerRedo spgist = new SpgistRedo();
    private final ManagerRedo gist = new GistRedo();
    private final ManagerRedo gin = new GinRedo();
    private final ManagerRedo brin = new BrinRedo();
    private final ManagerRedo generic = new GenericRedo();
    private final ManagerRedo hash = new HashRedo();
    private final ManagerRedo imagesOnly = new ImagesOnlyRedo();

    @Override
    public void apply(Key key, byte[] page, Value change, Lsn end) throws RedoException {
        switch (change) {
            case Value.Wal wal -> apply(key, page, parse(wal.record(), end));
            case Value.Change implied -> applyImplied(key, page, implied, end);
            case Value.Image image ->
                    throw new RedoException(
                            "an image of " + image.bytes().length + " bytes is not redone");
        }
    }

    private static void applyImplied(Key key, byte[] page, Value.Change change, Lsn end)
            throws RedoException {
        try {
            PageChange.apply(change, key, page);
        } catch (RedoException e) {
            throw new RedoException(
                    "change of the record that ends at " + end + ": " + e.getMessage(), e);
        }
    }

    private static WalRecord parse(byte[] raw, Lsn end) throws RedoException {
        try {
            return WalRecord.parse(raw, end, end);
        } catch (WalFormatException e) {
            throw new RedoException(
                    RecordTypes.describeUnread(raw)
                            + " that ends at "
                            + end
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    @Override
    public void apply(Key key, byte[] page, WalRecord record) throws RedoException {
        boolean found = false;
        for (int block = 0; block < record.blockCount(); block++) {
            if (record.hasBlock(block) && isBlock(record, block, key)) {
                applyBlock(record, block, key, page);
                found = true;
            }
        }
        if (!found) {
            throw new RedoException(
                    RecordTypes.describe(record) + " does not refer to " + describe(key));
        }
    }

    private static boolean isBlock(WalRecord record, int block, Key key) {
        return record.blockNumber(block) == key.block()
                && record.blockFork(block).number() == key.fork()
                && record.blockRelation(block).relation() == key.relation()
                && record.blockRelation(block).database() == key.database()
                && record.blockRelation(block).tablespace() == key.tablespace()
                && key.kind() == Key.RELATION_BLOCK;
    }

    private void applyBlock(WalRecord record, int block, Key key, byte[] page)
            throws RedoException {
        try {
            if (record.blockImageApplies(block)) {
                restoreImage(record, block, page);
            } else if (needsRedo(record, block, page)
                    && manager(record.resourceManager()).redo(record, block, page)) {
                Page.setLsn(page, record.end().value());
            }
        } catch (RedoException | CorruptPageException | WalFormatException e) {
            throw new RedoException(describe(record, block, key) + ": " + e.getMessage(), e);
        } catch (RuntimeException e) {
            // A position that no check caught; the record or the page is damaged all the same.
            throw new RedoException(describe(record, block, key) + ": " + e, e);
        }
    }

    /**
     * Makes a page from the image that a record brings of it to be applied: what redo of that block
     * is.
     *
     * @param page 8192 bytes; what they hold does not matter
     * @throws WalFormatException if the image does not decompress to a page
     * @throws RedoException if it is not the page that the record needs
     */
    public static void restoreImage(WalRecord record, int block, byte[] page)
            throws WalFormatException, RedoException {
        record.restoreImage(block, page);
        if (!Page.isNew(page)) {
            Page.setLsn(page, record.end().value());
        }
        completeImage(record, block, page);
    }

    /** What a record changes on a page even though its image was applied. */
    private static void completeImage(WalRecord record, int block, byte[] page)
            throws RedoException {
        try {
            if (GistRedo.completesSplit(record, block)) {
                GistPages.completeSplit(page, record.end().value());
            } else if (HashRedo.setsBucketFlags(record, block)) {
                HashRedo.setBucketFlags(record, block, page);
            }
        } catch (CorruptPageException e) {
            throw new RedoException(
                    RecordTypes.describe(record)
                            + ", image of block "
                            + block
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private static boolean needsRedo(WalRecord record, int block, byte[] page)
            throws RedoException {
        if (record.blockWillInit(block)) {
            return true;
        }
        if (Page.isNew(page) && !VisibleRedo.initializes(record, block)) {
            throw new RedoException("the page was never initialized");
        }
        return Long.compareUnsigned(Page.lsn(page), record.end().value()) < 0;
    }

    private ManagerRedo manager(int id) {
        return switch (id) {
            case RM_XLOG_ID -> xlog;
            case RM_HEAP_ID -> heap;
            case RM_HEAP2_ID -> heap2;
            case RM_BTREE_ID -> btree;
            case RM_HASH_ID -> hash;
            case RM_GIN_ID -> gin;
            case RM_GIST_ID -> gist;
            case RM_SEQ_ID -> sequence;
            case RM_SPGIST_ID -> spgist;
            case RM_BRIN_ID -> brin;
            case RM_GENERIC_ID -> generic;
            default -> imagesOnly;
        };
    }

    private static String describe(WalRecord record, int block, Key key) {
        return RecordTypes.describe(record) + ", block " + block + " = " + describe(key);
    }

    private static String describe(Key key) {
        return key.kind() == Key.RELATION_BLOCK
                ? "relation "
                        + key.locator()
                        + " fork "
                        + key.fork()
                        + " block "
                        + Integer.toUnsignedString(key.block())
                : key.toString();
    }
}
