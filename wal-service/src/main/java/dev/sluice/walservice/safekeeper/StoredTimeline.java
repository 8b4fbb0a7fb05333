package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.OffloadReport;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Acceptor;
import dev.sluice.walservice.consensus.AcceptorAction;
import dev.sluice.walservice.consensus.AcceptorInput;
import dev.sluice.walservice.consensus.AcceptorMessage;
import dev.sluice.walservice.consensus.AcceptorState;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.wal.CompleteRecordScanner;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One timeline of a safekeeper: an {@link Acceptor} with its files. Any number of threads.
 *
 * <p>{@code lock} guards the state and is never held while WAL is synced, so that more can be
 * received meanwhile. {@code flushing} is taken before it, and held while WAL is synced.
 */
final class StoredTimeline implements Closeable {
    private final long nodeId;
    private final TimelineFiles files;
    private final @Nullable FetchedSegments fetched;
    private final Proposers proposers = new Proposers();
    private final ReentrantLock flushing = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition commitMoved = lock.newCondition();
    private AcceptorState state;
    private CompleteRecordScanner scanner;

    /** Of the WAL written, which the scanner may have run ahead of when a write failed. */
    private Lsn recordEnd;

    private AcceptorAction.@Nullable Copy wantedCopy;
    private volatile PageserverFeedback feedback = PageserverFeedback.NONE;
    private volatile OffloadReport offload = OffloadReport.NONE;
    private volatile boolean broken;

    /** Once it is broken: what is before is on disk. */
    private Lsn durable = Lsn.INVALID;

    private boolean closed;

    private StoredTimeline(
            long nodeId,
            TimelineFiles files,
            @Nullable FetchedSegments fetched,
            AcceptorState state) {
        this.nodeId = nodeId;
        this.files = files;
        this.fetched = fetched;
        this.state = state;
        this.scanner = scannerFrom(state.written());
        this.recordEnd = state.written();
    }

    private static CompleteRecordScanner scannerFrom(Lsn boundary) {
        return new CompleteRecordScanner(boundary, Lsn.INVALID);
    }

    /**
     * Reads a timeline's files.
     *
     * @param fetched gives WAL from the object store; null if there is none
     * @throws DamagedFileException if they are not to be believed
     */
    static StoredTimeline open(
            long nodeId, Path directory, DiskSpace space, @Nullable FetchedSegments fetched)
            throws IOException {
        TimelineFiles.Opened opened = TimelineFiles.open(directory, space);
        return new StoredTimeline(nodeId, opened.files(), fetched, opened.state());
    }

    /**
     * As {@link TimelineFiles#repair}.
     *
     * @param committed WAL before is committed where the copy is from
     */
    Lsn repair(Lsn page, byte[] copy, Lsn committed) throws IOException {
        flushing.lock();
        lock.lock();
        try {
            checkOpen();
            return files.repair(page, copy, Lsn.min(state.control().commit(), committed));
        } finally {
            lock.unlock();
            flushing.unlock();
        }
    }

    /** Reads the WAL of this timeline. */
    WalReader reader() {
        return files.reader(this::readTrimmed);
    }

    private void readTrimmed(Lsn at, ByteBuffer into) throws IOException {
        if (fetched == null) {
            throw new SafekeeperException(
                    Refusal.NO_SUCH_WAL,
                    "WAL at " + at + " is in the object store, and none is configured here");
        }
        fetched.read(SegmentStore.Owner.of(status()), at, into);
    }

    /** Which of the WAL is here. */
    LocalExtent extent() {
        return files.extent();
    }

    /** As {@link TimelineFiles#persistedCommit}. */
    Lsn persistedCommit() {
        return files.persistedCommit();
    }

    /** As {@link TimelineFiles#trim}. */
    void trim(Lsn to) throws IOException {
        lock.lock();
        try {
            checkOpen();
        } finally {
            lock.unlock();
        }
        files.trim(to);
    }

    /** Those who write it. */
    Proposers proposers() {
        return proposers;
    }

    /** How its WAL gets to the object store. */
    void offload(OffloadReport report) {
        offload = report;
    }

    TimelineStatus status() {
        lock.lock();
        try {
            TimelineControl control = state.control();
            return new TimelineStatus(
                    control.id(),
                    control.systemIdentifier(),
                    control.postgresMajor(),
                    control.configuration(),
                    control.term(),
                    state.lastLogTerm(),
                    control.start(),
                    state.flush(),
                    control.commit(),
                    feedback,
                    nodeId,
                    files.extent().start(),
                    files.extent().offloaded(),
                    offload);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Obeys a proposer's message.
     *
     * @param from who is answered
     * @return what to answer, if anything; an append that must be flushed first is answered by
     *     {@link #flush}
     * @throws SafekeeperException if the message is refused
     */
    @Nullable AcceptorMessage receive(ProposerConversation from, ProposerMessage message)
            throws IOException {
        boolean election =
                switch (message) {
                    case ProposerMessage.VoteRequest _, ProposerMessage.Elected _ -> true;
                    case ProposerMessage.Greeting _, ProposerMessage.Append _ -> false;
                };
        if (!election) {
            return step(new AcceptorInput.Received(message), from);
        }
        flushing.lock();
        lock.lock();
        try {
            if (state.received().isBefore(state.written())) {
                flush();
            }
            AcceptorMessage reply = step(new AcceptorInput.Received(message), from);
            if (message instanceof ProposerMessage.Elected(_, Term term, _, _, _)
                    && term.equals(state.control().term())) {
                proposers.follow(from);
            }
            return reply;
        } finally {
            lock.unlock();
            flushing.unlock();
        }
    }

    /** The last that was heard of the timeline's pageserver. Not kept over a restart. */
    PageserverFeedback feedback() {
        return feedback;
    }

    /** The pageserver says how far it is. */
    void said(PageserverFeedback said) {
        lock.lock();
        try {
            heard(said.saidAfter(feedback));
        } finally {
            lock.unlock();
        }
    }

    /** A peer says what the pageserver said; proposers are told. */
    void heard(PageserverFeedback heard) {
        lock.lock();
        try {
            if (feedback.newest(heard).equals(feedback)) {
                return;
            }
            feedback = heard;
        } finally {
            lock.unlock();
        }
        proposers.tell(heard);
    }

    /** How the acceptor is, for another safekeeper. */
    PeerReport report() throws IOException {
        lock.lock();
        try {
            checkOpen();
            return state.report(nodeId);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a configuration over if it is newer, and raises the term.
     *
     * @return how the acceptor is then
     */
    PeerReport configure(Configuration configuration, Term term) throws IOException {
        flushing.lock();
        lock.lock();
        try {
            checkOpen();
            if (state.received().isBefore(state.written())) {
                flush();
            }
            step(new AcceptorInput.Configured(configuration, term), null);
            return state.report(nodeId);
        } finally {
            lock.unlock();
            flushing.unlock();
        }
    }

    /**
     * Learns from the other safekeepers what is committed.
     *
     * @return what is to be copied from one of them; null if nothing is
     */
    AcceptorAction.@Nullable Copy compare(List<PeerReport> peers) throws IOException {
        flushing.lock();
        lock.lock();
        try {
            checkOpen();
            if (state.received().isBefore(state.written())) {
                flush();
            }
            wantedCopy = null;
            step(new AcceptorInput.PeersReported(peers), null);
            return wantedCopy;
        } finally {
            lock.unlock();
            flushing.unlock();
        }
    }

    /**
     * Takes WAL that {@link #compare} wanted, and makes it durable.
     *
     * @return whether it was still wanted
     */
    boolean copied(AcceptorAction.Copy copy, Lsn at, ByteBuffer bytes) throws IOException {
        Lsn end = at.plus(bytes.remaining());
        lock.lock();
        try {
            step(new AcceptorInput.Copied(copy.session(), at, bytes), null);
            if (state.session() != copy.session() || !state.written().equals(end)) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        flush();
        return true;
    }

    /**
     * Makes what was written before this call durable, and tells the acceptor.
     *
     * @return what to answer; null when the conversation that wrote it is over
     */
    @Nullable AcceptorMessage flush() throws IOException {
        flushing.lock();
        try {
            long session;
            Lsn written;
            Lsn end;
            lock.lock();
            try {
                checkOpen();
                session = state.session();
                written = state.written();
                end = recordEnd;
                if (!written.isAfter(state.received())) {
                    return state.progress();
                }
            } finally {
                lock.unlock();
            }
            try {
                files.sync();
            } catch (IOException e) {
                throw lost(state.received(), e);
            }
            return step(new AcceptorInput.Flushed(session, written, end), null);
        } finally {
            flushing.unlock();
        }
    }

    /** WAL could not be made durable: nothing is to be done with it but {@link #abandon}. */
    private SafekeeperException lost(Lsn before, IOException cause) {
        lock.lock();
        try {
            durable = before;
            broken = true;
            commitMoved.signalAll();
            files.markUnsynced(before);
        } catch (IOException e) {
            cause.addSuppressed(e); // it is tried again when the timeline is abandoned
        } finally {
            lock.unlock();
        }
        SafekeeperException lost = new SafekeeperException(Refusal.FAILED, notDurable());
        lost.initCause(cause);
        return lost;
    }

    private String notDurable() {
        return "WAL of timeline "
                + state.control().id()
                + " could not be made durable; the timeline is read again from what is on disk";
    }

    /** Whether WAL could not be made durable, so that the timeline must be opened anew. */
    boolean isBroken() {
        return broken;
    }

    /**
     * Lets go of the files of a timeline that is broken.
     *
     * @throws IOException if it could not be written down what is durable; it may be tried again
     */
    void abandon() throws IOException {
        flushing.lock();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            files.markUnsynced(durable);
            closed = true;
            files.close();
        } finally {
            lock.unlock();
            flushing.unlock();
        }
    }

    private @Nullable AcceptorMessage step(AcceptorInput input, @Nullable ProposerConversation from)
            throws IOException {
        lock.lock();
        try {
            checkOpen();
            Acceptor.Step step = Acceptor.step(nodeId, state, input);
            AcceptorMessage reply = null;
            for (AcceptorAction action : step.actions()) {
                switch (action) {
                    case AcceptorAction.Persist(TimelineControl control) -> files.persist(control);
                    case AcceptorAction.Truncate(Lsn end) -> {
                        truncate(end);
                        take(state.cutOff(end));
                    }
                    case AcceptorAction.Write(Lsn at, ByteBuffer bytes) -> write(at, bytes);
                    case AcceptorAction.Reply(AcceptorMessage message) -> reply = message;
                    case AcceptorAction.Notify(AcceptorMessage message) ->
                            proposers.tellOthers(from, message);
                    case AcceptorAction.Copy copy -> wantedCopy = copy;
                    case AcceptorAction.Refuse(Refusal refusal, String reason) ->
                            throw new SafekeeperException(refusal, reason);
                }
            }
            take(step.state());
            return reply;
        } finally {
            lock.unlock();
        }
    }

    private void truncate(Lsn end) throws IOException {
        try {
            files.truncate(state.control().commit(), end);
        } catch (DamagedFileException e) {
            throw e;
        } catch (IOException e) {
            throw lost(Lsn.min(end, state.received()), e);
        }
    }

    private void write(Lsn at, ByteBuffer bytes) throws IOException {
        if (!scanner.position().equals(at)) {
            throw new SafekeeperException(
                    Refusal.FAILED,
                    "an append before this one failed at "
                            + scanner.position()
                            + ", the proposer must greet again");
        }
        scanner.accept(bytes.duplicate());
        files.write(at, bytes);
        recordEnd = scanner.end();
    }

    private void take(AcceptorState next) throws IOException {
        AcceptorState before = state;
        state = next;
        if (next.session() != before.session()) {
            scanner = scannerFrom(next.written());
            recordEnd = next.written();
        }
        Lsn commit = next.control().commit();
        if (commit.isAfter(before.control().commit())) {
            commitMoved.signalAll();
            files.remember(next);
        }
    }

    /**
     * Waits until the commit LSN is past {@code position}, or for {@code nanos}.
     *
     * @return the commit LSN then
     */
    Lsn awaitCommit(Lsn position, long nanos) throws IOException {
        lock.lock();
        try {
            long left = nanos;
            while (true) {
                checkOpen();
                Lsn commit = state.control().commit();
                if (commit.isAfter(position) || left <= 0) {
                    return commit;
                }
                left = commitMoved.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for WAL", e);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Checks that WAL is here and may be read.
     *
     * @param term if given, must be the timeline's
     * @throws SafekeeperException if not
     */
    void checkReadable(Lsn from, Lsn to, @Nullable Term term) throws IOException {
        lock.lock();
        try {
            checkOpen();
            TimelineControl control = state.control();
            if (term != null && !term.equals(control.term())) {
                throw new SafekeeperException(
                        Refusal.OTHER_TERM,
                        "WAL was asked for in term " + term + ", it is " + control.term());
            }
            if (from.isBefore(control.start()) || to.isAfter(state.flush())) {
                throw new SafekeeperException(
                        Refusal.NO_SUCH_WAL,
                        String.format(
                                "WAL of timeline %s is here from %s to %s, not from %s to %s",
                                control.id(), control.start(), state.flush(), from, to));
            }
        } finally {
            lock.unlock();
        }
    }

    private void checkOpen() throws SafekeeperException {
        if (broken) {
            throw new SafekeeperException(Refusal.FAILED, notDurable());
        }
        if (closed) {
            throw new SafekeeperException(
                    Refusal.NO_SUCH_TIMELINE,
                    "timeline " + state.control().id() + " was closed or deleted");
        }
    }

    /** Ends all use; what waits is told. Remembers how far the commit LSN is. */
    @Override
    public void close() throws IOException {
        end(true);
    }

    /** As {@link #close}, of a timeline that is deleted: a full disk does not keep it from that. */
    void discard() throws IOException {
        end(false);
    }

    private void end(boolean remember) throws IOException {
        flushing.lock();
        lock.lock();
        try {
            if (broken && remember) {
                abandon();
            }
            if (closed) {
                return;
            }
            if (remember) {
                files.rememberAll(state);
            }
            closed = true;
            commitMoved.signalAll();
            files.close();
        } finally {
            lock.unlock();
            flushing.unlock();
        }
    }
}
