package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperProtocol;
import dev.sluice.walservice.client.SafekeeperReply;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
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
    private final PartAddress address;
    private final PeerSender sender;
    private volatile String condition = "not connected yet";
    private volatile long heardAt = System.nanoTime();

    PeerLink(Campaign campaign, int peer, PartAddress address, ReentrantLock lock) {
        this.campaign = campaign;
        this.peer = peer;
        this.address = address;
        this.sender = new PeerSender(campaign, peer, lock);
    }

    PeerSender sender() {
        return sender;
    }

    void start() {
        // One that blocks in the kernel: a virtual thread is woken by way of two others, which
        // costs
        // as much again as what it does for a commit.
        Thread.ofPlatform().daemon().name("proposer-receive").start(this::keepConnected);
        Thread.ofVirtual().name("proposer-send").start(sender::sendSlowly);
    }

    String condition() {
        String failure = sender.failure();
        return failure == null ? condition : failure;
    }

    String describe() {
        return address + ": " + condition();
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
            } catch (ClosedChannelException e) {
                log.debug("hung up on safekeeper {}", address);
            } catch (IOException e) {
                condition = String.valueOf(e.getMessage());
            } catch (RuntimeException e) {
                condition = e.toString();
                log.error("conversation with safekeeper {} failed", address, e);
            } finally {
                sender.disconnect();
            }
            if (!campaign.isOver()) {
                log.info("proposer of {}: safekeeper {}", campaign.config().id(), describe());
                boolean lasted = System.nanoTime() - begun > LONGEST_PAUSE_NANOS;
                pause = lasted ? FIRST_PAUSE_NANOS : Math.min(2 * pause, LONGEST_PAUSE_NANOS);
                sender.pause(pause);
            }
        }
        sender.hangUp();
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
        heardAt = System.nanoTime();
        sender.connect(open);
        if (campaign.isOver()) {
            return;
        }
        ProposerConfig config = campaign.config();
        PeerSender.transmit(
                open,
                new ProposerMessage.Greeting(
                        config.id(),
                        config.generation(),
                        config.systemIdentifier(),
                        config.postgresMajor(),
                        WalSegments.SIZE));
        while (!campaign.isOver()) {
            PartFrame frame = open.receive();
            if (frame == null) {
                throw new EOFException("hung up");
            }
            heardAt = System.nanoTime();
            condition = "connected";
            if (SafekeeperProtocol.isRefusal(frame)
                    && SafekeeperProtocol.reply(frame)
                            instanceof SafekeeperReply.Refused(Refusal refusal, String message)) {
                throw new SafekeeperException(refusal, message);
            }
            PageserverFeedback feedback = ConsensusProtocol.feedback(frame);
            if (feedback == null) {
                campaign.received(peer, ConsensusProtocol.acceptorMessage(frame));
            } else {
                campaign.heard(feedback);
            }
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
