package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperProtocol;
import dev.sluice.walservice.client.SafekeeperReply;
import dev.sluice.walservice.consensus.AcceptorMessage;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartLoop;
import dev.sluice.wire.part.PartRole;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to one safekeeper: greets, receives what it says, and is made again whenever it is
 * lost. What goes out, {@link PeerSender} sends.
 */
final class PeerLink {
    private static final Logger log = LoggerFactory.getLogger(PeerLink.class);

    private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(20).toNanos();
    private static final long LONGEST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    /** An answer that is due and does not come for so long never will. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Campaign campaign;
    private final int peer;
    private final long node;
    private final ReentrantLock lock;
    private final PeerSender sender;
    private volatile String condition = "not connected yet";
    private boolean running;
    private boolean sends;
    private volatile boolean again;
    private volatile long heardAt = System.nanoTime();

    PeerLink(Campaign campaign, int peer, long node, ReentrantLock lock) {
        this.campaign = campaign;
        this.peer = peer;
        this.node = node;
        this.lock = lock;
        this.sender = new PeerSender(campaign, peer, lock);
    }

    /** The safekeeper's. */
    long node() {
        return node;
    }

    PeerSender sender() {
        return sender;
    }

    /** Connects, unless it already keeps connected. The campaign's lock is held. */
    void start() {
        if (running) {
            return;
        }
        running = true;
        Thread.ofVirtual().name("proposer-connect").start(this::keepConnected);
        if (!sends) {
            sends = true;
            Thread.ofVirtual().name("proposer-send").start(sender::sendSlowly);
        }
    }

    String condition() {
        String failure = sender.failure();
        return failure == null ? condition : failure;
    }

    String describe() {
        return "safekeeper " + node + ": " + condition();
    }

    private void keepConnected() {
        long pause = FIRST_PAUSE_NANOS;
        while (isWanted()) {
            again = false;
            long begun = System.nanoTime();
            try {
                converse();
            } catch (SafekeeperException e) {
                condition = String.valueOf(e.getMessage());
                if (e.refusal() == Refusal.NO_SUCH_TIMELINE && restore()) {
                    continue;
                }
            } catch (ClosedChannelException e) {
                log.debug("hung up on safekeeper {}", node);
            } catch (IOException e) {
                condition = String.valueOf(e.getMessage());
            } catch (RuntimeException e) {
                condition = e.toString();
                log.error("conversation with safekeeper {} failed", node, e);
            } finally {
                sender.disconnect();
            }
            if (isWanted() && !again) {
                log.info("proposer of {}: {}", campaign.config().id(), describe());
                boolean lasted = System.nanoTime() - begun > LONGEST_PAUSE_NANOS;
                pause = lasted ? FIRST_PAUSE_NANOS : Math.min(2 * pause, LONGEST_PAUSE_NANOS);
                sender.pause(pause);
            }
        }
        sender.hangUp();
    }

    /** Ends when the campaign does, or the safekeeper has no say in it any more. */
    private boolean isWanted() {
        lock.lock();
        try {
            running = !campaign.isOver() && campaign.isWanted(node);
            return running;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the connection, and makes the next one without a pause. */
    void greetAgain() {
        again = true;
        sender.hangUp();
    }

    private SafekeeperClient client() throws IOException {
        return campaign.config().addresses().client(node);
    }

    /** An elected proposer gives a safekeeper that has no such timeline an empty one. */
    private boolean restore() {
        if (!(campaign.state().role() instanceof Role.Leader leader)) {
            return false;
        }
        ProposerConfig config = campaign.config();
        try {
            client().restoreTimeline(
                            config.id(),
                            config.systemIdentifier(),
                            config.postgresMajor(),
                            campaign.state().configuration(),
                            leader.timelineStart(),
                            leader.term());
            log.info("timeline {} made anew on safekeeper {}", config.id(), node);
            return true;
        } catch (IOException e) {
            condition = String.valueOf(e.getMessage());
            return false;
        }
    }

    private void converse() throws IOException {
        SafekeeperDirectory safekeepers = campaign.config().addresses();
        PartChannel open =
                safekeepers.network().connect(safekeepers.addressOf(node), PartRole.SAFEKEEPER);
        heardAt = System.nanoTime();
        Answers answers = new Answers();
        campaign.loop().attach(open, answers);
        sender.connect(open);
        if (campaign.isOver()) {
            return;
        }
        ProposerConfig config = campaign.config();
        PeerSender.greet(
                open,
                new ProposerMessage.Greeting(
                        config.id(),
                        campaign.state().configuration(),
                        config.systemIdentifier(),
                        config.postgresMajor(),
                        WalSegments.SIZE));
        throw answers.awaitEnd();
    }

    /** What the safekeeper says. */
    private final class Answers implements PartLoop.Receiver {
        private final CompletableFuture<IOException> end = new CompletableFuture<>();

        @Override
        public void received(PartFrame frame) throws IOException {
            heardAt = System.nanoTime();
            condition = "connected";
            if (SafekeeperProtocol.isRefusal(frame)
                    && SafekeeperProtocol.reply(frame)
                            instanceof SafekeeperReply.Refused(Refusal refusal, String message)) {
                throw new SafekeeperException(refusal, message);
            }
            PageserverFeedback feedback = ConsensusProtocol.feedback(frame);
            if (feedback == null) {
                AcceptorMessage message = ConsensusProtocol.acceptorMessage(frame);
                if (message instanceof AcceptorMessage.Greeted greeted) {
                    requireItself(greeted.nodeId());
                }
                campaign.received(peer, message);
            } else {
                campaign.heard(feedback);
            }
        }

        private void requireItself(long greeted) throws IOException {
            if (greeted != node) {
                throw new IOException("safekeeper " + greeted + " answers at its address");
            }
        }

        @Override
        public void ended(@Nullable Exception why) {
            end.complete(
                    switch (why) {
                        case null -> new EOFException("hung up");
                        case IOException e -> e;
                        default -> new IOException(why.toString(), why);
                    });
        }

        /** Returns why the conversation ended. */
        IOException awaitEnd() {
            return end.join();
        }
    }

    /** Asks a safekeeper that has nothing to say whether it is there; leaves one that is not. */
    void beat() {
        if (System.nanoTime() - heardAt < PATIENCE.toNanos()) {
            sender.probe();
        } else if (sender.isConnected() && campaign.isAnswerDue(peer)) {
            condition = "silent for " + PATIENCE.toSeconds() + " s";
            sender.hangUp();
        }
    }
}
