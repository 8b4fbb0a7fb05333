package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that receives for many {@link PartChannel}s: for conversations whose messages are many
 * and small, answered without waiting for anything, and related to each other, so that handing them
 * from thread to thread would cost more than what they ask for. What it runs must not block.
 */
public final class PartLoop implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(PartLoop.class);

    /** One side of a conversation. All calls come from the loop's thread. */
    public interface Receiver {
        /**
         * @param frame whose payload is valid until this returns
         * @throws IOException ends the conversation
         */
        void received(PartFrame frame) throws IOException;

        /**
         * The channel is closed; the last call. (If the loop is closed, it may come from the thread
         * that attached or closed the channel.)
         *
         * @param why null if the peer hung up between frames
         */
        void ended(@Nullable Exception why);
    }

    private record Timer(long due, Runnable action) implements Comparable<Timer> {
        @Override
        public int compareTo(Timer other) {
            return Long.compare(due - other.due, 0);
        }
    }

    private final Selector selector;
    private final Thread thread;
    private final Set<Attached> open = ConcurrentHashMap.newKeySet();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Timer> timers = new PriorityQueue<>();
    private volatile boolean closed;

    private PartLoop(String name, Selector selector) {
        this.selector = selector;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    public static PartLoop start(String name) throws IOException {
        PartLoop loop = new PartLoop(name, Selector.open());
        loop.thread.start();
        return loop;
    }

    /**
     * Has what the channel receives delivered from now on. Sending on it does not block the loop's
     * thread afterwards: what the socket does not take at once goes out when it does.
     *
     * @throws ClosedChannelException if either is closed
     */
    public void attach(PartChannel channel, Receiver receiver) throws IOException {
        SocketChannel socket = channel.socket();
        Attached attached = new Attached(channel, receiver);
        try {
            socket.configureBlocking(false);
            channel.attached(attached);
            open.add(attached);
            attached.key = socket.register(selector, SelectionKey.OP_READ, attached);
        } catch (IOException | ClosedSelectorException e) {
            attached.ended.set(true);
            open.remove(attached);
            channel.close();
            throw e instanceof IOException failure ? failure : new ClosedChannelException();
        }
        execute(attached::begin);
        if (closed) {
            attached.end(new ClosedChannelException());
        }
    }

    /** Runs it on the loop's thread, soon. Not at all if the loop is closed. */
    public void execute(Runnable task) {
        tasks.add(task);
        if (!isCurrent()) {
            selector.wakeup();
        }
    }

    /** Runs it on the loop's thread some milliseconds after {@code nanos} have passed. */
    public void executeAfter(long nanos, Runnable task) {
        Timer timer = new Timer(System.nanoTime() + nanos, task);
        if (isCurrent()) {
            timers.add(timer);
        } else {
            execute(() -> timers.add(timer));
        }
    }

    boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    private void run() {
        try {
            while (!closed) {
                runTasks();
                runTimers();
                if (tasks.isEmpty()) {
                    selector.select(PartLoop::ready, untilTimer());
                } else {
                    selector.selectNow(PartLoop::ready);
                }
            }
        } catch (IOException e) {
            log.error("{} ends", thread.getName(), e);
        } finally {
            closed = true;
            for (Attached each : open) {
                each.end(new ClosedChannelException());
            }
            try {
                selector.close();
            } catch (IOException e) {
                log.debug("closing a selector: {}", e.toString());
            }
        }
    }

    private void runTasks() {
        for (Runnable task; (task = tasks.poll()) != null; ) {
            run(task);
        }
    }

    private void runTimers() {
        Timer first = timers.peek();
        if (first == null) {
            return;
        }
        long now = System.nanoTime();
        while (first != null && first.due() - now <= 0) {
            timers.poll();
            run(first.action());
            first = timers.peek();
        }
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            log.error("{}: a task failed", thread.getName(), e);
        }
    }

    /** In milliseconds; 0 is forever. */
    private long untilTimer() {
        Timer first = timers.peek();
        return first == null
                ? 0
                : Math.max(1, TimeUnit.NANOSECONDS.toMillis(first.due() - System.nanoTime()) + 1);
    }

    private static void ready(SelectionKey key) {
        Attached attached = (Attached) key.attachment();
        try {
            int ready = key.readyOps();
            if ((ready & SelectionKey.OP_WRITE) != 0) {
                attached.channel.drain();
            }
            if ((ready & SelectionKey.OP_READ) != 0) {
                attached.receive();
            }
        } catch (CancelledKeyException e) {
            attached.end(new ClosedChannelException());
        } catch (IOException e) {
            attached.end(e);
        }
    }

    /** Stops the thread and closes every channel that is attached. */
    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** A channel here. */
    final class Attached {
        private final PartChannel channel;
        private final Receiver receiver;
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile @Nullable SelectionKey key;

        Attached(PartChannel channel, Receiver receiver) {
            this.channel = channel;
            this.receiver = receiver;
        }

        private void begin() {
            awaitRoom(channel.isClogged());
            receive(); // something may have been read together with what came before
        }

        private void receive() {
            if (ended.get()) {
                return;
            }
            try {
                if (!channel.deliver(receiver)) {
                    end(null);
                }
            } catch (IOException e) {
                end(e);
            } catch (RuntimeException e) {
                log.error("{}: a conversation failed", thread.getName(), e);
                end(e);
            }
        }

        /** Whether its loop may not wait for it. */
        boolean isCurrent() {
            return PartLoop.this.isCurrent();
        }

        boolean isOver() {
            return ended.get();
        }

        /** Has {@link PartChannel#drain} called when the socket takes more. */
        void awaitRoom(boolean wanted) {
            SelectionKey own = key;
            if (own == null) {
                return; // soon begun
            }
            try {
                if (wanted) {
                    own.interestOpsOr(SelectionKey.OP_WRITE);
                } else {
                    own.interestOpsAnd(~SelectionKey.OP_WRITE);
                }
            } catch (CancelledKeyException e) {
                return; // closed
            }
            if (!isCurrent()) {
                selector.wakeup();
            }
        }

        /** The channel was closed from outside. */
        void closed() {
            execute(() -> end(new ClosedChannelException()));
            if (closed) {
                end(new ClosedChannelException());
            }
        }

        private void end(@Nullable Exception why) {
            if (!ended.compareAndSet(false, true)) {
                return;
            }
            open.remove(this);
            channel.over();
            try {
                receiver.ended(why);
            } catch (RuntimeException e) {
                log.error("{}: the end of a conversation failed", thread.getName(), e);
            }
        }
    }
}
