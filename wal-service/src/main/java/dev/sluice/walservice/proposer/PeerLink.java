package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperProtocol;
import dev.sluice.walservice.client.SafekeeperReply;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerAction;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
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
 * The connection to one safekeeper, made again whenever it is lost.
 *
 * <p>A small append is sent by the thread that has it, if the safekeeper has acknowledged all
 * before it: the socket is empty then, so that the send cannot block, and no other thread must be
 * woken. Everything else is sent by a thread of this link's own, which alone waits for a slow
 * safekeeper.
 *
 * <p>{@code sending} is held from the decision what to send to the end of sending it, so that a
 * connection's messages go out in the order decided. It is taken before the campaign's lock.
 */
final class PeerLink {
    private static final Logger log = LoggerFactory.getLogger(PeerLink.class);

    private static final int WINDOW = 1 << 20;
    private static final int PROMPT_WINDOW = 64 << 10;
    private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(20).toNanos();
    private static final long LAST_WORD_NANOS = Duration.ofMillis(100).toNanos();
    private static final long LONGEST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    private final Campaign campaign;
    private final int peer;
    private final PartAddress address;
    private final ReentrantLock lock;
    private final Condition work;
    private final ReentrantLock sending = new ReentrantLock();
    private final Queue<ProposerMessage> outbox = new ArrayDeque<>();
    private @Nullable ByteBuffer buffer;
    private volatile @Nullable PartChannel channel;
    private volatile String condition = "not connected yet";

    PeerLink(Campaign campaign, int peer, PartAddress address, ReentrantLock lock) {
        this.campaign = campaign;
        this.peer = peer;
        this.address = address;
        this.lock = lock;
        this.work = lock.newCondition();
    }

    void start() {
        Thread.ofVirtual().name("proposer-receive").start(this::keepConnected);
        Thread.ofVirtual().name("proposer-send").start(this::sendSlowly);
    }

    String condition() {
        return condition;
    }

    String describe() {
        return address + ": " + condition;
    }

    /** To be sent before any append decided later. The campaign's lock is held. */
    void enqueue(ProposerMessage message) {
        outbox.add(message);
    }

    /** The campaign's lock is held. */
    void wake() {
        work.signalAll();
    }

    private void keepConnected() {
        long pause = FIRST_PAUSE_NANOS;
        while (!campaign.isOver()) {
            long begun = System.nanoTime();
            try {
                converse();
            } catch (SafekeeperException e) {
                condition = String.valueOf(e.getMessage());
                if (e.refusal() == Refusal.NO_SUCH_TIMELINE && restore()) {
                    continue;
                }
            } catch (IOException e) {
                condition = String.valueOf(e.getMessage());
            } catch (RuntimeException e) {
                condition = e.toString();
                log.error("conversation with safekeeper {} failed", address, e);
            } finally {
                disconnect();
            }
            if (!campaign.isOver()) {
                log.info("proposer of {}: safekeeper {}", campaign.config().id(), describe());
                boolean lasted = System.nanoTime() - begun > LONGEST_PAUSE_NANOS;
                pause = lasted ? FIRST_PAUSE_NANOS : Math.min(2 * pause, LONGEST_PAUSE_NANOS);
                pause(pause);
            }
        }
        hangUp();
    }

    /** An elected proposer gives a safekeeper that has no such timeline an empty one. */
    private boolean restore() {
        if (!(campaign.state().role() instanceof Role.Leader leader)) {
            return false;
        }
        ProposerConfig config = campaign.config();
        try {
            new SafekeeperClient(address)
                    .restoreTimeline(
                            config.id(),
                            config.systemIdentifier(),
                            config.postgresMajor(),
                            leader.timelineStart(),
                            leader.term());
            log.info("timeline {} made anew on safekeeper {}", config.id(), address);
            return true;
        } catch (IOException e) {
            condition = String.valueOf(e.getMessage());
            return false;
        }
    }

    private void converse() throws IOException {
        PartChannel open = PartChannel.connect(address);
        sending.lock();
        try {
            channel = open;
        } finally {
            sending.unlock();
        }
        if (campaign.isOver()) {
            return;
        }
        ProposerConfig config = campaign.config();
        transmit(
                open,
                new ProposerMessage.Greeting(
                        config.id(),
                        config.generation(),
                        config.systemIdentifier(),
                        config.postgresMajor(),
                        WalSegments.SIZE));
        condition = "connected";
        while (!campaign.isOver()) {
            PartFrame frame = open.receive();
            if (frame == null) {
                throw new EOFException("hung up");
            }
            if (SafekeeperProtocol.isRefusal(frame)
                    && SafekeeperProtocol.reply(frame)
                            instanceof SafekeeperReply.Refused(Refusal refusal, String message)) {
                throw new SafekeeperException(refusal, message);
            }
            campaign.received(peer, ConsensusProtocol.acceptorMessage(frame));
        }
    }

    private void disconnect() {
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
                log.debug("closing the connection to {}: {}", address, e.toString());
            }
        }
    }

    private void pause(long nanos) {
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
     * Sends what there is if that cannot block, else has it sent.
     *
     * @param at the position of the buffer's first byte
     * @param wal a part of the log, or null
     */
    void sendPromptly(Lsn at, @Nullable ByteBuffer wal) {
        if (sending.tryLock()) {
            try {
                sendWhatFits(PROMPT_WINDOW, at, wal);
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
                    sendWhatFits(PROMPT_WINDOW, Lsn.INVALID, null);
                } finally {
                    sending.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sendSlowly() {
        while (awaitWork()) {
            sending.lock();
            try {
                sendWhatFits(WINDOW, Lsn.INVALID, null);
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

    private void sendWhatFits(int window, Lsn at, @Nullable ByteBuffer wal) {
        PartChannel open = channel;
        if (open == null) {
            return;
        }
        try {
            boolean sent;
            do {
                sent = sendOne(open, window, at, wal);
            } while (sent);
        } catch (IOException | RuntimeException e) {
            condition = String.valueOf(e.getMessage());
            log.debug("sending to {} failed", address, e);
            hangUp();
            channel = null;
        }
    }

    private boolean sendOne(PartChannel open, int window, Lsn at, @Nullable ByteBuffer wal)
            throws IOException {
        ProposerMessage message;
        ProposerAction.SendAppend append = null;
        lock.lock();
        try {
            message = outbox.poll();
            if (message == null && (window != PROMPT_WINDOW || campaign.isPrompt(peer, at, wal))) {
                append = campaign.nextAppend(peer, window);
            }
        } finally {
            lock.unlock();
        }
        if (message != null) {
            transmit(open, message);
        } else if (append != null) {
            transmitAppend(open, append, at, wal);
        }
        return message != null || append != null;
    }

    private void transmitAppend(
            PartChannel open, ProposerAction.SendAppend append, Lsn at, @Nullable ByteBuffer wal)
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
                    new ProposerMessage.Append(
                            leader.term(), append.begin(), append.commit(), bytes));
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

    private static void transmit(PartChannel open, ProposerMessage message) throws IOException {
        ConsensusProtocol.Encoded encoded = ConsensusProtocol.encode(message);
        open.send(encoded.type(), encoded.head(), encoded.wal());
    }
}
