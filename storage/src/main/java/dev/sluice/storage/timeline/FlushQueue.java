package dev.sluice.storage.timeline;

import dev.sluice.storage.layer.OpenLayer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Open layers that nothing more is put into and that wait to be written as files: in the order of
 * their positions, one at a time, in the background.
 *
 * <p>After a failure they stay, and are tried again when the next one comes or somebody waits.
 */
final class FlushQueue {
    private static final Logger log = LoggerFactory.getLogger(FlushQueue.class);

    /** A layer, and the position that it reaches. */
    record Frozen(OpenLayer layer, TimelinePosition upTo) {}

    /** Writes a layer durably and lets readers see the file in its place. */
    interface Flush {
        void flush(Frozen next) throws IOException;
    }

    private final LayerDirectory directory;
    private final Executor background;
    private final Flush flush;
    private final Complaint complaint = new Complaint();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Frozen> waiting = new ArrayDeque<>();
    private boolean running;
    private @Nullable IOException failure;
    private boolean closed;

    FlushQueue(LayerDirectory directory, Executor background, Flush flush) {
        this.directory = directory;
        this.background = background;
        this.flush = flush;
    }

    void add(Frozen layer) {
        lock.lock();
        try {
            waiting.add(layer);
            start();
        } finally {
            lock.unlock();
        }
    }

    /** Where the last of them ends; null when none waits. */
    @Nullable TimelinePosition end() {
        lock.lock();
        try {
            return waiting.isEmpty() ? null : waiting.getLast().upTo();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until fewer than {@code count} are left.
     *
     * @throws IOException when a layer cannot be written
     */
    void awaitFewerThan(int count) throws IOException {
        lock.lock();
        try {
            start();
            while (waiting.size() >= count) {
                if (closed) {
                    throw new IOException(directory + " is closed");
                }
                if (failure != null) {
                    throw directory.cannotWrite(failure);
                }
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private void start() {
        if (!running && !closed && !waiting.isEmpty()) {
            running = true;
            failure = null;
            background.execute(this::flushAll);
        }
    }

    private void flushAll() {
        Frozen next = next();
        while (next != null) {
            try {
                flush.flush(next);
            } catch (IOException | RuntimeException e) {
                if (complaint.failed(System.nanoTime())) {
                    log.error("cannot write a layer to {}", directory, e);
                }
                failed(e instanceof IOException io ? io : new IOException(e));
                return;
            }
            done();
            next = next();
        }
    }

    private @Nullable Frozen next() {
        lock.lock();
        try {
            Frozen next = closed ? null : waiting.peekFirst();
            if (next == null) {
                running = false;
                changed.signalAll();
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    private void done() {
        lock.lock();
        try {
            waiting.removeFirst();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void failed(IOException cause) {
        lock.lock();
        try {
            running = false;
            failure = cause;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Gives up the layers that wait, once the one being written is. */
    void close() throws IOException {
        lock.lock();
        try {
            closed = true;
            while (running) {
                changed.awaitUninterruptibly();
            }
            for (Frozen left : waiting) {
                left.layer().close();
            }
            waiting.clear();
        } finally {
            lock.unlock();
        }
    }
}
