package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperProtocol;
import dev.sluice.walservice.client.SafekeeperReply;
import dev.sluice.walservice.client.SafekeeperRequest;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.client.WalChunk;
import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.replication.Readers;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAccess;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartServer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running safekeeper: answers proposers ({@link ConsensusProtocol}), other parts ({@link
 * SafekeeperProtocol}) and Postgres clients ({@link Readers}) at each of its addresses.
 */
public final class Safekeeper implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Safekeeper.class);
    private static final long HEARTBEAT_NANOS = Duration.ofSeconds(1).toNanos();

    /**
     * Commits that follow each other are streamed together: a reader that is woken for each takes
     * the processor from who makes them. The first after a pause is streamed at once.
     */
    private static final long GATHER_NANOS = Duration.ofMillis(20).toNanos();

    private static final int WORTHWHILE = 64 << 10;

    private final SafekeeperConfig config;
    private final DiskSpace space;
    private final Timelines timelines;
    private final Readers readers;
    private final List<PartServer> servers = new ArrayList<>();
    private final CatchUp catchUp;
    private final @Nullable Offload offload;

    private Safekeeper(SafekeeperConfig config, SafekeeperDoors doors, DiskSpace.Probe probe)
            throws IOException {
        this.config = config;
        Files.createDirectories(config.directory());
        DirectoryOwner.claim(config.directory(), config.nodeId());
        space = new DiskSpace(config.nodeId(), config.directory(), config.reserve(), probe);
        PeerSightings sightings = new PeerSightings(config.peers());
        offload =
                config.offload() == null ? null : Offload.open(config, config.offload(), sightings);
        timelines =
                new Timelines(
                        config.nodeId(),
                        config.directory(),
                        space,
                        offload == null ? null : offload.fetched());
        String name = "safekeeper-" + config.nodeId();
        readers = new Readers(name, new ReaderSource(timelines, this::damaged));
        PartAccess access =
                doors.network()
                        .access(
                                PartRole.AGENT,
                                PartRole.PAGESERVER,
                                PartRole.CONTROL_PLANE,
                                PartRole.SAFEKEEPER);
        try {
            listen(name, config.listen(), access);
            for (PartAddress address : doors.also()) {
                listen(name, address, access);
            }
        } catch (IOException e) {
            closeServers();
            throw e;
        }
        catchUp =
                CatchUp.start(
                        config, timelines, sightings, offload == null ? null : offload.store());
        if (offload != null) {
            offload.begin(timelines);
        }
    }

    private void listen(String name, PartAddress address, PartAccess access) throws IOException {
        servers.add(PartServer.start(name, address, access, this::converse, readers::serve));
    }

    /**
     * As the longer one, at its own address and without a certificate.
     *
     * @throws IOException if the directory cannot be used or the address is taken
     */
    public static Safekeeper start(SafekeeperConfig config) throws IOException {
        return start(config, SafekeeperDoors.PLAIN);
    }

    /**
     * Starts serving what is in the directory.
     *
     * @throws IOException if the directory cannot be used or an address is taken
     */
    public static Safekeeper start(SafekeeperConfig config, SafekeeperDoors doors)
            throws IOException {
        Files.createDirectories(config.directory());
        return start(config, doors, DiskSpace.Probe.of(config.directory()));
    }

    /** As {@link #start(SafekeeperConfig)}, on a disk of which someone else says how full it is. */
    static Safekeeper start(SafekeeperConfig config, DiskSpace.Probe probe) throws IOException {
        return start(config, SafekeeperDoors.PLAIN, probe);
    }

    private static Safekeeper start(
            SafekeeperConfig config, SafekeeperDoors doors, DiskSpace.Probe probe)
            throws IOException {
        Safekeeper safekeeper = new Safekeeper(config, doors, probe);
        log.info(
                "safekeeper {} serves {} at {}",
                config.nodeId(),
                config.directory(),
                safekeeper.addresses());
        return safekeeper;
    }

    /** Where it listens, with the port it got. */
    public PartAddress address() {
        return servers.getFirst().address();
    }

    /** Everywhere it listens, its own address first. */
    public List<PartAddress> addresses() {
        return servers.stream().map(PartServer::address).toList();
    }

    private void closeServers() throws IOException {
        readers.close();
        for (PartServer server : servers) {
            server.close();
        }
    }

    /** Stops; what was acknowledged is on disk. */
    @Override
    public void close() throws IOException {
        catchUp.close();
        closeServers();
        if (offload != null) {
            offload.close();
        }
        timelines.close();
        log.info("safekeeper {} stopped", config.nodeId());
    }

    private void converse(PartChannel channel) throws IOException {
        try {
            for (PartFrame frame; (frame = channel.receive()) != null; ) {
                if (ConsensusProtocol.isGreeting(frame)) {
                    followProposer(channel, frame);
                    return;
                }
                answer(channel, SafekeeperProtocol.request(frame));
            }
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            log.info("safekeeper {} refuses: {}", config.nodeId(), e.toString());
            Refusals.tell(channel, e);
        }
    }

    private void followProposer(PartChannel channel, PartFrame frame) throws IOException {
        if (!(ConsensusProtocol.proposerMessage(frame)
                instanceof ProposerMessage.Greeting greeting)) {
            throw new SafekeeperException(Refusal.BAD_REQUEST, "a proposer greets first");
        }
        frame.payload().rewind();
        StoredTimeline timeline = timelines.get(greeting.id());
        try (ProposerConversation conversation = new ProposerConversation(channel, timeline)) {
            runInKernelThread(() -> conversation.run(frame));
        }
    }

    private interface Conversation {
        void run() throws IOException;
    }

    /**
     * Commits wait for this conversation. Its thread is one that blocks in the kernel: a virtual
     * thread is woken by way of two others, which costs as much again as what it does for a commit.
     */
    private static void runInKernelThread(Conversation conversation) throws IOException {
        FutureTask<@Nullable Void> task =
                new FutureTask<>(() -> {
                    conversation.run();
                    return null;
                });
        Thread.ofPlatform().daemon().name("safekeeper-proposer").start(task);
        try {
            PlatformWork.await(task);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case null, default -> throw new IOException(e);
            }
        }
    }

    private void answer(PartChannel channel, SafekeeperRequest request) throws IOException {
        switch (request) {
            case SafekeeperRequest.Create create ->
                    tell(
                            channel,
                            List.of(
                                    timelines.create(
                                            create,
                                            create.term().equals(Term.NONE)
                                                    ? null
                                                    : catchUp.rejoin(create.id()))));
            case SafekeeperRequest.Delete delete -> {
                timelines.delete(delete.id());
                tell(channel, List.of());
            }
            case SafekeeperRequest.Leave leave -> {
                timelines.leave(leave.id());
                tell(channel, List.of());
            }
            case SafekeeperRequest.Status status ->
                    tell(channel, List.of(timelines.get(status.id()).status()));
            case SafekeeperRequest.ListTimelines _ -> tell(channel, timelines.statuses());
            case SafekeeperRequest.Read read -> read(channel, read);
            case SafekeeperRequest.Stream stream -> stream(channel, stream);
            case SafekeeperRequest.Space _ ->
                    SafekeeperProtocol.send(channel, new SafekeeperReply.Space(space.report()));
            case SafekeeperRequest.Feedback _ ->
                    throw new SafekeeperException(
                            Refusal.BAD_REQUEST, "feedback of what is not streamed here");
            case SafekeeperRequest.Configure configure ->
                    SafekeeperProtocol.send(
                            channel,
                            new SafekeeperReply.Report(
                                    timelines
                                            .get(configure.id())
                                            .configure(
                                                    configure.configuration(), configure.term())));
            case SafekeeperRequest.Report report ->
                    SafekeeperProtocol.send(
                            channel,
                            new SafekeeperReply.Report(timelines.get(report.id()).report()));
        }
    }

    private static void tell(PartChannel channel, List<TimelineStatus> statuses)
            throws IOException {
        SafekeeperProtocol.send(channel, new SafekeeperReply.Statuses(statuses));
    }

    private void read(PartChannel channel, SafekeeperRequest.Read request) throws IOException {
        long length = request.to().minus(request.from());
        if (length < 0 || length > SafekeeperClient.MAX_READ) {
            throw new SafekeeperException(
                    Refusal.BAD_REQUEST, "a read of " + length + " bytes of WAL");
        }
        StoredTimeline timeline = timelines.get(request.id());
        timeline.checkReadable(request.from(), request.to(), request.term());
        ByteBuffer buffer = ByteBuffer.allocateDirect(WalStream.MAX_CHUNK);
        try (WalReader reader = timeline.reader()) {
            Lsn position = request.from();
            while (position.isBefore(request.to())) {
                fill(buffer, request.to().minus(position), reader, position);
                timeline.checkReadable(request.from(), request.to(), request.term());
                WalChunk chunk = new WalChunk(position, buffer, request.to());
                position = chunk.end();
                SafekeeperProtocol.send(channel, new SafekeeperReply.Wal(chunk));
            }
        } catch (DamagedWalException e) {
            throw damaged(request.id(), e);
        }
    }

    /** Other safekeepers may have what is damaged here. */
    private DamagedWalException damaged(TenantTimelineId id, DamagedWalException damage) {
        log.error("safekeeper {}: timeline {}: {}", config.nodeId(), id, damage.getMessage());
        timelines.metDamage(id, damage);
        catchUp.lookNow();
        return damage;
    }

    private void stream(PartChannel channel, SafekeeperRequest.Stream request) throws IOException {
        StoredTimeline timeline = timelines.get(request.id());
        timeline.checkReadable(request.from(), timeline.status().start(), null);
        ByteBuffer buffer = ByteBuffer.allocateDirect(WalStream.MAX_CHUNK);
        Thread.ofVirtual().name("safekeeper-feedback").start(() -> listen(channel, timeline));
        try (WalReader reader = timeline.reader()) {
            Lsn position = request.from();
            while (true) {
                Lsn commit = timeline.awaitCommit(position, HEARTBEAT_NANOS);
                long length = commit.isAfter(position) ? commit.minus(position) : 0;
                fill(buffer, length, reader, position);
                WalChunk chunk = new WalChunk(position, buffer, commit);
                position = chunk.end();
                SafekeeperProtocol.send(channel, new SafekeeperReply.Wal(chunk));
                if (length > 0 && length < WORTHWHILE) {
                    LockSupport.parkNanos(GATHER_NANOS);
                }
            }
        } catch (DamagedWalException e) {
            throw damaged(request.id(), e);
        }
    }

    /** Hears what whoever WAL is streamed to has to say, until it hangs up; so does this then. */
    private void listen(PartChannel channel, StoredTimeline timeline) {
        try (channel) {
            for (PartFrame frame; (frame = channel.receive()) != null; ) {
                if (!(SafekeeperProtocol.request(frame)
                        instanceof SafekeeperRequest.Feedback(PageserverFeedback feedback))) {
                    throw new SafekeeperException(
                            Refusal.BAD_REQUEST, "WAL is being streamed, nothing else is answered");
                }
                timeline.said(feedback);
            }
        } catch (ClosedChannelException e) {
            log.debug("safekeeper {}: a stream of WAL ended", config.nodeId());
        } catch (IOException e) {
            log.info("safekeeper {}: {}", config.nodeId(), e.toString());
        }
    }

    private static void fill(ByteBuffer buffer, long wanted, WalReader reader, Lsn position)
            throws IOException {
        buffer.clear().limit((int) Math.min(wanted, buffer.capacity()));
        reader.read(position, buffer);
        buffer.flip();
    }
}
