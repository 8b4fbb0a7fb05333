package dev.sluice.gateway.pooling;

import dev.sluice.gateway.pooling.statement.ClientStatements;
import dev.sluice.gateway.pooling.statement.Expectations;
import dev.sluice.gateway.pooling.statement.SharedStatement;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a server of a pool says: passes it on to the client of the moment as it came, takes
 * out what answers messages of the gateway, puts in what the gateway answers itself, and sees when
 * a transaction is over.
 */
final class ServerOutput extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(ServerOutput.class);

    /** The longest message of those that must be read whole. */
    private static final int MAX_WHOLE = 1 << 20;

    /** {@code DISCARD ALL} and {@code DEALLOCATE ALL} with their zero bytes. */
    private static final byte[] DISCARDED = Texts.ascii("DISCARD ALL\0");

    private static final byte[] DEALLOCATED = Texts.ascii("DEALLOCATE ALL\0");

    /** Types of messages that must be read whole. */
    private static final boolean[] WHOLE = new boolean[128];

    static {
        for (byte type : new byte[] {'Z', 'E', 'S'}) {
            WHOLE[type] = true;
        }
    }

    private final PooledServer server;
    private final Outgoing outgoing = new Outgoing();
    private @Nullable ByteBuf partial;
    private int bodyLeft;
    private boolean forwarding;
    private boolean oursDue;

    ServerOutput(PooledServer server) {
        this.server = server;
    }

    /** Whether the client has been sent the beginning of a message, and not its end. */
    boolean isInMessage() {
        return bodyLeft > 0 && forwarding;
    }

    /** Nothing more is read. */
    void close() {
        ByteBuf rest = partial;
        partial = null;
        if (rest != null) {
            rest.release();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (server.isClosed()) {
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
            log.warn("a compute of {} does not speak the protocol", server.pool().endpointId(), e);
            outgoing.abandon();
            server.broken();
        }
    }

    private void read(ByteBuf in) {
        PooledClient to = server.client();
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
            if (to == null || server.isConversing()) {
                if (end - body < length) {
                    if (length > MAX_WHOLE) {
                        throw new WireFormatException("an answer of " + length + " bytes");
                    }
                    break;
                }
                aside(type, in.slice(body, length));
                if (server.isClosed()) {
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
            Pool pool = server.pool();
            pool.counters().sent(at - in.readerIndex());
            pool.context().metrics().toClient(at - in.readerIndex());
            pool.counted().toClient(at - in.readerIndex());
        }
        outgoing.end(to == null ? null : to.channel(), at);
        if (at == end) {
            server.finish();
        }
        if (to != null && server.client() == to) {
            to.input().resume();
        }
        if (to != null && server.client() == to && !to.channel().isWritable()) {
            server.channel().config().setAutoRead(false);
        }
    }

    private boolean mustBeWhole(byte type, int length) {
        return type > 0
                && (WHOLE[type]
                        || (type == 'C'
                                && (length == DISCARDED.length || length == DEALLOCATED.length)));
    }

    private void keep(ByteBuf in, int at, int end) {
        if (at < end) {
            partial = server.channel().alloc().buffer(Math.max(256, 2 * (end - at)));
            partial.writeBytes(in, at, end - at);
        }
    }

    /** A message for the client begins. */
    private void message(PooledClient to, ByteBuf in, int at, byte type, int length) {
        int body = at + FrameHeader.BYTES;
        int end = body + length;
        Expectations expected = server.expected();
        SharedStatement outdated = null;
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
                    server.lastWords(fatal);
                    drop(to, at, end);
                    return;
                }
                if (expected.subject() instanceof ClientStatements.Named named) {
                    outdated = isOutdated(in, body, length) ? named.statement() : null;
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
        if (outdated != null) {
            server.pool().outdated(outdated);
        }
        oursDue = true;
    }

    /**
     * Whether an error is {@code cached plan must not change result type}, which a statement gives
     * until it is prepared again, or another that has its code: then that is done in vain.
     */
    private static boolean isOutdated(ByteBuf in, int body, int length) {
        return in.toString(body, length, StandardCharsets.ISO_8859_1)
                .contains("\0C" + SqlState.FEATURE_NOT_SUPPORTED.code() + '\0');
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
        PooledClient to = server.client();
        if (oursDue && to != null) {
            oursDue = false;
            for (byte type; (type = server.expected().ours()) != 0; ) {
                Texts.empty(outgoing.insert(to.channel(), at), type);
            }
        }
    }

    private void ready(PooledClient to, ByteBuf in, int at) {
        byte status = in.getByte(at + FrameHeader.BYTES);
        Expectations expected = server.expected();
        server.statusIs(status);
        if (expected.received((byte) 'Z') == Expectations.Verdict.UNEXPECTED) {
            throw new WireFormatException("the compute is ready for what nobody asked");
        }
        oursDue = true;
        to.readyReceived(status, System.nanoTime());
        if (status == 'I' && expected.isSettled() && to.mayHaveLeftSomething(server.reported())) {
            drop(to, at, at + FrameHeader.BYTES + 1);
            to.readyWithheld();
        }
    }

    private void completed(PooledClient to, ByteBuf in, int body, int length) {
        byte[] tag = length == DISCARDED.length ? DISCARDED : DEALLOCATED;
        for (int i = 0; i < length; i++) {
            if (in.getByte(body + i) != tag[i]) {
                return;
            }
        }
        server.statementsGone();
        to.statementsGone(length == DISCARDED.length);
    }

    /** A message that is for no client. */
    private void aside(byte type, ByteBuf body) {
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
                    server.lastWords(fatal);
                    server.broken();
                } else {
                    server.answered(type, body);
                }
            }
        }
    }

    private void changed(ByteBuf body) {
        String[] told = body.toString(StandardCharsets.ISO_8859_1).split("\0", -1);
        if (told.length != 3) {
            throw new WireFormatException("a setting is told in " + told.length + " strings");
        }
        server.reports(told[0], told[1]);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        server.closedByServer();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        PooledClient of = server.client();
        if (of != null) {
            of.serverIsWritable(server.channel().isWritable());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof java.io.IOException) {
            log.debug("connection {} failed", server.channel(), cause);
        } else {
            log.error("connection {} failed", server.channel(), cause);
        }
        Outbound.close(ctx);
    }
}
