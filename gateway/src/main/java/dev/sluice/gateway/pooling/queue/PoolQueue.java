package dev.sluice.gateway.pooling.queue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The decisions of one pool. Clients that want a server connection stand in one line: whoever asked
 * first is served first, and a client stands in it once at most, so each gets its turn. Connections
 * are opened as long as more clients wait than connections are on their way. Those that come back
 * are used again last in, first out, so that those that are too many grow old and are closed.
 *
 * <p>Pure and confined to one thread: every method is an event with its time in nanoseconds, and
 * what is to be done is told to {@link Actions}, during the call.
 *
 * @param <C> a client
 * @param <S> a server connection
 */
public final class PoolQueue<C, S> {
    /** How far down the idle connections one with the wanted mark is looked for. */
    private static final int LOOK = 16;

    /** After a connection could not be opened, while others serve. */
    private static final long RETRY = 1_000_000_000L;

    /**
     * A pool in which clients wait keeps a connection for so long before another pool gets it: to
     * open one takes as long as many transactions do.
     */
    static final long TURN = 100_000_000L;

    /** Why a client gets no connection. */
    public enum Refusal {
        /** It has waited as long as it may. */
        WAITED_TOO_LONG,
        /** None can be opened, and there is none. */
        NO_SERVER
    }

    /** What the pool must do. */
    public interface Actions<C, S> {
        /** The connection is the client's until it is given back or lost. */
        void assign(Waiter<C> client, Slot<S> server);

        /** A client has begun to wait: {@link #tick} is to be called until nobody does. */
        void waits();

        /**
         * Open one; {@link #opened} or {@link #openFailed} says what came of it.
         *
         * @return false if a limit beyond this pool forbids it now
         */
        boolean open();

        void close(Slot<S> server);

        /**
         * Whether another pool may open a connection if this one closes one, for a client that has
         * waited longer.
         *
         * @param wait of the first in line here; 0 if nobody is
         */
        boolean isNeededElsewhere(long wait, long now);

        void refuse(Waiter<C> client, Refusal why);

        /** Nothing is in use any more, and nothing will be until {@link #resume}. */
        void paused();
    }

    private final Actions<C, S> actions;
    private final Deque<Slot<S>> idle = new ArrayDeque<>();
    private PoolLimits limits;
    private @Nullable Waiter<C> first;
    private @Nullable Waiter<C> last;
    private int waiting;
    private int busy;
    private int opening;
    private int generation;
    private boolean paused;
    private boolean pauseTold;
    private boolean backingOff;
    private boolean owed;
    private long retryAt;

    public PoolQueue(PoolLimits limits, Actions<C, S> actions) {
        this.limits = limits;
        this.actions = actions;
    }

    /** A client wants a connection for its next transaction. */
    public void ask(Waiter<C> client, long now) {
        client.since = now;
        if (!paused && waiting == 0) {
            Slot<S> free = takeIdle(client.affinity);
            if (free != null) {
                assign(client, free);
                return;
            }
        }
        append(client);
        grow(now);
    }

    /** The connection that a client was given turned out to be dead: it is first in line again. */
    public void askAgain(Waiter<C> client, long now) {
        if (!paused) {
            Slot<S> free = takeIdle(client.affinity);
            if (free != null) {
                assign(client, free);
                return;
            }
        }
        prepend(client);
        grow(now);
    }

    /** A client does not want one any more; no effect if it has one already. */
    public void withdraw(Waiter<C> client) {
        if (client.queued) {
            unlink(client);
        }
    }

    /** A connection is ready for anybody's transaction. */
    public void giveBack(Slot<S> server, long now) {
        busy--;
        offer(server, now);
    }

    /** One that was to be opened is. */
    public void opened(Slot<S> server, long now) {
        opening--;
        backingOff = false;
        server.openedAt = now;
        server.generation = generation;
        offer(server, now);
    }

    /** One that was to be opened could not be. */
    public void openFailed(long now) {
        opening--;
        if (busy + idle.size() + opening == 0) {
            // Nobody serves meanwhile: who comes next has one opened at once.
            backingOff = false;
            refuseAll();
        } else {
            backingOff = true;
            retryAt = now + RETRY;
        }
        tellIfPaused();
    }

    /** A connection is closed, whatever it was doing. */
    public void lost(Slot<S> server, long now) {
        switch (server.state) {
            case IDLE -> idle.remove(server);
            case BUSY -> busy--;
            case GONE -> {
                return;
            }
        }
        server.state = Slot.State.GONE;
        tellIfPaused();
        grow(now);
    }

    private void offer(Slot<S> server, long now) {
        boolean old = now - server.openedAt >= limits.lifetime() || server.generation != generation;
        if (paused || old || size() >= limits.size() || isOwed(server, now)) {
            close(server);
            tellIfPaused();
            grow(now);
            return;
        }
        server.idleSince = now;
        Waiter<C> next = first;
        if (next != null) {
            unlink(next);
            assign(next, server);
        } else {
            server.state = Slot.State.IDLE;
            idle.push(server);
        }
    }

    private boolean isOwed(Slot<S> server, long now) {
        if (!owed || (first != null && now - server.openedAt < TURN)) {
            return false;
        }
        owed = false;
        return actions.isNeededElsewhere(longestWait(now), now);
    }

    private void assign(Waiter<C> client, Slot<S> server) {
        server.state = Slot.State.BUSY;
        busy++;
        actions.assign(client, server);
    }

    private void close(Slot<S> server) {
        server.state = Slot.State.GONE;
        actions.close(server);
    }

    private @Nullable Slot<S> takeIdle(@Nullable Object affinity) {
        Slot<S> newest = idle.peek();
        if (newest == null || Objects.equals(newest.affinity, affinity)) {
            return idle.poll();
        }
        int looked = 0;
        for (Iterator<Slot<S>> each = idle.iterator(); each.hasNext() && looked < LOOK; looked++) {
            Slot<S> candidate = each.next();
            if (Objects.equals(candidate.affinity, affinity)) {
                each.remove();
                return candidate;
            }
        }
        return idle.poll();
    }

    /** More connections may be opened than a moment ago. */
    public void grow(long now) {
        if (backingOff && now - retryAt >= 0) {
            backingOff = false;
        }
        while (isShort()) {
            if (!actions.open()) {
                return;
            }
            opening++;
        }
    }

    /**
     * Whether one more connection would be opened, if a limit beyond this pool did not forbid it.
     */
    public boolean isShort() {
        return !paused && !backingOff && opening < waiting && size() < limits.size();
    }

    /** When the client asked whom the next connection is opened for; 0 if none is to be opened. */
    public long nextSince() {
        Waiter<C> next = first;
        for (int i = 0; i < opening && next != null; i++) {
            next = next.after;
        }
        return next == null ? 0 : next.since;
    }

    /**
     * Another pool needs a connection: it gets one that is idle, or else the next that comes back,
     * unless those who wait here have waited longer.
     */
    public void giveUp(long now) {
        if (idle.isEmpty()) {
            owed = true;
        } else if (actions.isNeededElsewhere(longestWait(now), now)) {
            closeIdle(1);
        }
    }

    /** Time has passed. */
    public void tick(long now) {
        while (!paused && first != null && now - first.since >= limits.patience()) {
            Waiter<C> late = first;
            unlink(late);
            actions.refuse(late, Refusal.WAITED_TOO_LONG);
        }
        for (Slot<S> server : List.copyOf(idle)) {
            if (server.state == Slot.State.IDLE
                    && (now - server.idleSince >= limits.idle()
                            || now - server.openedAt >= limits.lifetime())) {
                idle.remove(server);
                close(server);
            }
        }
        grow(now);
    }

    /** Lets nobody begin a transaction; {@link Actions#paused} says when all are over. */
    public void pause() {
        paused = true;
        pauseTold = false;
        closeIdle(Integer.MAX_VALUE);
        tellIfPaused();
    }

    /** Goes on. Who waited meanwhile is served first, and its patience begins now. */
    public void resume(long now) {
        if (paused) {
            for (Waiter<C> each = first; each != null; each = each.after) {
                each.since = now;
            }
        }
        paused = false;
        grow(now);
    }

    /** Every connection there is now is closed when nobody uses it. */
    public void reconnect(long now) {
        generation++;
        closeIdle(Integer.MAX_VALUE);
        grow(now);
    }

    /**
     * Closes connections that nobody uses, the oldest first.
     *
     * @return how many
     */
    public int closeIdle(int most) {
        int closed = 0;
        while (closed < most && !idle.isEmpty()) {
            close(idle.pollLast());
            closed++;
        }
        return closed;
    }

    private void refuseAll() {
        List<Waiter<C>> all = new ArrayList<>();
        for (Waiter<C> each = first; each != null; each = each.after) {
            all.add(each);
        }
        for (Waiter<C> each : all) {
            if (each.queued) {
                unlink(each);
                actions.refuse(each, Refusal.NO_SERVER);
            }
        }
    }

    private void tellIfPaused() {
        if (paused && !pauseTold && busy == 0 && opening == 0) {
            pauseTold = true;
            actions.paused();
        }
    }

    /** Other limits from now on. */
    public void change(PoolLimits now) {
        limits = now;
    }

    private void append(Waiter<C> client) {
        Waiter<C> end = last;
        client.before = end;
        client.after = null;
        if (end == null) {
            first = client;
        } else {
            end.after = client;
        }
        last = client;
        queued(client);
    }

    private void prepend(Waiter<C> client) {
        Waiter<C> head = first;
        client.before = null;
        client.after = head;
        if (head == null) {
            last = client;
        } else {
            head.before = client;
        }
        first = client;
        queued(client);
    }

    private void queued(Waiter<C> client) {
        client.queued = true;
        waiting++;
        actions.waits();
    }

    private void unlink(Waiter<C> client) {
        Waiter<C> before = client.before;
        Waiter<C> after = client.after;
        if (before == null) {
            first = after;
        } else {
            before.after = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.before = before;
        }
        client.before = null;
        client.after = null;
        client.queued = false;
        waiting--;
    }

    private int size() {
        return busy + idle.size() + opening;
    }

    public int waiting() {
        return waiting;
    }

    public int busy() {
        return busy;
    }

    public int idle() {
        return idle.size();
    }

    public int opening() {
        return opening;
    }

    public boolean isPaused() {
        return paused;
    }

    /** How long the first in line waits; 0 if nobody does. */
    public long longestWait(long now) {
        Waiter<C> head = first;
        return head == null ? 0 : now - head.since;
    }
}
