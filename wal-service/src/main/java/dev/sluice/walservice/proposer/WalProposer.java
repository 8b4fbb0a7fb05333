package dev.sluice.walservice.proposer;

import dev.sluice.walservice.consensus.PeerState;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartLoop;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one writer of a timeline, for as long as no newer one is elected. Makes a compute's local WAL
 * durable on a quorum of safekeepers. A minority of them may be slow, down or empty at any time: it
 * is brought up in the background, from the local WAL or from another safekeeper.
 */
public final class WalProposer implements Closeable {
    private final Campaign campaign;
    private final Role.Leader leader;
    private final ReentrantLock scanning = new ReentrantLock();
    private final WrittenWal written;
    private final PageserverLag pageserver;
    private final LongAdder flushes = new LongAdder();

    private WalProposer(
            Campaign campaign, Role.Leader leader, LocalWal wal, Backpressure backpressure) {
        this.campaign = campaign;
        this.leader = leader;
        this.pageserver = new PageserverLag(campaign, leader.start(), backpressure);
        this.written = new WrittenWal(wal, leader.start());
    }

    /**
     * Wins a term above all that the safekeepers have seen, which fences every earlier proposer,
     * and brings a quorum of them to one durable end.
     *
     * @param wal not read before the first {@link #flush}
     * @throws FencedException if another proposer won meanwhile
     * @throws IOException if there is no quorum within the configured time; says why for each
     *     safekeeper
     */
    public static WalProposer elect(ProposerConfig config, LocalWal wal) throws IOException {
        return elect(config, wal, Backpressure.NONE);
    }

    /**
     * As {@link #elect(ProposerConfig, LocalWal)}, with flushes held back while the pageserver is
     * behind.
     */
    public static WalProposer elect(ProposerConfig config, LocalWal wal, Backpressure backpressure)
            throws IOException {
        Campaign campaign = new Campaign(config, wal);
        try {
            return new WalProposer(campaign, campaign.awaitVictory(), wal, backpressure);
        } catch (IOException | RuntimeException e) {
            campaign.close();
            throw e;
        }
    }

    /** The term that this proposer won. */
    public Term term() {
        return leader.term();
    }

    /** The end of the timeline's durable WAL at the election: where the compute begins to write. */
    public Lsn startLsn() {
        return leader.start();
    }

    /** The end of what a quorum has. */
    public Lsn commitLsn() {
        return campaign.state().commit();
    }

    /**
     * Returns when every whole record of the local WAL below {@code writtenUpTo} is on a quorum's
     * disks; later if the pageserver is far behind. Any number of threads may wait.
     *
     * @param writtenUpTo the end of what the compute has written; may lie past the last whole
     *     record, at the end of a page
     * @return the end of the last whole record below it, which is durable
     * @throws FencedException if a newer proposer has won; so will every later call
     * @throws IOException if the local WAL cannot be read or is no WAL, or the proposer was closed
     */
    public Lsn flush(Lsn writtenUpTo) throws IOException {
        CompletableFuture<Lsn> flushed = new CompletableFuture<>();
        flush(
                writtenUpTo,
                new FlushListener() {
                    @Override
                    public void durable(Lsn end) {
                        flushed.complete(end);
                    }

                    @Override
                    public void failed(Exception why) {
                        flushed.completeExceptionally(why);
                    }
                });
        try {
            return flushed.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /**
     * As {@link #flush(Lsn)}, without waiting. On the thread of {@link #loop} a flush is no thread
     * switch: it reads the WAL, sends it, and its listener is called from there too, except when
     * the pageserver is far behind.
     */
    public void flush(Lsn writtenUpTo, FlushListener then) {
        Lsn end;
        scanning.lock();
        try {
            end = campaign.state().available();
            if (writtenUpTo.isAfter(end)) {
                end = written.scan(writtenUpTo, this::offer);
            }
        } catch (IOException | RuntimeException e) {
            then.failed(e);
            return;
        } finally {
            scanning.unlock();
        }
        Lsn found = end;
        campaign.whenCommitted(
                Lsn.min(found, writtenUpTo),
                failure -> {
                    if (failure != null) {
                        then.failed(failure);
                    } else if (pageserver.holdsBack()) {
                        Thread.ofVirtual()
                                .name("proposer-held-back")
                                .start(() -> answerLater(found, then));
                    } else {
                        answer(found, then);
                    }
                });
    }

    private void answer(Lsn end, FlushListener then) {
        flushes.increment();
        then.durable(end);
    }

    private void answerLater(Lsn end, FlushListener then) {
        try {
            pageserver.holdBack();
        } catch (IOException e) {
            then.failed(e);
            return;
        }
        answer(end, then);
    }

    /** Where this proposer does its work: whoever asks for flushes can ask there. */
    public PartLoop loop() {
        return campaign.loop();
    }

    /** What the scan found is sent from its own buffer to all who have taken what is before. */
    private void offer(Lsn end, Lsn bufferStart, ByteBuffer buffer) {
        campaign.offer(end, bufferStart, buffer);
    }

    /**
     * Runs an action, once and on a thread of its own, as soon as a newer proposer has won: also
     * when nothing is being flushed. At once if one has already.
     */
    public void whenFenced(Runnable action) {
        campaign.whenFenced(action);
    }

    public FlushStatus flushStatus() {
        var state = campaign.state();
        List<FlushStatus.Peer> peers = new ArrayList<>();
        for (int i = 0; i < state.peers().size(); i++) {
            PeerState peer = state.peers().get(i);
            if (!state.configuration().contains(peer.node())) {
                continue;
            }
            peers.add(
                    new FlushStatus.Peer(
                            peer.node(), peer.isStreaming(), campaign.condition(i), peer.acked()));
        }
        return new FlushStatus(
                leader.term(),
                leader.start(),
                state.available(),
                state.commit(),
                flushes.sum(),
                state.role() instanceof Role.Fenced,
                campaign.feedback(),
                pageserver.bytes(),
                pageserver.limit(),
                pageserver.heldBack(),
                pageserver.delays(),
                pageserver.delayNanos(),
                peers);
    }

    /** Stops; waiting flushes fail. */
    @Override
    public void close() {
        campaign.close();
    }
}
