package dev.sluice.walservice.proposer;

import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerAction;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What goes out to one safekeeper.
 *
 * <p>A small append is sent by the thread that has it, which does not wait: what the socket does
 * not take goes out later, and until then nothing more is sent so. Everything else is sent by a
 * thread of this sender's own, which alone waits for a slow safekeeper.
 *
 * <p>{@code sending} is held from the decision what to send to the end of sending it, so that a
 * connection's messages go out in the order decided. It is taken before the campaign's lock.
 */
final class PeerSender {
    private static final Logger log = LoggerFactory.getLogger(PeerSender.class);

    private static final int WINDOW = 1 << 20;
    private static final int PROMPT_WINDOW = 64 << 10;
    private static final long LAST_WORD_NANOS = Duration.ofMillis(100).toNanos();

    private final Campaign campaign;
    private final int peer;
    private final ReentrantLock lock;
    private final Condition work;
    private final ReentrantLock sending = new ReentrantLock();
    private final Queue<ProposerMessage> outbox = new ArrayDeque<>();
    private @Nullable ByteBuffer buffer;
    private volatile @Nullable PartChannel channel;
    private volatile @Nullable String failure;

    /**
     * @param lock the campaign's
     */
    PeerSender(Campaign campaign, int peer, ReentrantLock lock) {
        this.campaign = campaign;
        this.peer = peer;
        this.lock = lock;
        this.work = lock.newCondition();
    }

    /** Why sending failed on the connection that there is, or was last; null if it did not. */
    @Nullable String failure() {
        return failure;
    }

    boolean isConnected() {
        return channel != null;
    }

    void connect(PartChannel open) {
        sending.lock();
        try {
            channel = open;
            failure = null;
        } finally {
            sending.unlock();
        }
    }

    void disconnect() {
        hangUp();
        sending.lock();
        try {
            channel = null;
            lock.lock();
            try {
                outbox.clear();
            } finally {
                lock.unlock();
            }
            campaign.disconnected(peer);
        } finally {
            sending.unlock();
        }
    }

    void hangUp() {
        PartChannel open = channel;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                log.debug("closing the connection to safekeeper {}: {}", peer, e.toString());
            }
        }
    }

    /** What was to be sent on a connection that is to end. The campaign's lock is held. */
    void forget() {
        outbox.clear();
    }

    /** To be sent before any append decided later. The campaign's lock is held. */
    void enqueue(ProposerMessage message) {
        outbox.add(message);
    }

    /** The campaign's lock is held. */
    void wake() {
        work.signalAll();
    }

    /** Waits, unless the campaign ends. */
    void pause(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            long end = System.nanoTime() + nanos;
            while (left > 0 && !campaign.isOver()) {
                if (!work.await(left, TimeUnit.NANOSECONDS)) {
                    return;
                }
                left = end - System.nanoTime();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends what there is if that needs no waiting, else has it sent.
     *
     * @param at the position of the buffer's first byte
     * @param wal a part of the log, or null
     */
    void sendPromptly(Lsn at, @Nullable ByteBuffer wal) {
        if (sending.tryLock()) {
            try {
                sendWhatFits(true, at, wal);
            } finally {
                sending.unlock();
            }
        }
        lock.lock();
        try {
            if (hasWork()) {
                work.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Sends the commit LSN if the safekeeper is not behind; does not wait for one that hangs. */
    void sendLastWord() {
        try {
            if (sending.tryLock(LAST_WORD_NANOS, TimeUnit.NANOSECONDS)) {
                try {
                    sendWhatFits(true, Lsn.INVALID, null);
                } finally {
                    sending.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends whatever cannot be sent promptly, until the campaign is over. */
    void sendSlowly() {
        while (awaitWork()) {
            sending.lock();
            try {
                sendWhatFits(false, Lsn.INVALID, null);
            } finally {
                sending.unlock();
            }
        }
    }

    private boolean awaitWork() {
        lock.lock();
        try {
            while (!hasWork() && !campaign.isOver()) {
                work.awaitUninterruptibly();
            }
            return !campaign.isOver();
        } finally {
            lock.unlock();
        }
    }

    private boolean hasWork() {
        return channel != null && (!outbox.isEmpty() || campaign.hasAppend(peer, WINDOW));
    }

    private void sendWhatFits(boolean prompt, Lsn at, @Nullable ByteBuffer wal) {
        PartChannel open = channel;
        if (open == null) {
            return;
        }
        try {
            boolean sent;
            do {
                sent = sendOne(open, prompt, at, wal);
            } while (sent);
        } catch (ClosedChannelException e) {
            channel = null; // hung up on
        } catch (IOException | RuntimeException e) {
            failure = String.valueOf(e.getMessage());
            log.debug("sending to safekeeper {} failed", peer, e);
            hangUp();
            channel = null;
        }
    }

    private boolean sendOne(PartChannel open, boolean prompt, Lsn at, @Nullable ByteBuffer wal)
            throws IOException {
        if (prompt && open.isClogged()) {
            return false;
        }
        ProposerMessage message;
        ProposerAction.SendAppend append = null;
        lock.lock();
        try {
            message = outbox.poll();
            if (message == null && (!prompt || campaign.isAtHand(peer, at, wal))) {
                append = campaign.nextAppend(peer, prompt ? PROMPT_WINDOW : WINDOW);
            }
        } finally {
            lock.unlock();
        }
        if (message != null) {
            transmit(open, prompt, message);
        } else if (append != null) {
            transmitAppend(open, prompt, append, at, wal);
        }
        return message != null || append != null;
    }

    private void transmitAppend(
            PartChannel open,
            boolean prompt,
            ProposerAction.SendAppend append,
            Lsn at,
            @Nullable ByteBuffer wal)
            throws IOException {
        int length = (int) append.end().minus(append.begin());
        ByteBuffer bytes;
        if (length == 0) {
            bytes = ByteBuffer.allocate(0);
        } else if (wal != null
                && !append.begin().isBefore(at)
                && !append.end().isAfter(at.plus(wal.limit()))) {
            bytes = wal.slice((int) append.begin().minus(at), length);
        } else {
            bytes = ownBuffer().clear().limit(length);
            campaign.log().read(campaign.state(), append.begin(), bytes);
            bytes.flip();
        }
        if (campaign.state().role() instanceof Role.Leader leader) {
            transmit(
                    open,
                    prompt,
                    new ProposerMessage.Append(
                            append.generation(),
                            leader.term(),
                            append.begin(),
                            append.commit(),
                            bytes));
        }
    }

    private ByteBuffer ownBuffer() {
        ByteBuffer own = buffer;
        if (own == null) {
            own = ByteBuffer.allocateDirect(ProposerMessage.Append.MAX_WAL);
            buffer = own;
        }
        return own;
    }

    private static void transmit(PartChannel open, boolean prompt, ProposerMessage message)
            throws IOException {
        ConsensusProtocol.Encoded encoded = ConsensusProtocol.encode(message);
        if (prompt) {
            open.post(encoded.type(), encoded.head(), encoded.wal());
        } else {
            open.send(encoded.type(), encoded.head(), encoded.wal());
        }
    }

    /** The first message of a conversation. */
    static void greet(PartChannel open, ProposerMessage.Greeting greeting) throws IOException {
        transmit(open, false, greeting);
    }

    /** Asks for an answer if none is due; not while something is being sent. */
    void probe() {
        PartChannel open = channel;
        if (open == null || !sending.tryLock()) {
            return;
        }
        try {
            ProposerAction.SendAppend append;
            lock.lock();
            try {
                append = outbox.isEmpty() ? campaign.nextProbe(peer) : null;
            } finally {
                lock.unlock();
            }
            if (append != null) {
                transmitAppend(open, true, append, Lsn.INVALID, null);
            }
        } catch (ClosedChannelException e) {
            channel = null;
        } catch (IOException e) {
            failure = String.valueOf(e.getMessage());
            hangUp();
        } finally {
            sending.unlock();
        }
    }
}
