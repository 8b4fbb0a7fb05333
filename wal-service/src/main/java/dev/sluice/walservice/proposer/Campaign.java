package dev.sluice.walservice.proposer;

import dev.sluice.walservice.consensus.AcceptorMessage;
import dev.sluice.walservice.consensus.PeerState;
import dev.sluice.walservice.consensus.Proposer;
import dev.sluice.walservice.consensus.ProposerAction;
import dev.sluice.walservice.consensus.ProposerInput;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.ProposerState;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartLoop;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Proposer} with its connections: one {@link PeerLink} per safekeeper. What they say is
 * received, and whatever can be done about it without waiting is done, on the one thread of {@code
 * loop}. {@code lock} guards the state and is never held during I/O.
 */
final class Campaign implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Campaign.class);
    private static final Duration HEARTBEAT = Duration.ofSeconds(1);

    /** A candidate that was outrun rests up to so long, the next time twice as long. */
    private static final long REST_NANOS = Duration.ofMillis(10).toNanos();

    private static final int MOST_DOUBLINGS = 6;

    private final ProposerConfig config;
    private final LogSource source;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition heardPageserver = lock.newCondition();
    private final List<PeerLink> links = new CopyOnWriteArrayList<>();
    private volatile ProposerState state;
    private final List<Runnable> whenFenced = new ArrayList<>();
    private volatile PageserverFeedback feedback = PageserverFeedback.NONE;
    private final CommitNews news = new CommitNews(System.nanoTime());
    private final List<Waiter> waiters = new ArrayList<>();
    private final PartLoop loop;
    private volatile boolean closed;
    private int rests;

    /** Who waits for a commit LSN; is given why there will be none, or null. */
    private record Waiter(Lsn target, Consumer<@Nullable IOException> then) {}

    Campaign(ProposerConfig config, LocalWal wal) throws IOException {
        this.config = config;
        this.source = new LogSource(config, wal);
        this.state = ProposerState.initial(config.configuration());
        this.loop = PartLoop.start("proposer");
        addLinks();
        links.forEach(PeerLink::start);
        loop.executeAfter(HEARTBEAT.toNanos(), this::beat);
    }

    /** One for each acceptor that has none, not started. */
    private void addLinks() {
        for (int peer = links.size(); peer < state.peers().size(); peer++) {
            links.add(new PeerLink(this, peer, state.peers().get(peer).node(), lock));
        }
    }

    ProposerConfig config() {
        return config;
    }

    PartLoop loop() {
        return loop;
    }

    LogSource log() {
        return source;
    }

    ProposerState state() {
        return state;
    }

    /** How a safekeeper is, in words. */
    String condition(int peer) {
        return links.get(peer).condition();
    }

    /** Whether a safekeeper has a say in the present configuration. */
    boolean isWanted(long node) {
        return state.configuration().contains(node);
    }

    boolean isOver() {
        return closed || state.role() instanceof Role.Fenced;
    }

    /** Waits until a quorum has the log up to the leader's start. */
    Role.Leader awaitVictory() throws IOException {
        long left = config.electionLimit().toNanos();
        lock.lock();
        try {
            while (true) {
                checkGoing();
                if (state.role() instanceof Role.Leader leader && state.commit().isValid()) {
                    return leader;
                }
                if (left <= 0) {
                    throw new IOException(noQuorum());
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for safekeepers", e);
        } finally {
            lock.unlock();
        }
    }

    private String noQuorum() {
        StringBuilder text = new StringBuilder("no quorum of safekeepers for timeline ");
        text.append(config.id()).append(" in ").append(config.electionLimit());
        text.append(" (").append(state.configuration()).append(")");
        for (PeerLink link : links) {
            if (isWanted(link.node())) {
                text.append("; ").append(link.describe());
            }
        }
        return text.toString();
    }

    /**
     * Calls when the commit LSN is at or past {@code target}, or never will be; from the thread
     * that finds out.
     */
    void whenCommitted(Lsn target, Consumer<@Nullable IOException> then) {
        IOException failure;
        lock.lock();
        try {
            if (!isOver() && state.commit().isBefore(target)) {
                waiters.add(new Waiter(target, then));
                return;
            }
            failure = outcome(target);
        } finally {
            lock.unlock();
        }
        then.accept(failure);
    }

    /** What somebody is told who waits no longer. */
    private @Nullable IOException outcome(Lsn target) {
        try {
            if (state.role() instanceof Role.Fenced || state.commit().isBefore(target)) {
                checkGoing();
            }
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    /** Those who wait no longer. The lock is held. */
    private List<Waiter> released() {
        if (waiters.isEmpty()) {
            return List.of();
        }
        List<Waiter> released = new ArrayList<>(waiters.size());
        waiters.removeIf(waiter -> {
            boolean over = isOver() || !state.commit().isBefore(waiter.target());
            if (over) {
                released.add(waiter);
            }
            return over;
        });
        return released;
    }

    private void tell(List<Waiter> released) {
        for (Waiter waiter : released) {
            waiter.then().accept(outcome(waiter.target()));
        }
    }

    private void checkGoing() throws IOException {
        if (state.role() instanceof Role.Fenced(var own, var newer)) {
            throw new FencedException(own, newer);
        }
        if (closed) {
            throw new IOException("the proposer of timeline " + config.id() + " was closed");
        }
    }

    void received(int peer, AcceptorMessage message) {
        boolean othersConcerned = step(new ProposerInput.Received(peer, message));
        if (isOver()) {
            links.forEach(link -> link.sender().hangUp());
        } else if (othersConcerned) {
            sendAll(Lsn.INVALID, null);
        } else {
            links.get(peer).sender().sendPromptly(Lsn.INVALID, null);
        }
    }

    /** A safekeeper passes on what the timeline's pageserver says. */
    void heard(PageserverFeedback heard) {
        lock.lock();
        try {
            feedback = feedback.newest(heard);
            heardPageserver.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until more is heard of the pageserver, this is over, or for {@code nanos}. */
    void awaitFeedback(PageserverFeedback known, long nanos) throws IOException {
        long left = nanos;
        lock.lock();
        try {
            checkGoing();
            while (left > 0 && feedback.equals(known)) {
                left = heardPageserver.awaitNanos(left);
                checkGoing();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the pageserver", e);
        } finally {
            lock.unlock();
        }
    }

    /** The last that was heard of the timeline's pageserver. */
    PageserverFeedback feedback() {
        return feedback;
    }

    void disconnected(int peer) {
        step(new ProposerInput.Disconnected(peer));
    }

    private static void runApart(Runnable action) {
        Thread.ofVirtual().name("proposer-fenced").start(action);
    }

    /** Runs it on a thread of its own, once, as soon as this proposer is fenced. */
    void whenFenced(Runnable action) {
        lock.lock();
        try {
            if (state.role() instanceof Role.Fenced) {
                runApart(action);
            } else {
                whenFenced.add(action);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Sees again and again whether the safekeepers are there. */
    private void beat() {
        if (!isOver()) {
            links.forEach(PeerLink::beat);
            loop.executeAfter(HEARTBEAT.toNanos(), this::beat);
        }
    }

    /** Tells the commit LSN to safekeepers that had no WAL to hear it with. */
    private void tellNews() {
        long left;
        lock.lock();
        try {
            left = news.look(System.nanoTime());
        } finally {
            lock.unlock();
        }
        if (left > 0) {
            loop.executeAfter(left, this::tellNews);
        } else if (!isOver()) {
            sendAll(Lsn.INVALID, null);
        }
    }

    void offer(Lsn end, Lsn bufferStart, ByteBuffer buffer) {
        step(new ProposerInput.Available(end));
        sendAll(bufferStart, buffer);
    }

    private void sendAll(Lsn bufferStart, @Nullable ByteBuffer buffer) {
        for (PeerLink link : links) {
            link.sender().sendPromptly(bufferStart, buffer);
        }
    }

    /**
     * @return whether there may be something to send to others than who spoke
     */
    private boolean step(ProposerInput input) {
        List<PeerLink> toGreetAgain = List.of();
        List<Waiter> released = List.of();
        boolean othersConcerned;
        lock.lock();
        try {
            ProposerState before = state;
            Proposer.Step step = Proposer.step(before, input);
            state = step.state();
            for (ProposerAction action : step.actions()) {
                switch (action) {
                    case ProposerAction.Send(int to, ProposerMessage message) ->
                            links.get(to).sender().enqueue(message);
                    case ProposerAction.Reconfigure _ -> toGreetAgain = reconfigure();
                    case ProposerAction.SendAppend _ ->
                            throw new IllegalStateException("an append that nobody has room for");
                }
            }
            boolean committed = !before.commit().equals(state.commit());
            if (committed && news.moved(System.nanoTime())) {
                loop.executeAfter(CommitNews.PAUSE_NANOS, this::tellNews);
            }
            if (state.role() instanceof Role.Resting && !(before.role() instanceof Role.Resting)) {
                rest();
            }
            if (committed || !before.role().equals(state.role())) {
                changed.signalAll();
                released = released();
            }
            if (state.role() instanceof Role.Fenced) {
                links.forEach(link -> link.sender().wake());
                heardPageserver.signalAll();
                whenFenced.forEach(Campaign::runApart);
                whenFenced.clear();
            }
            othersConcerned = !step.actions().isEmpty() || (committed && news.isDue());
        } finally {
            lock.unlock();
        }
        tell(released);
        toGreetAgain.forEach(PeerLink::greetAgain);
        return othersConcerned;
    }

    /**
     * Goes by the state's configuration. The lock is held.
     *
     * @return the links that there were, whose connections are to end
     */
    private List<PeerLink> reconfigure() {
        log.info("timeline {}: {}", config.id(), state.configuration());
        List<PeerLink> before = List.copyOf(links);
        before.forEach(link -> link.sender().forget());
        addLinks();
        links.stream().filter(link -> isWanted(link.node())).forEach(PeerLink::start);
        return before;
    }

    /** Lets the others be for some random while. The lock is held. */
    private void rest() {
        long most = REST_NANOS << Math.min(rests++, MOST_DOUBLINGS);
        long nanos = ThreadLocalRandom.current().nextLong(most);
        loop.executeAfter(
                nanos,
                () -> {
                    if (!isOver()) {
                        step(new ProposerInput.Roused());
                        sendAll(Lsn.INVALID, null);
                    }
                });
    }

    /**
     * What to send a peer now, and takes it as sent. The lock is held.
     *
     * @param window the most bytes to have under way
     */
    ProposerAction.@Nullable SendAppend nextAppend(int peer, int window) {
        Proposer.Step step =
                Proposer.step(state, new ProposerInput.Writable(peer, window, news.isDue()));
        state = step.state();
        return appendOf(step);
    }

    /**
     * Whether a connected peer that is there must say something soon, if only because it is asked
     * to.
     */
    boolean isAnswerDue(int peer) {
        ProposerState now = state;
        return switch (now.peers().get(peer).phase()) {
            case PeerState.Phase.Offline _, PeerState.Phase.Streaming _ -> true;
            case PeerState.Phase.Greeted _ ->
                    !(now.role() instanceof Role.Seeking || now.role() instanceof Role.Resting);
            case PeerState.Phase.Supporting _, PeerState.Phase.Abstaining _ -> false;
        };
    }

    /** What to ask a peer that has nothing to answer, if it has not. The lock is held. */
    ProposerAction.@Nullable SendAppend nextProbe(int peer) {
        return appendOf(Proposer.step(state, new ProposerInput.Quiet(peer)));
    }

    private static ProposerAction.@Nullable SendAppend appendOf(Proposer.Step step) {
        for (ProposerAction action : step.actions()) {
            if (action instanceof ProposerAction.SendAppend append) {
                return append;
            }
        }
        return null;
    }

    /** Whether there is anything to send a peer. The lock is held. */
    boolean hasAppend(int peer, int window) {
        return !Proposer.step(state, new ProposerInput.Writable(peer, window, news.isDue()))
                .actions()
                .isEmpty();
    }

    /** Whether what comes next for a peer is in the buffer, or nothing. The lock is held. */
    boolean isAtHand(int peer, Lsn at, @Nullable ByteBuffer wal) {
        if (!(state.peers().get(peer).phase() instanceof PeerState.Phase.Streaming streaming)) {
            return false;
        }
        boolean covered =
                wal != null
                        && !streaming.next().isBefore(at)
                        && !state.available().isAfter(at.plus(wal.limit()));
        return covered || streaming.next().equals(state.available());
    }

    /** Leaves the safekeepers with the commit LSN, as far as they listen, and stops. */
    @Override
    public void close() {
        List<Waiter> released;
        if (!isOver()) {
            lock.lock();
            try {
                news.tellNow();
            } finally {
                lock.unlock();
            }
            links.forEach(link -> link.sender().sendLastWord());
        }
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
            heardPageserver.signalAll();
            links.forEach(link -> link.sender().wake());
            released = released();
        } finally {
            lock.unlock();
        }
        tell(released);
        links.forEach(link -> link.sender().hangUp());
        loop.close();
    }
}
