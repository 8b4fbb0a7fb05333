package dev.sluice.benchmarks.redo;

import dev.sluice.storage.ingest.ModificationSink;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The newest version of everything: each change is applied as soon as ingest names it. Page buffers
 * are made beforehand, as Postgres makes its shared buffers before recovery begins.
 */
@SuppressWarnings("ReferenceEquality") // ABSENT is a marker
final class PagesInMemory implements ModificationSink, TimelineReader {

    interface PageVisitor {
        void visit(Key key, byte[] page) throws IOException;
    }

    private static final byte[] ABSENT = {};
    private static final byte[][] NO_PAGES = {};

    private final BaseDirectory base;
    private final PageRedo redo;
    private final byte[][] buffers;
    private int used;

    /** Pages by block, by the key of their fork's or SLRU's first block. */
    private final Map<Key, byte[][]> forks = new HashMap<>();

    private final Map<Key, byte[]> others = new HashMap<>();
    private @Nullable WalRecord record;

    PagesInMemory(BaseDirectory base, PageRedo redo, int buffers) {
        this.base = base;
        this.redo = redo;
        this.buffers = new byte[buffers][];
        for (int i = 0; i < buffers; i++) {
            this.buffers[i] = new byte[Page.SIZE];
        }
    }

    /** What is put from now on belongs to this record. */
    void begin(WalRecord next) {
        record = next;
    }

    int pages() {
        return used;
    }

    static boolean isPage(Key key) {
        return key.kind() == Key.RELATION_BLOCK || key.kind() == Key.SLRU_BLOCK;
    }

    @Override
    public void put(Key key, Value value) throws IOException {
        if (!isPage(key)) {
            others.put(key, ((Value.Image) value).bytes());
            return;
        }
        byte[] page = page(key, value.standsAlone());
        switch (value) {
            case Value.Image(byte[] bytes) -> System.arraycopy(bytes, 0, page, 0, Page.SIZE);
            case Value.Wal _ -> redo.apply(key, page, record());
            case Value.Change change -> redo.apply(key, page, change, record().end());
        }
    }

    private WalRecord record() {
        if (record == null) {
            throw new IllegalStateException("no record has begun");
        }
        return record;
    }

    private byte[] page(Key key, boolean fromNothing) throws IOException {
        byte[][] fork = forks.getOrDefault(forkOf(key), NO_PAGES);
        byte[] page = key.block() < fork.length ? fork[key.block()] : ABSENT;
        return page != ABSENT ? page : newPage(key, fromNothing);
    }

    private byte[] newPage(Key key, boolean fromNothing) throws IOException {
        if (used == buffers.length) {
            throw new IOException("more pages than " + used);
        }
        byte[] page = buffers[used];
        used++;
        if (!fromNothing) {
            base.readPage(key, page);
        }
        byte[][] fork = forks.getOrDefault(forkOf(key), NO_PAGES);
        int length = fork.length;
        if (key.block() >= length) {
            fork = Arrays.copyOf(fork, Math.max(key.block() + 1, 2 * length));
            Arrays.fill(fork, length, fork.length, ABSENT);
            forks.put(forkOf(key), fork);
        }
        fork[key.block()] = page;
        return page;
    }

    private static Key forkOf(Key key) {
        return new Key(key.kind(), key.tablespace(), key.database(), key.relation(), key.fork(), 0);
    }

    @Override
    public byte @Nullable [] get(Key key, Lsn at) throws IOException {
        if (isPage(key)) {
            return page(key, false);
        }
        byte[] bytes = others.get(key);
        return bytes != null ? bytes : base.other(key);
    }

    @Override
    public void scan(Key from, Key to, Lsn at, Visitor visitor) throws IOException {
        throw new IOException("the benchmark's WAL was not to have a record that needs a scan");
    }

    void visit(PageVisitor visitor) throws IOException {
        for (Map.Entry<Key, byte[][]> fork : forks.entrySet()) {
            byte[][] pages = fork.getValue();
            Key key = fork.getKey();
            for (int block = 0; block < pages.length; block++) {
                if (pages[block] != ABSENT) {
                    visitor.visit(
                            new Key(
                                    key.kind(),
                                    key.tablespace(),
                                    key.database(),
                                    key.relation(),
                                    key.fork(),
                                    block),
                            pages[block]);
                }
            }
        }
    }
}
