package dev.sluice.walservice.client;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks things of one safekeeper. Holds no connection: each call makes its own, so that one client
 * serves any number of threads and outlives restarts of the safekeeper.
 *
 * <p>Every call throws {@link SafekeeperException} when the safekeeper refuses, and another {@link
 * IOException} when it cannot be reached, or is silent for too long: one whose process is stopped,
 * or whose host is gone, would be waited for without an end.
 */
public final class SafekeeperClient {
    /** The most that one {@link #read} returns: one segment. */
    public static final int MAX_READ = 16 << 20;

    /** How long it may be silent when it is asked something. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** So much longer when it is to give WAL, which it may have to fetch from the object store. */
    private static final int TIMES_FOR_WAL = 3;

    private final PartNetwork network;
    private final PartAddress address;
    private final Duration limit;

    /** For a safekeeper that asks for no certificate. */
    public SafekeeperClient(PartAddress address) {
        this(PartNetwork.PLAIN, address);
    }

    public SafekeeperClient(PartNetwork network, PartAddress address) {
        this(network, address, LIMIT);
    }

    /**
     * @param limit how long it may be silent
     */
    SafekeeperClient(PartNetwork network, PartAddress address, Duration limit) {
        this.network = network;
        this.address = address;
        this.limit = limit;
    }

    public PartAddress address() {
        return address;
    }

    /**
     * Makes an empty timeline, durably. Does nothing if it exists just so.
     *
     * <p>For a timeline's birth only: a safekeeper that lost a timeline must not be given it again
     * as an empty one that votes. Proposers do that in the safe way.
     *
     * @param configuration who decides about it
     * @param start where its WAL will begin, the start of a record
     */
    public TimelineStatus createTimeline(
            TenantTimelineId id,
            long systemIdentifier,
            int postgresMajor,
            Configuration configuration,
            Lsn start)
            throws IOException {
        return only(
                ask(
                        new SafekeeperRequest.Create(
                                id,
                                systemIdentifier,
                                postgresMajor,
                                configuration,
                                start,
                                Term.NONE)));
    }

    /**
     * Gives a safekeeper that has lost a timeline an empty one, in the term that its elected
     * proposer won without it.
     */
    public TimelineStatus restoreTimeline(
            TenantTimelineId id,
            long systemIdentifier,
            int postgresMajor,
            Configuration configuration,
            Lsn start,
            Term term)
            throws IOException {
        return only(
                ask(
                        new SafekeeperRequest.Create(
                                id, systemIdentifier, postgresMajor, configuration, start, term)));
    }

    /**
     * Deletes a timeline and its WAL, in the object store too; does nothing if there is none. For a
     * timeline that is no more, and for nothing else.
     */
    public void deleteTimeline(TenantTimelineId id) throws IOException {
        askForNothing(new SafekeeperRequest.Delete(id));
    }

    /**
     * Has a safekeeper that has no say in a timeline any more give up what it has of it; does
     * nothing if that is nothing. Its objects stay: others need them.
     */
    public void leaveTimeline(TenantTimelineId id) throws IOException {
        askForNothing(new SafekeeperRequest.Leave(id));
    }

    private void askForNothing(SafekeeperRequest request) throws IOException {
        if (!ask(request).isEmpty()) {
            throw notExpected();
        }
    }

    public TimelineStatus status(TenantTimelineId id) throws IOException {
        return only(ask(new SafekeeperRequest.Status(id)));
    }

    /** How the timeline's acceptor is, for another safekeeper. */
    public PeerReport report(TenantTimelineId id) throws IOException {
        return askForReport(new SafekeeperRequest.Report(id));
    }

    /**
     * Tells the timeline's acceptor a configuration, which it takes over if it is newer than its
     * own.
     *
     * @param term what its own is raised to, if that is lower
     * @return how it is then; with another configuration if that one is newer
     */
    public PeerReport configure(TenantTimelineId id, Configuration configuration, Term term)
            throws IOException {
        return askForReport(new SafekeeperRequest.Configure(id, configuration, term));
    }

    private PeerReport askForReport(SafekeeperRequest request) throws IOException {
        try (PartChannel channel = connect()) {
            SafekeeperProtocol.send(channel, request);
            return switch (receive(channel)) {
                case SafekeeperReply.Report(PeerReport report) -> report;
                case SafekeeperReply.Wal _, SafekeeperReply.Statuses _, SafekeeperReply.Space _ ->
                        throw notExpected();
                case SafekeeperReply.Refused refused -> throw refused(refused);
            };
        }
    }

    /** How much room it has. */
    public SpaceReport space() throws IOException {
        try (PartChannel channel = connect()) {
            SafekeeperProtocol.send(channel, new SafekeeperRequest.Space());
            return switch (receive(channel)) {
                case SafekeeperReply.Space(SpaceReport report) -> report;
                case SafekeeperReply.Wal _, SafekeeperReply.Statuses _, SafekeeperReply.Report _ ->
                        throw notExpected();
                case SafekeeperReply.Refused refused -> throw refused(refused);
            };
        }
    }

    /** All timelines, in no order. */
    public List<TimelineStatus> timelines() throws IOException {
        return ask(new SafekeeperRequest.ListTimelines());
    }

    /**
     * Stored WAL, which need not be committed.
     *
     * @param from at or after the timeline's start
     * @param to at or before its flush LSN, at most {@link #MAX_READ} after {@code from}
     */
    public byte[] read(TenantTimelineId id, Lsn from, Lsn to) throws IOException {
        return read(id, from, to, null);
    }

    /**
     * As {@link #read(TenantTimelineId, Lsn, Lsn)}, refused unless {@code term} is the
     * safekeeper's: what is not committed is only steady within a term.
     */
    public byte[] read(TenantTimelineId id, Lsn from, Lsn to, @Nullable Term term)
            throws IOException {
        long length = to.minus(from);
        if (length < 0 || length > MAX_READ) {
            throw new IllegalArgumentException(
                    "cannot read " + length + " bytes of WAL from " + from + " to " + to);
        }
        ByteBuffer wal = ByteBuffer.allocate((int) length);
        try (PartChannel channel = connect()) {
            SafekeeperProtocol.send(channel, new SafekeeperRequest.Read(id, from, to, term));
            // In a term it is read for a safekeeper that commits may be waiting for.
            Duration silence = term == null ? limit.multipliedBy(TIMES_FOR_WAL) : limit;
            while (wal.hasRemaining()) {
                switch (receive(channel, silence)) {
                    case SafekeeperReply.Wal(WalChunk chunk) -> {
                        if (!chunk.start().equals(from.plus(wal.position()))
                                || chunk.isHeartbeat()
                                || chunk.wal().remaining() > wal.remaining()) {
                            throw new IOException(
                                    address + " sent other WAL than asked for: " + chunk.start());
                        }
                        wal.put(chunk.wal());
                    }
                    case SafekeeperReply.Statuses _,
                            SafekeeperReply.Report _,
                            SafekeeperReply.Space _ ->
                            throw notExpected();
                    case SafekeeperReply.Refused refused -> throw refused(refused);
                }
            }
        }
        return wal.array();
    }

    /** As {@link #timelines}, over a connection of the caller's, of no use after an error. */
    List<TimelineStatus> timelines(PartChannel channel) throws IOException {
        SafekeeperProtocol.send(channel, new SafekeeperRequest.ListTimelines());
        return statuses(receive(channel));
    }

    PartChannel connect() throws IOException {
        return network.connect(address, PartRole.SAFEKEEPER);
    }

    /**
     * Follows a timeline's committed WAL. Never delivers what is not committed.
     *
     * @param from at or after the timeline's start; may be past the commit LSN, which is then
     *     waited for
     */
    public WalStream stream(TenantTimelineId id, Lsn from) throws IOException {
        PartChannel channel = connect();
        try {
            SafekeeperProtocol.send(channel, new SafekeeperRequest.Stream(id, from));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        return new WalStream(this, channel, from);
    }

    private List<TimelineStatus> ask(SafekeeperRequest request) throws IOException {
        try (PartChannel channel = connect()) {
            SafekeeperProtocol.send(channel, request);
            return statuses(receive(channel));
        }
    }

    private List<TimelineStatus> statuses(SafekeeperReply reply) throws IOException {
        return switch (reply) {
            case SafekeeperReply.Statuses(List<TimelineStatus> timelines) -> timelines;
            case SafekeeperReply.Wal _, SafekeeperReply.Report _, SafekeeperReply.Space _ ->
                    throw notExpected();
            case SafekeeperReply.Refused refused -> throw refused(refused);
        };
    }

    private TimelineStatus only(List<TimelineStatus> statuses) throws IOException {
        if (statuses.size() != 1) {
            throw new IOException(
                    address + " answered with " + statuses.size() + " timelines, not one");
        }
        return statuses.getFirst();
    }

    SafekeeperReply receive(PartChannel channel) throws IOException {
        return receive(channel, limit);
    }

    private SafekeeperReply receive(PartChannel channel, Duration silence) throws IOException {
        PartFrame frame;
        try {
            frame = channel.receive(silence);
        } catch (SocketTimeoutException e) {
            SocketTimeoutException silent =
                    new SocketTimeoutException(
                            "safekeeper at %s is silent: %s".formatted(address, e.getMessage()));
            silent.initCause(e);
            throw silent;
        }
        if (frame == null) {
            throw new EOFException("safekeeper at " + address + " hung up");
        }
        return SafekeeperProtocol.reply(frame);
    }

    IOException notExpected() {
        return new IOException("safekeeper at " + address + " answered another question");
    }

    SafekeeperException refused(SafekeeperReply.Refused refused) {
        return new SafekeeperException(
                refused.refusal(), "safekeeper at " + address + ": " + refused.message());
    }
}
