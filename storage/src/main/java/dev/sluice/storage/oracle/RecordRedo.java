package dev.sluice.storage.oracle;

import dev.sluice.storage.ingest.ModificationSink;
import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * One record at a time: takes what ingest says that it changes, does that to the cluster at once,
 * and then holds the pages against the images that the record brings to be compared.
 */
final class RecordRedo implements ModificationSink {
    private static final int CHECKPOINT_SHUTDOWN = 0x00;

    /** What happened to a block that the record registers. */
    private enum Fate {
        NOT_FILED,
        MADE,
        REDONE,
        AHEAD,
        MISSING,
        FAILED
    }

    private final RedoneCluster cluster;
    private final PostgresMajor major;
    private final PageRedo redo;
    private final Consumer<String> differences;
    private final MissingPages missing = new MissingPages();
    private final Fate[] fates = new Fate[WalRecord.MAX_BLOCK_ID + 1];
    private final BareMapImages mapImages = new BareMapImages();
    private final byte[] page = new byte[Page.SIZE];
    private final byte[] expected = new byte[Page.SIZE];
    private boolean begun;
    private boolean fitsTogether;
    private Lsn lastChange = Lsn.INVALID;
    private WalRecord record;
    private TypeCount count;

    @SuppressWarnings("NullAway.Init") // record and count are set by begin, before anything else
    RecordRedo(
            RedoneCluster cluster,
            PostgresMajor major,
            PageRedo redo,
            Consumer<String> differences) {
        this.cluster = cluster;
        this.major = major;
        this.redo = redo;
        this.differences = differences;
    }

    void begin(WalRecord next, TypeCount ofType) {
        begun = true;
        record = next;
        count = ofType;
        count.records++;
        for (int id = 0; id < next.blockCount(); id++) {
            fates[id] = Fate.NOT_FILED;
            if (next.hasBlock(id) && next.blockHasImage(id) && !next.blockImageApplies(id)) {
                count.beside++;
            }
        }
    }

    @Override
    public void put(Key key, Value value) throws IOException {
        if (key.kind() != Key.CHECKPOINT && key.kind() != Key.CONTROL_FILE) {
            lastChange = record.start();
        }
        switch (key.kind()) {
            case Key.RELATION_BLOCK, Key.SLRU_BLOCK -> putBlock(key, value);
            case Key.RELATION_SIZE, Key.SLRU_SEGMENT -> putSize(key, content(key, value));
            default -> cluster.putFile(key, content(key, value));
        }
    }

    private static byte[] content(Key key, Value value) throws RedoException {
        if (value instanceof Value.Image image) {
            return image.bytes();
        }
        throw new RedoException("ingest gave a change for " + key + ", which has images only");
    }

    private void putSize(Key size, byte[] bytes) {
        if (bytes.length == 0) {
            cluster.remove(size);
            missing.forgetFrom(size, 0);
        } else {
            int blocks = BlockCount.decode(bytes);
            cluster.resize(size, blocks);
            missing.forgetFrom(size, blocks);
        }
    }

    private void putBlock(Key key, Value value) throws IOException {
        int id = idOf(key);
        Fate fate;
        if (value instanceof Value.Image image) {
            cluster.write(key, image.bytes());
            missing.forget(key);
            fate = Fate.MADE;
        } else {
            fate = redo(key, value);
        }
        if (id >= 0) {
            fates[id] = fate;
        }
    }

    /** The id under which the record registers a block; -1 if it does not. */
    private int idOf(Key key) {
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)
                    && record.blockNumber(id) == key.block()
                    && key.kind() == Key.RELATION_BLOCK
                    && record.blockFork(id).number() == key.fork()
                    && record.blockRelation(id).equals(key.locator())) {
                return id;
            }
        }
        return -1;
    }

    private Fate redo(Key key, Value change) throws IOException {
        cluster.read(key, page);
        if (!change.standsAlone() && isMissing(key)) {
            miss(key);
            return Fate.MISSING;
        }
        boolean ahead =
                change instanceof Value.Wal
                        && !change.standsAlone()
                        && Long.compareUnsigned(Page.lsn(page), record.end().value()) >= 0;
        try {
            redo.apply(key, page, change, record.end());
        } catch (RedoException | RuntimeException e) {
            differ(key, String.valueOf(e.getMessage()));
            return Fate.FAILED;
        }
        cluster.write(key, page);
        if (change.standsAlone()) {
            missing.forget(key);
        }
        if (ahead && fitsTogether) {
            differ(key, "the page has an LSN past the record's end");
        }
        return ahead ? Fate.AHEAD : Fate.REDONE;
    }

    /** Postgres reads visibility maps and SLRUs as zeros where they end. */
    private boolean isMissing(Key key) {
        return key.kind() == Key.RELATION_BLOCK
                && key.fork() != Fork.VISIBILITY_MAP.number()
                && Page.isNew(page);
    }

    private void miss(Key key) {
        if (fitsTogether) {
            differ(key, "the page is not there, or was never initialised");
        } else {
            missing.add(key, major.recordType(record) + " that ends at " + record.end());
        }
    }

    /** Counts the record's blocks, and compares those that have an image to be compared. */
    void checkBlocks() throws IOException {
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id) && record.blockFork(id) != Fork.FSM) {
                checkBlock(id);
            }
        }
    }

    private void checkBlock(int id) throws IOException {
        Key key = key(id);
        boolean image = record.blockImageApplies(id);
        switch (fates[id]) {
            case NOT_FILED -> {
                // FPI_FOR_HINT may register a block and ask for nothing.
                if (image || record.resourceManager() != ResourceManager.RM_XLOG_ID) {
                    differ(key, "ingest does not file the record under the block");
                    takeImage(id);
                }
            }
            case AHEAD, MISSING -> count.ahead++;
            case FAILED -> takeImage(id);
            case MADE, REDONE -> {
                if (image) {
                    count.images++;
                    mapImages.made(key, record, cluster);
                } else {
                    count.redone++;
                    compare(id, key);
                }
            }
        }
    }

    private Key key(int id) {
        return Key.relationBlock(
                record.blockRelation(id), record.blockFork(id), record.blockNumber(id));
    }

    private void compare(int id, Key key) throws IOException {
        if (!record.blockHasImage(id)) {
            return;
        }
        if (!restore(id, key)) {
            return;
        }
        cluster.read(key, page);
        count.checked++;
        mapImages.leaveOut(key, expected, page);
        String difference =
                major.differenceAfterRedo(expected, page, record.blockFork(id), key.block());
        if (difference != null) {
            differ(key, difference);
            takeImage(id);
        }
    }

    private boolean restore(int id, Key key) {
        try {
            record.restoreImage(id, expected);
            return true;
        } catch (WalFormatException e) {
            differ(key, String.valueOf(e.getMessage()));
            return false;
        }
    }

    /** Goes on with the page as Postgres made it, if the record has it. */
    private void takeImage(int id) throws IOException {
        Key key = key(id);
        if (!record.blockHasImage(id) || !restore(id, key)) {
            return;
        }
        if (!Page.isNew(expected)) {
            Page.setLsn(expected, record.end().value());
        }
        cluster.write(key, expected);
        Key size = RedoneCluster.mapOf(key);
        if (cluster.blocks(size) <= key.block()) {
            cluster.resize(size, key.block() + 1);
        }
    }

    /** The record could not be ingested: says so, and takes the images that it has. */
    void refused(Exception cause) throws IOException {
        count.differing++;
        String message = cause.getMessage();
        differences.accept(
                major.recordType(record)
                        + " that ends at "
                        + record.end()
                        + ": "
                        + (message == null ? cause.toString() : message));
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id) && record.blockFork(id) != Fork.FSM) {
                takeImage(id);
            }
        }
    }

    private void differ(Key key, String what) {
        count.differing++;
        differences.accept(
                major.recordType(record)
                        + " that ends at "
                        + record.end()
                        + ", "
                        + BlockNames.of(key)
                        + ": "
                        + what);
    }

    /** From now on no page may be missing, or newer than the record. */
    void setFitsTogether() {
        fitsTogether = true;
        missing.take().forEach(page -> differences.accept("missing: " + page));
    }

    /** Where the last record begins that changed anything but counters; invalid if none did. */
    Lsn lastChange() {
        return lastChange;
    }

    /** Whether the last record is a shutdown checkpoint. */
    boolean endsWithShutdown() {
        return begun
                && record.resourceManager() == ResourceManager.RM_XLOG_ID
                && record.rmgrInfo() == CHECKPOINT_SHUTDOWN;
    }

    boolean fitsTogether() {
        return fitsTogether;
    }
}
