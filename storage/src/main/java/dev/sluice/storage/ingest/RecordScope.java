package dev.sluice.storage.ingest;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.change.PageChange;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The timeline as one record finds it, and what the record changes in it: the vocabulary in which a
 * Postgres major says what a record means. Used again for each record, between {@link #begin} and
 * {@link #end}.
 *
 * <p>Free space maps are not stored: they are hints, are only partly in WAL, and Postgres does
 * without. Whatever is said of that fork here is left out.
 *
 * <p>A block that becomes part of a relation or SLRU again after a truncation or removal has old
 * versions under its key, which must not show. Blocks that Postgres fills without a record (the gap
 * that an extension by several blocks leaves) are therefore put as pages of zeros. A block whose
 * first record is no complete page stands on zeros, too; that happens with visibility maps only, so
 * their blocks are put as zeros when they go away.
 */
public final class RecordScope {
    private static final Value.Image ZERO_PAGE = new Value.Image(new byte[Page.SIZE]);
    private static final Fork[] STORED_FORKS = {Fork.MAIN, Fork.VISIBILITY_MAP, Fork.INIT};

    /**
     * A fork grows by no more at once than this (1 GiB) or what it has. The most that Postgres
     * leaves out is when a hash index gets new buckets: half of those that there are, with a record
     * for the last.
     */
    private static final int MAX_GAP_BLOCKS = 131072;

    private final String timeline;
    private final TimelineReader reader;
    private final BlockCounts counts;
    private Lsn before;
    private WalRecord record;
    private ModificationSink sink;

    /**
     * @param timeline its name, for messages
     * @param at where the first record follows
     */
    @SuppressWarnings("NullAway.Init") // record and sink are set by begin, before anything else
    public RecordScope(String timeline, TimelineReader reader, Lsn at) {
        this.timeline = timeline;
        this.reader = reader;
        this.counts = new BlockCounts(reader);
        this.before = at;
    }

    public void begin(WalRecord next, ModificationSink into) {
        record = next;
        sink = into;
    }

    /** Puts what was held back, and moves past the record. */
    public void end() throws IOException {
        counts.putChanges(sink);
        before = record.end();
    }

    /** The end of the last ingested record. */
    public Lsn position() {
        return before;
    }

    public WalRecord record() {
        return record;
    }

    public IngestException refuse(String problem) {
        return new IngestException(timeline, record, problem);
    }

    public IngestException refuse(String problem, Throwable cause) {
        return new IngestException(timeline, record, problem, cause);
    }

    public void put(Key key, Value value) throws IOException {
        sink.put(key, value);
    }

    public void changed(SharedCatalog catalog) {
        sink.changed(catalog);
    }

    /** What a key held before this record; null if nothing. */
    public byte @Nullable [] read(Key key) throws IOException {
        byte[] bytes = reader.get(key, before);
        return bytes == null || bytes.length == 0 ? null : bytes;
    }

    /** The keys that existed before this record, from {@code from} up to but without {@code to}. */
    public List<Key> keys(Key from, Key to) throws IOException {
        List<Key> keys = new ArrayList<>();
        reader.scan(
                from,
                to,
                before,
                (key, bytes) -> {
                    if (bytes.length > 0) {
                        keys.add(key);
                    }
                });
        return keys;
    }

    /** Blocks of a fork; 0 if it does not exist. */
    public int blocks(RelFileLocator relation, Fork fork) throws IOException {
        return Math.max(0, counts.get(Key.relationSize(relation, fork), before));
    }

    /** Makes a fork, empty, if it does not exist. */
    public void createFork(RelFileLocator relation, Fork fork) throws IOException {
        checkPlace(relation);
        Key size = Key.relationSize(relation, fork);
        if (fork != Fork.FSM && counts.get(size, before) == BlockCounts.ABSENT) {
            counts.set(size, 0);
        }
    }

    /**
     * Puts a value under a block, and makes the fork as large as that needs.
     *
     * @param value what the record does to the block; not for {@link Fork#FSM}
     */
    public void putBlock(RelFileLocator relation, Fork fork, int block, Value value)
            throws IOException {
        checkPlace(relation);
        Key key = Key.relationBlock(relation, fork, block);
        Key size = Key.relationSize(relation, fork);
        int count = counts.get(size, before);
        if (block < 0) {
            throw refuse("block " + Integer.toUnsignedString(block) + " of " + relation);
        }
        if (block >= count) {
            checkGap(key, Math.max(0, count));
            for (int gap = Math.max(0, count); gap < block; gap++) {
                if (!registers(relation, fork, gap)) {
                    sink.put(Key.relationBlock(relation, fork, gap), ZERO_PAGE);
                }
            }
            counts.set(size, block + 1);
            if (!value.standsAlone()) {
                checkNothingBelow(key);
            }
        }
        sink.put(key, value);
    }

    /** Or a damaged block number would have us put millions of pages for one record. */
    private void checkGap(Key key, int count) throws IngestException {
        if (key.block() - count > Math.max(count, MAX_GAP_BLOCKS)) {
            throw refuse(key + " is far past the fork's end at " + count + " blocks");
        }
    }

    private boolean registers(RelFileLocator relation, Fork fork, int block) {
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)
                    && record.blockNumber(id) == block
                    && record.blockFork(id) == fork
                    && record.blockRelation(id).equals(relation)) {
                return true;
            }
        }
        return false;
    }

    private void checkNothingBelow(Key key) throws IOException {
        byte[] old = read(key);
        if (old != null && !Page.isAllZero(old)) {
            throw refuse("it changes " + key + ", which is past the fork's end");
        }
    }

    /** Makes a fork at least {@code blocks} long, with blocks of zeros. */
    public void extendFork(RelFileLocator relation, Fork fork, int blocks) throws IOException {
        Key size = Key.relationSize(relation, fork);
        int count = Math.max(0, counts.get(size, before));
        for (int block = count; block < blocks; block++) {
            sink.put(Key.relationBlock(relation, fork, block), ZERO_PAGE);
        }
        if (count < blocks) {
            counts.set(size, blocks);
        }
    }

    /** Cuts a fork down to {@code blocks}, if it is larger. */
    public void truncateFork(RelFileLocator relation, Fork fork, int blocks) throws IOException {
        checkPlace(relation);
        int count = blocks(relation, fork);
        if (count > blocks) {
            forgetMap(relation, fork, blocks, count);
            counts.set(Key.relationSize(relation, fork), blocks);
        }
    }

    /**
     * Removes all forks of a relation. A relation that is not stored is left alone: an unlogged one
     * has no main fork here.
     */
    public void dropRelation(RelFileLocator relation) throws IOException {
        checkPlace(relation);
        for (Fork fork : STORED_FORKS) {
            dropFork(relation, fork);
        }
    }

    public void dropFork(RelFileLocator relation, Fork fork) throws IOException {
        Key size = Key.relationSize(relation, fork);
        int count = counts.get(size, before);
        if (count != BlockCounts.ABSENT) {
            forgetMap(relation, fork, 0, count);
            counts.set(size, BlockCounts.ABSENT);
        }
    }

    private void forgetMap(RelFileLocator relation, Fork fork, int from, int to)
            throws IOException {
        for (int block = from; fork == Fork.VISIBILITY_MAP && block < to; block++) {
            sink.put(Key.relationBlock(relation, fork, block), ZERO_PAGE);
        }
    }

    /** Puts a page of zeros as an SLRU's block. */
    public void putZeroSlruBlock(Slru slru, long block) throws IOException {
        int checked = checkedSlruBlock(block);
        extendSlru(slru, checked);
        sink.put(Key.slruBlock(slru, checked), ZERO_PAGE);
    }

    /**
     * Changes an SLRU's block. One that is not there is made of zeros first, as recovery does
     * ({@code SlruPhysicalReadPage}): Postgres makes some without a record when it starts.
     */
    public void changeSlruBlock(Slru slru, int block, PageChange change) throws IOException {
        Key key = Key.slruBlock(slru, block);
        if (extendSlru(slru, block)) {
            byte[] page = new byte[Page.SIZE];
            change.apply(key, page);
            sink.put(key, new Value.Image(page));
        } else {
            sink.put(key, change.encode());
        }
    }

    /** Makes a block's segment as long as the block needs; false if it was so already. */
    private boolean extendSlru(Slru slru, int block) throws IOException {
        Key segment = Key.slruSegment(slru, block / Slru.BLOCKS_PER_SEGMENT);
        int inSegment = block % Slru.BLOCKS_PER_SEGMENT;
        int count = Math.max(0, counts.get(segment, before));
        if (inSegment < count) {
            return false;
        }
        for (int gap = count; gap < inSegment; gap++) {
            sink.put(Key.slruBlock(slru, block - inSegment + gap), ZERO_PAGE);
        }
        counts.set(segment, inSegment + 1);
        return true;
    }

    public boolean hasSlruBlock(Slru slru, int block) throws IOException {
        Key segment = Key.slruSegment(slru, block / Slru.BLOCKS_PER_SEGMENT);
        return block % Slru.BLOCKS_PER_SEGMENT < counts.get(segment, before);
    }

    private int checkedSlruBlock(long block) throws IngestException {
        if (block < 0 || block > Integer.MAX_VALUE) {
            throw refuse("SLRU page " + block);
        }
        return (int) block;
    }

    /** Removes an SLRU's segments that the test picks by their number. */
    public void dropSlruSegments(Slru slru, IntPredicate test) throws IOException {
        Key from = Key.slruSegment(slru, 0);
        Key to = Key.slruSegment(slru, -1);
        for (Key segment : keys(from, to)) {
            if (test.test(segment.block())) {
                counts.set(segment, BlockCounts.ABSENT);
            }
        }
    }

    /** Refuses what lies in a tablespace: a stateless compute has no place for one. */
    public void checkPlace(RelFileLocator relation) throws IngestException {
        if (!isSupported(relation.tablespace())) {
            throw refuseTablespace(relation.tablespace(), "relation " + relation);
        }
    }

    public void checkTablespace(int tablespace, String what) throws IngestException {
        if (!isSupported(tablespace)) {
            throw refuseTablespace(tablespace, what);
        }
    }

    private static boolean isSupported(int tablespace) {
        return tablespace == RelFileLocator.DEFAULT_TABLESPACE
                || tablespace == RelFileLocator.GLOBAL_TABLESPACE;
    }

    private IngestException refuseTablespace(int tablespace, String what) {
        return refuse(
                what
                        + " is in tablespace "
                        + Integer.toUnsignedString(tablespace)
                        + "; tablespaces are not supported");
    }
}
