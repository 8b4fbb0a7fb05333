package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.consensus.AcceptorMessage;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One proposer's conversation with one timeline.
 *
 * <p>What decides a commit's latency is the sync, so nothing may stand before it: the receiving
 * thread itself syncs a small append, unless more has arrived already, which then shares the sync.
 * After a big append, more is probably on its way: another thread syncs, while this one goes on to
 * receive, and syncs again whatever was received meanwhile.
 */
final class ProposerConversation implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(ProposerConversation.class);
    private static final int BIG = 64 << 10;

    /** Proposers ask every second whether the safekeeper is there. */
    private static final long SILENCE_NANOS = Duration.ofSeconds(10).toNanos();

    private final PartChannel channel;
    private final StoredTimeline timeline;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean flushWanted;
    private boolean over;
    private volatile boolean greeted;
    private volatile long heardAt = System.nanoTime();
    private @Nullable Thread flusher;

    ProposerConversation(PartChannel channel, StoredTimeline timeline) {
        this.channel = channel;
        this.timeline = timeline;
    }

    /** Runs until the proposer hangs up. */
    void run(PartFrame greeting) throws IOException {
        timeline.proposers().join(this);
        boolean unflushed = false;
        PartFrame frame = greeting;
        while (frame != null) {
            ProposerMessage message = ConsensusProtocol.proposerMessage(frame);
            AcceptorMessage reply = timeline.receive(this, message);
            if (reply != null) {
                answer(reply);
            }
            if (reply instanceof AcceptorMessage.Greeted) {
                greeted = true;
                tellLater(timeline.feedback());
            }
            int length =
                    message instanceof ProposerMessage.Append append ? append.wal().remaining() : 0;
            unflushed |= length > 0 && reply == null;
            if (unflushed && length >= BIG) {
                wakeFlusher();
                unflushed = false;
            } else if (unflushed && !channel.hasFrame()) {
                flush();
                unflushed = false;
            }
            frame = channel.receive();
            heardAt = System.nanoTime();
        }
    }

    /** Says what the proposer did not ask for; a proposer that does not listen delays nobody. */
    void tellLater(AcceptorMessage message) {
        sendLater(ConsensusProtocol.encode(message));
    }

    /** Passes on what the timeline's pageserver says, to a proposer that has greeted. */
    void tellLater(PageserverFeedback feedback) {
        if (greeted && feedback.isKnown()) {
            sendLater(ConsensusProtocol.encode(feedback));
        }
    }

    private void sendLater(ConsensusProtocol.Encoded message) {
        Thread.ofVirtual()
                .name("safekeeper-notify")
                .start(() -> {
                    try {
                        channel.send(message.type(), message.head());
                    } catch (IOException e) {
                        log.debug("cannot notify a proposer: {}", e.toString());
                    }
                });
    }

    private void flush() throws IOException {
        AcceptorMessage reply = timeline.flush();
        if (reply != null) {
            answer(reply);
        }
    }

    private void answer(AcceptorMessage message) throws IOException {
        ConsensusProtocol.Encoded encoded = ConsensusProtocol.encode(message);
        channel.send(encoded.type(), encoded.head());
    }

    private void wakeFlusher() {
        lock.lock();
        try {
            flushWanted = true;
            changed.signalAll();
            if (flusher == null) {
                flusher = Thread.ofVirtual().name("safekeeper-flush").start(this::flushWhenWanted);
            }
        } finally {
            lock.unlock();
        }
    }

    private void flushWhenWanted() {
        while (waitUntilWanted()) {
            try {
                flush();
            } catch (IOException e) {
                Refusals.tell(channel, e);
                hangUp();
                return;
            }
        }
    }

    /** Ends the conversation with a proposer that cannot be there any more, and says so. */
    boolean hangUpIfSilent() {
        boolean silent = System.nanoTime() - heardAt > SILENCE_NANOS;
        if (silent) {
            hangUp();
        }
        return silent;
    }

    private boolean waitUntilWanted() {
        lock.lock();
        try {
            while (!flushWanted && !over) {
                changed.awaitUninterruptibly();
            }
            flushWanted = false;
            return !over;
        } finally {
            lock.unlock();
        }
    }

    private void hangUp() {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("closing a proposer's connection: {}", e.toString());
        }
    }

    @Override
    public void close() {
        timeline.proposers().leave(this);
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
