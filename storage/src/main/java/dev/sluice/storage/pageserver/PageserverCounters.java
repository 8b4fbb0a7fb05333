package dev.sluice.storage.pageserver;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.wire.Lsn;
import java.util.concurrent.atomic.LongAdder;

/** What a pageserver has done since it started. All only grow. */
public final class PageserverCounters {
    private final LongAdder pageRequests = new LongAdder();
    private final LongAdder pagesRead = new LongAdder();
    private final LongAdder pageReadNanos = new LongAdder();
    private final LongAdder pageReadErrors = new LongAdder();
    private final LongAdder changesRedone = new LongAdder();
    private final LongAdder redoNanos = new LongAdder();
    private final LongAdder recordsIngested = new LongAdder();
    private final LongAdder walBytesIngested = new LongAdder();
    private final LongAdder baseBackups = new LongAdder();

    PageserverCounters() {}

    void countRead(int pages, long nanos, boolean failed) {
        pageRequests.increment();
        pageReadNanos.add(nanos);
        if (failed) {
            pageReadErrors.increment();
        } else {
            pagesRead.add(pages);
        }
    }

    void countIngest(long records, long walBytes) {
        recordsIngested.add(records);
        walBytesIngested.add(walBytes);
    }

    void countBaseBackup() {
        baseBackups.increment();
    }

    /** The same redo, counted and timed. */
    PageRedo counted(PageRedo redo) {
        return new PageRedo() {
            @Override
            public void apply(Key key, byte[] page, Value change, Lsn end) throws RedoException {
                long start = System.nanoTime();
                redo.apply(key, page, change, end);
                redoNanos.add(System.nanoTime() - start);
                changesRedone.increment();
            }
        };
    }

    public long pageRequests() {
        return pageRequests.sum();
    }

    public long pagesRead() {
        return pagesRead.sum();
    }

    public long pageReadNanos() {
        return pageReadNanos.sum();
    }

    public long pageReadErrors() {
        return pageReadErrors.sum();
    }

    public long changesRedone() {
        return changesRedone.sum();
    }

    public long redoNanos() {
        return redoNanos.sum();
    }

    public long recordsIngested() {
        return recordsIngested.sum();
    }

    public long walBytesIngested() {
        return walBytesIngested.sum();
    }

    public long baseBackups() {
        return baseBackups.sum();
    }
}
