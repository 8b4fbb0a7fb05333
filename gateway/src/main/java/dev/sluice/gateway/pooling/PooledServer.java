package dev.sluice.gateway.pooling;

import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.pooling.queue.Slot;
import dev.sluice.gateway.pooling.state.ReportedSettings;
import dev.sluice.gateway.pooling.state.SessionSettings;
import dev.sluice.gateway.pooling.statement.ClientStatements;
import dev.sluice.gateway.pooling.statement.Expectations;
import dev.sluice.gateway.pooling.statement.ServerStatements;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A server connection of a pool: passes what the server says on to the client of the moment, takes
 * out what answers messages of the gateway, and sees when a transaction is over. Confined to the
 * pool's event loop.
 */
final class PooledServer extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(PooledServer.class);
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    /** The longest message of those that must be read whole. */
    private static final int MAX_WHOLE = 1 << 20;

    /** What the unnamed statement is after a conversation of ours. */
    static final UnnamedStatement UNKNOWN = new UnnamedStatement(0, null);

    /** {@code DISCARD ALL} and {@code DEALLOCATE ALL} with their zero bytes. */
    private static final byte[] DISCARDED = Texts.ascii("DISCARD ALL\0");

    private static final byte[] DEALLOCATED = Texts.ascii("DEALLOCATE ALL\0");

    private final Pool pool;
    private final ServerConnection connection;
    private final Channel channel;
    private final Slot<PooledServer> slot = new Slot<>(this);
    private final ServerStatements statements;
    private final Expectations expected;
    private final Outgoing outgoing = new Outgoing();
    private final boolean[] whole = new boolean[128];

    private SessionSettings settings;
    private ReportedSettings reported;
    private @Nullable PooledClient client;
    private @Nullable UnnamedStatement unnamed;
    private @Nullable Exchange exchange;
    private @Nullable Runnable exchanged;
    private @Nullable ByteBuf partial;
    private int bodyLeft;
    private boolean forwarding;
    private boolean oursDue;
    private byte status = 'I';
    private @Nullable Diagnostic lastWords;
    private boolean closed;
    private int cancels;
    private @Nullable Runnable whenNotCancelled;
    private final long id;
    private final long openedAtNanos = System.nanoTime();
    private final long openedAt = System.currentTimeMillis();
    private long assignedAtMillis = openedAt;

    PooledServer(
            Pool pool,
            ServerConnection connection,
            SessionSettings settings,
            ReportedSettings reported) {
        this.pool = pool;
        this.id = pool.nextServerId();
        this.connection = connection;
        this.channel = connection.channel();
        this.settings = settings;
        this.reported = reported;
        this.statements = new ServerStatements(pool.statements());
        this.expected = new Expectations(this::undone);
        for (byte type : new byte[] {'Z', 'E', 'S'}) {
            whole[type] = true;
        }
        slot.mark(settings);
    }

    Slot<PooledServer> slot() {
        return slot;
    }

    ServerConnection connection() {
        return connection;
    }

    Channel channel() {
        return channel;
    }

    Expectations expected() {
        return expected;
    }

    ServerStatements statements() {
        return statements;
    }

    SessionSettings settings() {
        return settings;
    }

    ReportedSettings reported() {
        return reported;
    }

    void isNow(SessionSettings now) {
        settings = now;
        slot.mark(now);
    }

    @Nullable PooledClient client() {
        return client;
    }

    /** The transaction status that the server last told. */
    byte status() {
        return status;
    }

    long id() {
        return id;
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether the unnamed statement is this one. */
    boolean hasUnnamed(UnnamedStatement statement) {
        return statement.equals(unnamed);
    }

    boolean hasNoUnnamed() {
        return unnamed == null;
    }

    void unnamedIs(@Nullable UnnamedStatement statement) {
        unnamed = statement;
    }

    /** From now on what the server says is for this client. */
    void attach(PooledClient to, long now) {
        client = to;
        assignedAtMillis = openedAt + (now - openedAtNanos) / 1_000_000;
    }

    /** What the server says is for nobody. */
    void detach() {
        client = null;
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    private void undone(byte kind, @Nullable Object subject, boolean byItself) {
        PooledClient of = client;
        if (of != null) {
            of.undone(this, kind, subject, byItself);
        }
    }

    /** Holds a conversation of ours; nothing else may be under way. */
    void converse(Exchange with, Runnable then) {
        exchange = with;
        exchanged = then;
        if (unnamed != null) {
            unnamed = UNKNOWN;
        }
        ByteBuf question = channel.alloc().buffer();
        with.ask(question);
        Outbound.send(channel, question);
    }

    boolean isConversing() {
        return exchange != null;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (closed) {
            in.release();
            return;
        }
        ByteBuf before = partial;
        if (before != null) {
            partial = null;
            before.writeBytes(in);
            in.release();
            in = before;
        }
        outgoing.begin(in);
        try {
            read(in);
        } catch (WireFormatException e) {
            log.warn("a compute of {} does not speak the protocol", pool.endpointId(), e);
            outgoing.abandon();
            broken();
        }
    }

    private void read(ByteBuf in) {
        PooledClient to = client;
        int at = in.readerIndex();
        int end = in.writerIndex();
        while (at < end) {
            if (bodyLeft > 0) {
                int part = Math.min(bodyLeft, end - at);
                at += part;
                bodyLeft -= part;
                if (bodyLeft == 0) {
                    messageEnds(at);
                }
                continue;
            }
            if (end - at < FrameHeader.BYTES) {
                break;
            }
            byte type = in.getByte(at);
            int length = FrameHeader.bodyLength(type, in.getInt(at + 1), FrameHeader.MAX_LENGTH);
            int body = at + FrameHeader.BYTES;
            if (mustBeWhole(type, length) && end - body < length) {
                if (length > MAX_WHOLE) {
                    throw new WireFormatException(
                            "message of type %s of %d bytes"
                                    .formatted(FrameHeader.typeName(type), length));
                }
                break;
            }
            if (exchange != null || to == null) {
                if (end - body < length) {
                    if (length > MAX_WHOLE) {
                        throw new WireFormatException("an answer of " + length + " bytes");
                    }
                    break;
                }
                aside(type, in.slice(body, length));
                if (closed) {
                    outgoing.abandon();
                    return;
                }
                at = body + length;
                outgoing.skip(at);
                continue;
            }
            message(to, in, at, type, length);
            at = Math.min(end, body + length);
            bodyLeft = body + length - at;
            if (bodyLeft == 0) {
                messageEnds(at);
            }
        }
        keep(in, at, end);
        if (to != null) {
            pool.counters().sent(at - in.readerIndex());
            pool.context().metrics().toClient(at - in.readerIndex());
            pool.counted().toClient(at - in.readerIndex());
        }
        outgoing.end(to == null ? null : to.channel(), at);
        if (at == end) {
            finish();
        }
        if (to != null && client == to) {
            to.input().resume();
        }
        if (to != null && client == to && !to.channel().isWritable()) {
            channel.config().setAutoRead(false);
        }
    }

    private boolean mustBeWhole(byte type, int length) {
        return type > 0
                && (whole[type]
                        || (type == 'C'
                                && (length == DISCARDED.length || length == DEALLOCATED.length)));
    }

    private void keep(ByteBuf in, int at, int end) {
        if (at < end) {
            partial = channel.alloc().buffer(Math.max(256, 2 * (end - at)));
            partial.writeBytes(in, at, end - at);
        }
    }

    /** A message for the client begins. */
    private void message(PooledClient to, ByteBuf in, int at, byte type, int length) {
        int body = at + FrameHeader.BYTES;
        int end = body + length;
        forwarding = true;
        switch (type) {
            case 'D', 'd' -> {
                return;
            }
            case 'Z' -> {
                ready(to, in, at);
                return;
            }
            case 'E' -> {
                Diagnostic fatal = Texts.fatal(in, body, length);
                if (fatal != null) {
                    lastWords = fatal;
                    drop(to, at, end);
                    return;
                }
                if (expected.subject() instanceof ClientStatements.Named named) {
                    renamed(to, in, at, length, named);
                }
            }
            case 'S' -> changed(in.slice(body, length));
            case 'C' -> {
                if (length == DISCARDED.length || length == DEALLOCATED.length) {
                    completed(to, in, body, length);
                }
            }
            default -> {
                // only counted
            }
        }
        switch (expected.received(type)) {
            case FORWARD -> {
                // stays
            }
            case SWALLOW -> drop(to, at, end);
            case UNEXPECTED ->
                    throw new WireFormatException(
                            "message of type "
                                    + FrameHeader.typeName(type)
                                    + " answers nothing that was asked");
        }
        oursDue = true;
    }

    /** An error about a statement calls it what its client does. */
    private void renamed(
            PooledClient to, ByteBuf in, int at, int length, ClientStatements.Named named) {
        String error = in.toString(at + FrameHeader.BYTES, length, StandardCharsets.ISO_8859_1);
        String ours = quoted(named.statement().name());
        if (error.contains(ours)) {
            String theirs = error.replace(ours, quoted(named.name()));
            drop(to, at, at + FrameHeader.BYTES + length);
            ByteBuf out = outgoing.insert(to.channel(), at + FrameHeader.BYTES + length);
            out.writeByte('E').writeInt(Integer.BYTES + theirs.length());
            out.writeCharSequence(theirs, StandardCharsets.ISO_8859_1);
        }
    }

    private static String quoted(byte[] name) {
        return '"' + new String(name, StandardCharsets.ISO_8859_1) + '"';
    }

    private void drop(PooledClient to, int at, int end) {
        outgoing.insert(to.channel(), at);
        outgoing.skip(end);
        forwarding = false;
    }

    private void messageEnds(int at) {
        forwarding = false;
        PooledClient to = client;
        if (oursDue && to != null) {
            oursDue = false;
            for (byte type; (type = expected.ours()) != 0; ) {
                Texts.empty(outgoing.insert(to.channel(), at), type);
            }
        }
    }

    private void ready(PooledClient to, ByteBuf in, int at) {
        status = in.getByte(at + FrameHeader.BYTES);
        if (expected.received((byte) 'Z') == Expectations.Verdict.UNEXPECTED) {
            throw new WireFormatException("the compute is ready for what nobody asked");
        }
        oursDue = true;
        to.readyReceived(status, System.nanoTime());
        if (status == 'I' && expected.isSettled() && to.mayHaveLeftSomething(reported)) {
            drop(to, at, at + FrameHeader.BYTES + 1);
            to.readyWithheld();
        }
    }

    /** The transaction is over and everything is answered, unless the client is in the middle. */
    void finish() {
        PooledClient to = client;
        if (to != null && !closed && status == 'I' && expected.isSettled()) {
            to.transactionOver();
        }
    }

    private void completed(PooledClient to, ByteBuf in, int body, int length) {
        byte[] tag = length == DISCARDED.length ? DISCARDED : DEALLOCATED;
        for (int i = 0; i < length; i++) {
            if (in.getByte(body + i) != tag[i]) {
                return;
            }
        }
        statementsGone();
        to.statementsGone(length == DISCARDED.length);
    }

    /** The server has deallocated all that it had. */
    void statementsGone() {
        statements.clear(statement ->
                expected.isExpected(Expectations.INJECTED_PARSE, statement)
                        || expected.isExpected(Expectations.PARSE, statement));
    }

    /** A message that is for no client. */
    private void aside(byte type, ByteBuf body) {
        Exchange with = exchange;
        switch (type) {
            case 'S' -> changed(body);
            case 'N' -> {
                // about something of ours
            }
            case 'A' -> {
                // for nobody: a client that listens keeps its connection
            }
            default -> {
                Diagnostic fatal = type == 'E' ? Texts.fatal(body, 0, body.readableBytes()) : null;
                if (fatal != null) {
                    lastWords = fatal;
                    broken();
                } else if (with == null) {
                    throw new WireFormatException(
                            "message of type " + FrameHeader.typeName(type) + " unasked");
                } else if (with.answered(type, body)) {
                    exchanged();
                }
            }
        }
    }

    private void exchanged() {
        Runnable then = exchanged;
        exchange = null;
        exchanged = null;
        if (then != null) {
            // after what is being read has been dealt with
            channel.eventLoop().execute(then);
        }
    }

    private void changed(ByteBuf body) {
        String[] told = body.toString(StandardCharsets.ISO_8859_1).split("\0", -1);
        if (told.length != 3) {
            throw new WireFormatException("a setting is told in " + told.length + " strings");
        }
        reported = pool.internReported(reported.with(told[0], told[1]));
    }

    /**
     * A cancel request for what runs here is on its way: nobody else gets it before it has gone.
     */
    void cancelBegins() {
        cancels++;
    }

    void cancelEnds() {
        cancels--;
        Runnable then = whenNotCancelled;
        if (cancels == 0 && then != null) {
            whenNotCancelled = null;
            then.run();
        }
    }

    boolean isBeingCancelled() {
        return cancels > 0;
    }

    void whenNotCancelled(Runnable then) {
        if (cancels == 0) {
            then.run();
        } else {
            whenNotCancelled = then;
        }
    }

    /** For SHOW SERVERS. */
    PoolMember member() {
        PooledClient of = client;
        BackendKeyData key = connection.key();
        return new PoolMember(
                pool.user(),
                pool.database(),
                cancels > 0 ? "being_canceled" : slot.isIdle() ? "idle" : "active",
                "",
                0,
                openedAt,
                assignedAtMillis,
                0,
                id,
                of == null ? 0 : of.id(),
                key == null ? 0 : key.processId(),
                "",
                "",
                statements.size());
    }

    /** Says goodbye and closes. */
    void close() {
        if (!closed) {
            closed = true;
            if (channel.isActive()) {
                ByteBuf goodbye = channel.alloc().buffer();
                new Terminate().encode(goodbye);
                Outbound.write(channel, goodbye);
            }
            Transport.closeAfterFlush(channel, LAST_WORDS);
            over();
        }
    }

    /** It gives no sign of life. */
    void giveUp() {
        broken();
    }

    private void broken() {
        if (!closed) {
            closed = true;
            Outbound.close(channel);
            lost();
        }
    }

    private void over() {
        ByteBuf rest = partial;
        partial = null;
        if (rest != null) {
            rest.release();
        }
        statements.clear(_ -> false);
        pool.serverClosed(this);
    }

    private void lost() {
        Runnable then = exchanged;
        exchange = null;
        exchanged = null;
        PooledClient of = client;
        over();
        pool.lost(this);
        if (of != null) {
            of.serverLost(this, lastWords, bodyLeft > 0 && forwarding);
            client = null;
        } else if (then != null) {
            then.run();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (!closed) {
            closed = true;
            lost();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        PooledClient of = client;
        if (of != null) {
            of.serverIsWritable(channel.isWritable());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof java.io.IOException) {
            log.debug("connection {} failed", channel, cause);
        } else {
            log.error("connection {} failed", channel, cause);
        }
        Outbound.close(ctx);
    }
}
