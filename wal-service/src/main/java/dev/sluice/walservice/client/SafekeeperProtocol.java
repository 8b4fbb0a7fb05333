package dev.sluice.walservice.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartProtocolException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * How {@link SafekeeperRequest}s and {@link SafekeeperReply}s lie in the frames of a {@link
 * PartChannel}. Big-endian; {@code id} is 32 bytes, tenant then timeline; LSNs, terms and system
 * identifiers are 8 bytes; the number before each name is the frame's type.
 *
 * <pre>
 *   0x20 Create        id, system identifier, u32 postgres major, configuration, start LSN, term
 *   0x21 Delete        id
 *   0x22 Status        id
 *   0x23 ListTimelines -
 *   0x24 Read          id, from LSN, to LSN, term (-1: any)
 *   0x25 Stream        id, from LSN
 *   0x26 Report        id
 *   0x27 Feedback      as in {@link PageserverFeedback}
 *   0x28 Configure     id, configuration, term
 *   0x29 Leave         id
 *   0x2C Space         -
 *
 *   0x30 Statuses      u32 count, count x { u32 bytes of the rest, id, system identifier,
 *                      u32 postgres major, configuration, term, last log term, start LSN,
 *                      flush LSN, commit LSN, feedback as above, u64 node, local start LSN,
 *                      offloaded LSN, u8 1 if it offloads, u64 uploaded segments,
 *                      u64 failed uploads, u32 length, why in UTF-8;
 *                      a later version's additions }
 *   0x31 Wal           start LSN, commit LSN, WAL to the end of the frame
 *   0x32 Report        node id, configuration, u8 whether it votes, term, start LSN, flush LSN,
 *                      commit LSN, history
 *   0x3C Space         node id, usable bytes, total bytes, reserve bytes, refused appends,
 *                      u8 1 if full, u8 1 if the last sync failed, u64 failed syncs,
 *                      u32 length, directory in UTF-8
 *   0x3F Refused       u32 {@link Refusal#number}, u32 length, message in UTF-8
 * </pre>
 *
 * <p>Configurations and histories are as in {@link ConsensusProtocol}.
 */
public final class SafekeeperProtocol {
    private static final int CREATE = 0x20;
    private static final int DELETE = 0x21;
    private static final int STATUS = 0x22;
    private static final int LIST_TIMELINES = 0x23;
    private static final int READ = 0x24;
    private static final int STREAM = 0x25;
    private static final int REPORT = 0x26;
    private static final int FEEDBACK = 0x27;
    private static final int CONFIGURE = 0x28;
    private static final int LEAVE = 0x29;
    private static final int STATUSES = 0x30;
    private static final int WAL = 0x31;
    private static final int REPORTED = 0x32;
    private static final int SPACE = 0x2C;
    private static final int SPACE_REPORT = 0x3C;
    private static final int REFUSED = 0x3F;

    /** Of a status, without its configuration. */
    private static final int STATUS_BYTES =
            32 + 8 + 4 + 5 * 8 + PageserverFeedback.BYTES + 3 * 8 + 21;

    private static final int REQUEST_BYTES = 16 + 16 + 32 + 8 + 4 + 8 + 8;

    private SafekeeperProtocol() {}

    public static void send(PartChannel channel, SafekeeperRequest request) throws IOException {
        Configuration named =
                switch (request) {
                    case SafekeeperRequest.Create r -> r.configuration();
                    case SafekeeperRequest.Configure r -> r.configuration();
                    default -> Configuration.UNSET;
                };
        ByteBuffer out =
                ByteBuffer.allocate(REQUEST_BYTES + ConsensusProtocol.configurationBytes(named));
        int type =
                switch (request) {
                    case SafekeeperRequest.Create r -> {
                        ConsensusProtocol.putId(out, r.id());
                        out.putLong(r.systemIdentifier()).putInt(r.postgresMajor());
                        ConsensusProtocol.putConfiguration(out, r.configuration());
                        out.putLong(r.start().value()).putLong(r.term().number());
                        yield CREATE;
                    }
                    case SafekeeperRequest.Configure r -> {
                        ConsensusProtocol.putId(out, r.id());
                        ConsensusProtocol.putConfiguration(out, r.configuration());
                        out.putLong(r.term().number());
                        yield CONFIGURE;
                    }
                    case SafekeeperRequest.Delete r -> {
                        ConsensusProtocol.putId(out, r.id());
                        yield DELETE;
                    }
                    case SafekeeperRequest.Leave r -> {
                        ConsensusProtocol.putId(out, r.id());
                        yield LEAVE;
                    }
                    case SafekeeperRequest.Status r -> {
                        ConsensusProtocol.putId(out, r.id());
                        yield STATUS;
                    }
                    case SafekeeperRequest.ListTimelines _ -> LIST_TIMELINES;
                    case SafekeeperRequest.Read r -> {
                        ConsensusProtocol.putId(out, r.id());
                        out.putLong(r.from().value()).putLong(r.to().value());
                        out.putLong(r.term() == null ? -1 : r.term().number());
                        yield READ;
                    }
                    case SafekeeperRequest.Stream r -> {
                        ConsensusProtocol.putId(out, r.id());
                        out.putLong(r.from().value());
                        yield STREAM;
                    }
                    case SafekeeperRequest.Report r -> {
                        ConsensusProtocol.putId(out, r.id());
                        yield REPORT;
                    }
                    case SafekeeperRequest.Space _ -> SPACE;
                    case SafekeeperRequest.Feedback r -> {
                        r.feedback().put(out);
                        yield FEEDBACK;
                    }
                };
        channel.send(type, out.flip());
    }

    /**
     * @throws PartProtocolException if the frame is no request
     */
    public static SafekeeperRequest request(PartFrame frame) throws PartProtocolException {
        ByteBuffer in = frame.payload();
        try {
            SafekeeperRequest request =
                    switch (frame.type()) {
                        case CREATE ->
                                new SafekeeperRequest.Create(
                                        ConsensusProtocol.id(in),
                                        in.getLong(),
                                        in.getInt(),
                                        ConsensusProtocol.configuration(in),
                                        lsn(in),
                                        ConsensusProtocol.term(in));
                        case CONFIGURE ->
                                new SafekeeperRequest.Configure(
                                        ConsensusProtocol.id(in),
                                        ConsensusProtocol.configuration(in),
                                        ConsensusProtocol.term(in));
                        case DELETE -> new SafekeeperRequest.Delete(ConsensusProtocol.id(in));
                        case LEAVE -> new SafekeeperRequest.Leave(ConsensusProtocol.id(in));
                        case STATUS -> new SafekeeperRequest.Status(ConsensusProtocol.id(in));
                        case LIST_TIMELINES -> new SafekeeperRequest.ListTimelines();
                        case READ -> read(in);
                        case STREAM ->
                                new SafekeeperRequest.Stream(ConsensusProtocol.id(in), lsn(in));
                        case REPORT -> new SafekeeperRequest.Report(ConsensusProtocol.id(in));
                        case SPACE -> new SafekeeperRequest.Space();
                        case FEEDBACK -> new SafekeeperRequest.Feedback(PageserverFeedback.get(in));
                        default -> throw unknown("request", frame);
                    };
            return whole(request, in, frame);
        } catch (BufferUnderflowException e) {
            throw tooShort(frame, e);
        }
    }

    private static SafekeeperRequest read(ByteBuffer in) {
        TenantTimelineId id = ConsensusProtocol.id(in);
        Lsn from = lsn(in);
        Lsn to = lsn(in);
        long term = in.getLong();
        return new SafekeeperRequest.Read(id, from, to, term < 0 ? null : new Term(term));
    }

    public static void send(PartChannel channel, SafekeeperReply reply) throws IOException {
        switch (reply) {
            case SafekeeperReply.Statuses(List<TimelineStatus> timelines) -> {
                int bytes = 4;
                for (TimelineStatus status : timelines) {
                    bytes += 4 + statusBytes(status);
                }
                ByteBuffer out = ByteBuffer.allocate(bytes);
                out.putInt(timelines.size());
                timelines.forEach(status -> putStatus(out, status));
                channel.send(STATUSES, out.flip());
            }
            case SafekeeperReply.Report(PeerReport report) -> {
                int entries = report.history().entries().size();
                ByteBuffer out =
                        ByteBuffer.allocate(
                                ConsensusProtocol.configurationBytes(report.configuration())
                                        + 5 * 8
                                        + 1
                                        + 4
                                        + 16 * entries);
                out.putLong(report.nodeId());
                ConsensusProtocol.putConfiguration(out, report.configuration());
                out.put((byte) (report.votes() ? 1 : 0));
                out.putLong(report.term().number()).putLong(report.start().value());
                out.putLong(report.flush().value()).putLong(report.commit().value());
                ConsensusProtocol.putHistory(out, report.history());
                channel.send(REPORTED, out.flip());
            }
            case SafekeeperReply.Wal(WalChunk chunk) -> {
                ByteBuffer head = ByteBuffer.allocate(16);
                head.putLong(chunk.start().value()).putLong(chunk.commit().value());
                channel.send(WAL, head.flip(), chunk.wal());
            }
            case SafekeeperReply.Space(SpaceReport report) -> {
                byte[] path = report.directory().getBytes(UTF_8);
                ByteBuffer out = ByteBuffer.allocate(5 * 8 + 1 + 4 + path.length + 9);
                out.putLong(report.nodeId()).putLong(report.usable()).putLong(report.total());
                out.putLong(report.reserve()).putLong(report.refused());
                out.put((byte) (report.full() ? 1 : 0));
                out.put((byte) (report.failing() ? 1 : 0)).putLong(report.failedSyncs());
                out.putInt(path.length).put(path);
                channel.send(SPACE_REPORT, out.flip());
            }
            case SafekeeperReply.Refused(Refusal refusal, String message) -> {
                byte[] text = message.getBytes(UTF_8);
                ByteBuffer out = ByteBuffer.allocate(8 + text.length);
                out.putInt(refusal.number()).putInt(text.length).put(text);
                channel.send(REFUSED, out.flip());
            }
        }
    }

    /**
     * Whether the frame is a {@link SafekeeperReply.Refused}, which any conversation can end with.
     */
    public static boolean isRefusal(PartFrame frame) {
        return frame.type() == REFUSED;
    }

    /**
     * @throws PartProtocolException if the frame is no reply
     */
    public static SafekeeperReply reply(PartFrame frame) throws PartProtocolException {
        ByteBuffer in = frame.payload();
        try {
            SafekeeperReply reply =
                    switch (frame.type()) {
                        case STATUSES -> statuses(in);
                        case WAL -> {
                            Lsn start = lsn(in);
                            Lsn commit = lsn(in);
                            ByteBuffer wal = in.slice();
                            in.position(in.limit());
                            yield new SafekeeperReply.Wal(new WalChunk(start, wal, commit));
                        }
                        case REPORTED ->
                                new SafekeeperReply.Report(
                                        new PeerReport(
                                                in.getLong(),
                                                ConsensusProtocol.configuration(in),
                                                in.get() != 0,
                                                ConsensusProtocol.term(in),
                                                lsn(in),
                                                lsn(in),
                                                lsn(in),
                                                ConsensusProtocol.history(in)));
                        case SPACE_REPORT -> space(in);
                        case REFUSED -> refused(in);
                        default -> throw unknown("reply", frame);
                    };
            return whole(reply, in, frame);
        } catch (BufferUnderflowException e) {
            throw tooShort(frame, e);
        }
    }

    private static SafekeeperReply statuses(ByteBuffer in) throws PartProtocolException {
        int count = in.getInt();
        if (count < 0 || (long) count * STATUS_BYTES > in.remaining()) {
            throw new PartProtocolException(
                    count + " timelines announced in " + in.remaining() + " bytes");
        }
        List<TimelineStatus> statuses = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int bytes = in.getInt();
            if (bytes < STATUS_BYTES || bytes > in.remaining()) {
                throw new PartProtocolException(
                        "a status of " + bytes + " bytes in " + in.remaining());
            }
            int end = in.position() + bytes;
            statuses.add(
                    new TimelineStatus(
                            ConsensusProtocol.id(in),
                            in.getLong(),
                            in.getInt(),
                            ConsensusProtocol.configuration(in),
                            ConsensusProtocol.term(in),
                            ConsensusProtocol.term(in),
                            lsn(in),
                            lsn(in),
                            lsn(in),
                            PageserverFeedback.get(in),
                            in.getLong(),
                            lsn(in),
                            lsn(in),
                            offload(in, end)));
            in.position(end);
        }
        return new SafekeeperReply.Statuses(statuses);
    }

    private static OffloadReport offload(ByteBuffer in, int end) throws PartProtocolException {
        boolean elected = in.get() != 0;
        long uploaded = in.getLong();
        long failures = in.getLong();
        int length = in.getInt();
        if (length < 0 || length > end - in.position()) {
            throw new PartProtocolException("text of " + length + " bytes in a status");
        }
        byte[] text = new byte[length];
        in.get(text);
        return new OffloadReport(elected, uploaded, failures, new String(text, UTF_8));
    }

    private static SafekeeperReply refused(ByteBuffer in) throws PartProtocolException {
        int number = in.getInt();
        try {
            return new SafekeeperReply.Refused(Refusal.ofNumber(number), text(in));
        } catch (IllegalArgumentException e) {
            throw new PartProtocolException(String.valueOf(e.getMessage()));
        }
    }

    private static SafekeeperReply space(ByteBuffer in) throws PartProtocolException {
        long node = in.getLong();
        long usable = in.getLong();
        long total = in.getLong();
        long reserve = in.getLong();
        long refused = in.getLong();
        boolean full = in.get() != 0;
        boolean failing = in.get() != 0;
        long failedSyncs = in.getLong();
        return new SafekeeperReply.Space(
                new SpaceReport(
                        node,
                        text(in),
                        usable,
                        total,
                        reserve,
                        full,
                        refused,
                        failing,
                        failedSyncs));
    }

    private static String text(ByteBuffer in) throws PartProtocolException {
        int length = in.getInt();
        if (length != in.remaining()) {
            throw new PartProtocolException(
                    "text of " + length + " bytes announced in " + in.remaining());
        }
        byte[] text = new byte[length];
        in.get(text);
        return new String(text, UTF_8);
    }

    private static int statusBytes(TimelineStatus status) {
        return STATUS_BYTES
                + ConsensusProtocol.configurationBytes(status.configuration())
                + status.offload().failure().getBytes(UTF_8).length;
    }

    private static void putStatus(ByteBuffer out, TimelineStatus status) {
        out.putInt(statusBytes(status));
        ConsensusProtocol.putId(out, status.id());
        out.putLong(status.systemIdentifier()).putInt(status.postgresMajor());
        ConsensusProtocol.putConfiguration(out, status.configuration());
        out.putLong(status.term().number()).putLong(status.lastLogTerm().number());
        out.putLong(status.start().value()).putLong(status.flush().value());
        out.putLong(status.commit().value());
        status.feedback().put(out);
        out.putLong(status.node()).putLong(status.localStart().value());
        out.putLong(status.offloaded().value());
        OffloadReport offload = status.offload();
        byte[] why = offload.failure().getBytes(UTF_8);
        out.put((byte) (offload.elected() ? 1 : 0));
        out.putLong(offload.uploaded()).putLong(offload.failures());
        out.putInt(why.length).put(why);
    }

    private static Lsn lsn(ByteBuffer in) {
        return new Lsn(in.getLong());
    }

    private static <T> T whole(T message, ByteBuffer in, PartFrame frame)
            throws PartProtocolException {
        if (in.hasRemaining()) {
            throw new PartProtocolException(
                    "frame of type "
                            + Integer.toHexString(frame.type())
                            + " has "
                            + in.remaining()
                            + " bytes too many");
        }
        return message;
    }

    private static PartProtocolException unknown(String what, PartFrame frame) {
        return new PartProtocolException(
                "no safekeeper " + what + " of type 0x" + Integer.toHexString(frame.type()));
    }

    private static PartProtocolException tooShort(PartFrame frame, BufferUnderflowException e) {
        PartProtocolException failure =
                new PartProtocolException(
                        "frame of type 0x" + Integer.toHexString(frame.type()) + " is cut short");
        failure.initCause(e);
        return failure;
    }
}
