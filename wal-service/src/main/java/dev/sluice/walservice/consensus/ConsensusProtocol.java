package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.AcceptorMessage.Ballot;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartProtocolException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the messages lie in frames. Big-endian; {@code id} is 32 bytes, tenant then timeline; terms,
 * LSNs, generations and identifiers are 8 bytes; the number before each name is the frame's type.
 *
 * <pre>
 *   0x01 Greeting     id, configuration, system identifier, u32 postgres major, u32 segment size
 *   0x02 VoteRequest  generation, term
 *   0x03 Elected      generation, term, stream-from LSN, end LSN, history
 *   0x04 Append       generation, term, begin LSN, commit LSN, WAL to the end of the frame
 *
 *   0x11 Greeted      node id, configuration, term, votes-above term
 *   0x12 Voted        generation, term, u8 ballot (0 given, 1 refused, 2 abstained), start LSN,
 *                     flush LSN, history
 *   0x13 Appended     generation, term, flush LSN, received LSN, commit LSN
 *   0x14 Feedback     as in {@link PageserverFeedback}; at any time after Greeted
 *   0x15 Superseded   configuration
 *
 *   history           u32 count, count x { term, start LSN }
 *   configuration     generation, u32 count, count x node id, u32 count, count x node id: the
 *                     members, and those that are to follow them
 * </pre>
 */
public final class ConsensusProtocol {
    private static final int GREETING = 0x01;
    private static final int VOTE_REQUEST = 0x02;
    private static final int ELECTED = 0x03;
    private static final int APPEND = 0x04;
    private static final int GREETED = 0x11;
    private static final int VOTED = 0x12;
    private static final int APPENDED = 0x13;
    private static final int FEEDBACK = 0x14;
    private static final int SUPERSEDED = 0x15;

    private static final int HEAD_BYTES = 64;
    private static final int ENTRY_BYTES = 16;

    private ConsensusProtocol() {}

    /**
     * A message as a frame's payload: its head and, for an append, its WAL.
     *
     * @param head positioned at its first byte
     * @param wal empty but for an append
     */
    public record Encoded(int type, ByteBuffer head, ByteBuffer wal) {}

    private static final ByteBuffer NO_WAL = ByteBuffer.allocate(0);

    public static Encoded encode(ProposerMessage message) {
        return switch (message) {
            case ProposerMessage.Greeting m -> {
                ByteBuffer out =
                        ByteBuffer.allocate(HEAD_BYTES + configurationBytes(m.configuration()));
                putId(out, m.id());
                putConfiguration(out, m.configuration());
                out.putLong(m.systemIdentifier());
                out.putInt(m.postgresMajor()).putInt(m.segmentSize());
                yield new Encoded(GREETING, out.flip(), NO_WAL);
            }
            case ProposerMessage.VoteRequest m ->
                    new Encoded(VOTE_REQUEST, numbers(m.generation(), m.term().number()), NO_WAL);
            case ProposerMessage.Elected m -> {
                ByteBuffer out = withRoomFor(m.history());
                out.putLong(m.generation()).putLong(m.term().number());
                out.putLong(m.streamFrom().value());
                out.putLong(m.end().value());
                putHistory(out, m.history());
                yield new Encoded(ELECTED, out.flip(), NO_WAL);
            }
            case ProposerMessage.Append m -> {
                ByteBuffer head =
                        numbers(
                                m.generation(),
                                m.term().number(),
                                m.begin().value(),
                                m.commit().value());
                yield new Encoded(APPEND, head, m.wal());
            }
        };
    }

    public static Encoded encode(AcceptorMessage message) {
        return switch (message) {
            case AcceptorMessage.Greeted m -> {
                ByteBuffer out =
                        ByteBuffer.allocate(HEAD_BYTES + configurationBytes(m.configuration()));
                out.putLong(m.nodeId());
                putConfiguration(out, m.configuration());
                out.putLong(m.term().number()).putLong(m.votesAbove().number());
                yield new Encoded(GREETED, out.flip(), NO_WAL);
            }
            case AcceptorMessage.Superseded m -> {
                ByteBuffer out = ByteBuffer.allocate(configurationBytes(m.configuration()));
                putConfiguration(out, m.configuration());
                yield new Encoded(SUPERSEDED, out.flip(), NO_WAL);
            }
            case AcceptorMessage.Voted m -> {
                ByteBuffer out = withRoomFor(m.history());
                out.putLong(m.generation()).putLong(m.term().number());
                out.put((byte) m.ballot().number());
                out.putLong(m.start().value()).putLong(m.flush().value());
                putHistory(out, m.history());
                yield new Encoded(VOTED, out.flip(), NO_WAL);
            }
            case AcceptorMessage.Appended m -> {
                ByteBuffer head =
                        numbers(
                                m.generation(),
                                m.term().number(),
                                m.flush().value(),
                                m.received().value(),
                                m.commit().value());
                yield new Encoded(APPENDED, head, NO_WAL);
            }
        };
    }

    /** What an acceptor's host passes on to a proposer; no part of the consensus. */
    public static Encoded encode(PageserverFeedback feedback) {
        ByteBuffer out = ByteBuffer.allocate(PageserverFeedback.BYTES);
        feedback.put(out);
        return new Encoded(FEEDBACK, out.flip(), NO_WAL);
    }

    /**
     * @return null if the frame is something else
     * @throws PartProtocolException if it is cut short
     */
    public static @Nullable PageserverFeedback feedback(PartFrame frame)
            throws PartProtocolException {
        if (frame.type() != FEEDBACK) {
            return null;
        }
        ByteBuffer in = frame.payload();
        try {
            return whole(PageserverFeedback.get(in), in, frame);
        } catch (BufferUnderflowException e) {
            throw tooShort(frame, e);
        }
    }

    /** Whether a conversation that begins with this frame is a proposer's. */
    public static boolean isGreeting(PartFrame frame) {
        return frame.type() == GREETING;
    }

    /**
     * An append's WAL is the frame's own: valid as long as that.
     *
     * @throws PartProtocolException if the frame is not a proposer's message
     */
    public static ProposerMessage proposerMessage(PartFrame frame) throws PartProtocolException {
        ByteBuffer in = frame.payload();
        try {
            ProposerMessage message =
                    switch (frame.type()) {
                        case GREETING ->
                                new ProposerMessage.Greeting(
                                        id(in),
                                        configuration(in),
                                        in.getLong(),
                                        in.getInt(),
                                        in.getInt());
                        case VOTE_REQUEST ->
                                new ProposerMessage.VoteRequest(in.getLong(), term(in));
                        case ELECTED ->
                                new ProposerMessage.Elected(
                                        in.getLong(), term(in), lsn(in), lsn(in), history(in));
                        case APPEND -> append(in);
                        default -> throw unknown("proposer", frame);
                    };
            return whole(message, in, frame);
        } catch (BufferUnderflowException e) {
            throw tooShort(frame, e);
        }
    }

    private static ProposerMessage append(ByteBuffer in) throws PartProtocolException {
        long generation = in.getLong();
        Term term = term(in);
        Lsn begin = lsn(in);
        Lsn commit = lsn(in);
        if (in.remaining() > ProposerMessage.Append.MAX_WAL) {
            throw new PartProtocolException("append of " + in.remaining() + " bytes");
        }
        ByteBuffer wal = in.slice();
        in.position(in.limit());
        return new ProposerMessage.Append(generation, term, begin, commit, wal);
    }

    /**
     * @throws PartProtocolException if the frame is not an acceptor's message
     */
    public static AcceptorMessage acceptorMessage(PartFrame frame) throws PartProtocolException {
        ByteBuffer in = frame.payload();
        try {
            AcceptorMessage message =
                    switch (frame.type()) {
                        case GREETED ->
                                new AcceptorMessage.Greeted(
                                        in.getLong(), configuration(in), term(in), term(in));
                        case SUPERSEDED -> new AcceptorMessage.Superseded(configuration(in));
                        case VOTED ->
                                new AcceptorMessage.Voted(
                                        in.getLong(),
                                        term(in),
                                        ballot(in),
                                        lsn(in),
                                        lsn(in),
                                        history(in));
                        case APPENDED ->
                                new AcceptorMessage.Appended(
                                        in.getLong(), term(in), lsn(in), lsn(in), lsn(in));
                        default -> throw unknown("acceptor", frame);
                    };
            return whole(message, in, frame);
        } catch (BufferUnderflowException e) {
            throw tooShort(frame, e);
        }
    }

    private static ByteBuffer numbers(long... numbers) {
        ByteBuffer out = ByteBuffer.allocate(8 * numbers.length);
        for (long number : numbers) {
            out.putLong(number);
        }
        return out.flip();
    }

    private static ByteBuffer withRoomFor(TermHistory history) {
        return ByteBuffer.allocate(HEAD_BYTES + ENTRY_BYTES * history.entries().size());
    }

    /** Writes a history as in the messages. */
    public static void putHistory(ByteBuffer out, TermHistory history) {
        out.putInt(history.entries().size());
        for (TermStart entry : history.entries()) {
            out.putLong(entry.term().number()).putLong(entry.start().value());
        }
    }

    /**
     * Reads what {@link #putHistory} wrote.
     *
     * @throws PartProtocolException if it is no history
     * @throws BufferUnderflowException if it is cut short
     */
    public static TermHistory history(ByteBuffer in) throws PartProtocolException {
        int count = in.getInt();
        if (count < 0 || (long) count * ENTRY_BYTES > in.remaining()) {
            throw new PartProtocolException(
                    "term history of " + count + " entries in " + in.remaining() + " bytes");
        }
        List<TermStart> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            entries.add(new TermStart(term(in), lsn(in)));
        }
        try {
            return new TermHistory(entries);
        } catch (IllegalArgumentException e) {
            throw new PartProtocolException(String.valueOf(e.getMessage()));
        }
    }

    /** How many bytes {@link #putConfiguration} writes. */
    public static int configurationBytes(Configuration configuration) {
        return 16 + 8 * (configuration.members().size() + configuration.following().size());
    }

    /** Writes a configuration as in the messages. */
    public static void putConfiguration(ByteBuffer out, Configuration configuration) {
        out.putLong(configuration.generation()).putInt(configuration.members().size());
        configuration.members().forEach(out::putLong);
        out.putInt(configuration.following().size());
        configuration.following().forEach(out::putLong);
    }

    /**
     * Reads what {@link #putConfiguration} wrote.
     *
     * @throws PartProtocolException if it is no configuration
     * @throws BufferUnderflowException if it is cut short
     */
    public static Configuration configuration(ByteBuffer in) throws PartProtocolException {
        long generation = in.getLong();
        try {
            return new Configuration(generation, nodes(in), nodes(in));
        } catch (IllegalArgumentException e) {
            throw new PartProtocolException(String.valueOf(e.getMessage()));
        }
    }

    private static List<Long> nodes(ByteBuffer in) throws PartProtocolException {
        int count = in.getInt();
        if (count < 0 || count > Configuration.MAX_MEMBERS) {
            throw new PartProtocolException("configuration of " + count + " members");
        }
        List<Long> nodes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            nodes.add(in.getLong());
        }
        return nodes;
    }

    /** Writes an id's 32 bytes. */
    public static void putId(ByteBuffer out, TenantTimelineId id) {
        out.putLong(id.tenant().high()).putLong(id.tenant().low());
        out.putLong(id.timeline().high()).putLong(id.timeline().low());
    }

    /** Reads an id's 32 bytes. */
    public static TenantTimelineId id(ByteBuffer in) {
        TenantId tenant = new TenantId(in.getLong(), in.getLong());
        return new TenantTimelineId(tenant, new TimelineId(in.getLong(), in.getLong()));
    }

    private static Ballot ballot(ByteBuffer in) throws PartProtocolException {
        try {
            return Ballot.ofNumber(in.get());
        } catch (IllegalArgumentException e) {
            throw new PartProtocolException(String.valueOf(e.getMessage()));
        }
    }

    private static Lsn lsn(ByteBuffer in) {
        return new Lsn(in.getLong());
    }

    /** Reads a term's 8 bytes. */
    public static Term term(ByteBuffer in) throws PartProtocolException {
        long number = in.getLong();
        if (number < 0) {
            throw new PartProtocolException("negative term " + number);
        }
        return new Term(number);
    }

    private static <T> T whole(T message, ByteBuffer in, PartFrame frame)
            throws PartProtocolException {
        if (in.hasRemaining()) {
            throw new PartProtocolException(
                    in.remaining() + " bytes too many in a frame of type " + frame.type());
        }
        return message;
    }

    private static PartProtocolException unknown(String whose, PartFrame frame) {
        return new PartProtocolException(
                "no " + whose + "'s message of type 0x" + Integer.toHexString(frame.type()));
    }

    private static PartProtocolException tooShort(PartFrame frame, BufferUnderflowException e) {
        PartProtocolException failure =
                new PartProtocolException("frame of type " + frame.type() + " is cut short");
        failure.initCause(e);
        return failure;
    }
}
