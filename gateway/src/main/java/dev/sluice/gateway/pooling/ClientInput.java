package dev.sluice.gateway.pooling;

import dev.sluice.gateway.pooling.statement.ClientStatements;
import dev.sluice.gateway.pooling.statement.Deallocations;
import dev.sluice.gateway.pooling.statement.Expectations;
import dev.sluice.gateway.pooling.statement.StatementStore;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a pooled client sends. Messages go on to its server connection as they came, but for
 * those about prepared statements ({@link StatementMessages}). What comes while there is no server
 * connection is held; of a message of which the beginning must be known, what has come of it waits
 * for the rest.
 */
final class ClientInput extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(ClientInput.class);

    /** Of what is held; then the client is not read. */
    private static final int MAX_HELD = 64 << 10;

    /** What becomes of the rest of a message's body. */
    private enum Body {
        FORWARD,
        /** It goes on, and is a text to be watched up to its zero byte. */
        WATCH,
        DROP
    }

    private final PooledClient client;
    private final TextWatch texts;
    private final StandIn standIn;
    private final Outgoing outgoing = new Outgoing();
    private final StatementMessages messages;

    private @Nullable ByteBuf held;
    private @Nullable ByteBuf partial;
    private int bodyLeft;
    private Body rest = Body.FORWARD;
    private boolean full;
    private boolean processing;
    private boolean closed;

    ClientInput(PooledClient client, StatementStore store) {
        this.client = client;
        this.texts = new TextWatch(client);
        this.standIn = new StandIn(client);
        this.messages = new StatementMessages(client, this, store);
    }

    ClientStatements statements() {
        return messages.statements();
    }

    TextWatch texts() {
        return texts;
    }

    StandIn standIn() {
        return standIn;
    }

    Outgoing outgoing() {
        return outgoing;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (closed) {
            in.release();
            return;
        }
        client.times().received(System.nanoTime(), in.readableBytes());
        ByteBuf waiting = held;
        if (waiting != null) {
            held = joined(waiting, in);
            if (held.readableBytes() > MAX_HELD) {
                ctx.channel().config().setAutoRead(false);
            }
            return;
        }
        process(in);
    }

    private ByteBuf joined(ByteBuf first, ByteBuf more) {
        ByteBuf all = first;
        if (first.refCnt() > 1 || first.isReadOnly() || first.maxWritableBytes() == 0) {
            all = client.channel().alloc().buffer(first.readableBytes() + more.readableBytes());
            all.writeBytes(first);
            first.release();
        }
        all.writeBytes(more);
        more.release();
        return all;
    }

    /** Goes on with what is held, if anything is. */
    void resume() {
        ByteBuf waiting = held;
        if (waiting == null || processing || closed || isFull()) {
            return;
        }
        held = null;
        process(waiting);
        if (!closed && !client.channel().config().isAutoRead() && takesMore()) {
            client.channel().config().setAutoRead(true);
        }
    }

    /** Half of what may be unanswered is, at least: what goes on does so in pieces worth it. */
    private boolean isFull() {
        PooledServer server = client.server();
        full = full && server != null && server.expected().readiesDue() > Pool.AHEAD / 2;
        return full;
    }

    private boolean takesMore() {
        PooledServer server = client.server();
        return !holdsTooMuch() && (server == null || server.channel().isWritable());
    }

    boolean isHolding() {
        return held != null;
    }

    boolean holdsTooMuch() {
        ByteBuf waiting = held;
        return waiting != null && waiting.readableBytes() > MAX_HELD;
    }

    /** Whether part of a message was sent to the server, and the rest has not come yet. */
    boolean isInMessage() {
        return bodyLeft > 0 && rest != Body.DROP;
    }

    private void process(ByteBuf bytes) {
        ByteBuf in = bytes;
        ByteBuf before = partial;
        if (before != null) {
            partial = null;
            before.writeBytes(in);
            in.release();
            in = before;
        }
        processing = true;
        outgoing.begin(in);
        try {
            read(in);
        } catch (WireFormatException e) {
            outgoing.abandon();
            client.broken(e);
        } finally {
            processing = false;
        }
        PooledServer server = client.server();
        if (server != null && !closed) {
            server.finish();
        }
    }

    private void read(ByteBuf in) {
        int at = in.readerIndex();
        int end = in.writerIndex();
        boolean hold = false;
        if (bodyLeft == 0 && client.server() == null && standIn.answersPing(in)) {
            outgoing.abandon();
            return;
        }
        while (at < end && !hold) {
            if (bodyLeft > 0) {
                int part = Math.min(bodyLeft, end - at);
                body(in, at, part);
                at += part;
                bodyLeft -= part;
                if (bodyLeft == 0) {
                    bodyEnds();
                }
                continue;
            }
            if (end - at < FrameHeader.BYTES) {
                break;
            }
            byte type = in.getByte(at);
            int length = FrameHeader.bodyLength(type, in.getInt(at + 1), FrameHeader.MAX_LENGTH);
            int body = at + FrameHeader.BYTES;
            Step step = message(in, at, type, length, Math.min(length, end - body));
            switch (step) {
                case STAYS -> {
                    at = body;
                    bodyLeft = length;
                }
                case DROPPED -> {
                    drop(at, body);
                    at = body;
                    rest = Body.DROP;
                    bodyLeft = length;
                }
                case DONE -> at = body + length;
                case BODY_LEFT -> {
                    int done = messages.doneUpTo();
                    bodyLeft = body + length - done;
                    at = done;
                }
                case INCOMPLETE -> {
                    keep(in, at, end);
                    end = at;
                }
                case HOLD -> hold = true;
                case OVER -> {
                    outgoing.end(channelOf(client.server()), at);
                    client.end(null);
                    return;
                }
            }
            if (bodyLeft == 0 && (step == Step.STAYS || step == Step.DROPPED)) {
                bodyEnds();
            }
        }
        if (hold && at == in.readerIndex()) {
            outgoing.leave();
            held = in;
            return;
        }
        PooledServer server = client.server();
        if (hold) {
            ByteBuf later = client.channel().alloc().buffer(Math.max(256, end - at));
            later.writeBytes(in, at, end - at);
            held = later;
            if (later.readableBytes() > MAX_HELD) {
                client.channel().config().setAutoRead(false);
            }
        } else if (at < end) {
            keep(in, at, end);
        }
        outgoing.end(channelOf(server), at);
        answerOurs(server);
        if (server != null && !server.channel().isWritable()) {
            client.channel().config().setAutoRead(false);
        }
    }

    private static @Nullable Channel channelOf(@Nullable PooledServer server) {
        return server == null ? null : server.channel();
    }

    private void keep(ByteBuf in, int at, int end) {
        partial = client.channel().alloc().buffer(Math.max(256, 2 * (end - at)));
        partial.writeBytes(in, at, end - at);
    }

    private void drop(int at, int to) {
        PooledServer server = client.server();
        if (server != null) {
            outgoing.insert(server.channel(), at);
        }
        outgoing.skip(to);
    }

    /** Answers that are ours to give and wait for no server. */
    private void answerOurs(@Nullable PooledServer server) {
        if (server == null) {
            return;
        }
        ByteBuf out = null;
        for (byte type; (type = server.expected().ours()) != 0; ) {
            if (out == null) {
                out = client.channel().alloc().buffer();
            }
            Texts.empty(out, type);
        }
        if (out != null) {
            Outbound.send(client.channel(), out);
        }
    }

    /** What becomes of a message. */
    enum Step {
        /** It goes on as it is. */
        STAYS,
        DROPPED,
        /** It was dealt with, all of it. */
        DONE,
        /** Its beginning was dealt with; the rest goes on. */
        BODY_LEFT,
        /** More of it must have come. */
        INCOMPLETE,
        /** It waits for a server connection. */
        HOLD,
        /** The client says goodbye. */
        OVER
    }

    private Step message(ByteBuf in, int at, byte type, int length, int come) {
        rest = Body.FORWARD;
        if (type == 'X') {
            return Step.OVER;
        }
        if (standIn.isRefusing()) {
            standIn.refused(type);
            return Step.DROPPED;
        }
        boolean copy = type == 'd' || type == 'c' || type == 'f';
        PooledServer server = client.server();
        if (server == null && (copy || type == 'H')) {
            // after an error in COPY; or there is nothing to flush
            return Step.DROPPED;
        }
        server = client.wantServer();
        if (server == null) {
            if (!standIn.isRefusing()) {
                return Step.HOLD;
            }
            standIn.refused(type);
            return Step.DROPPED;
        }
        Expectations expected = server.expected();
        if (expected.size() > 0
                && expected.isSynced()
                && (texts.isBarrier() || expected.isChangeDue() || isShareSent(expected))) {
            return Step.HOLD;
        }
        return switch (type) {
            case 'Q' -> query(server, in, at, length, come);
            case 'P', 'B', 'D', 'C' -> messages.message(server, in, at, type, length, come);
            case 'E' -> messages.execute(server, in, at, length, come);
            case 'S' -> {
                messages.groupEnds();
                yield sent(expected, Expectations.SYNC);
            }
            case 'F' -> sent(expected, Expectations.FUNCTION);
            case 'd' -> expected.size() == 0 || expected.isSkipping() ? Step.DROPPED : Step.STAYS;
            case 'c', 'f' -> sent(expected, Expectations.COPY_END);
            case 'H' -> Step.STAYS;
            default ->
                    throw new WireFormatException("invalid frontend message type " + (type & 0xff));
        };
    }

    private boolean isShareSent(Expectations expected) {
        int due = expected.readiesDue();
        full = due >= Pool.AHEAD && !client.isPinned();
        return full || client.shouldYield(due);
    }

    private static Step sent(Expectations expected, byte kind) {
        return sent(expected, kind, null);
    }

    /** A message goes to the server as it is, unless the server skips it. */
    static Step sent(Expectations expected, byte kind, @Nullable Object subject) {
        return expected.sent(kind, subject) ? Step.STAYS : Step.DROPPED;
    }

    private void answerDeallocated(PooledServer server, ByteBuf answer) {
        answer.writeByte('Z').writeInt(FrameHeader.MIN_LENGTH + 1);
        answer.writeByte(server.status());
        Outbound.send(client.channel(), answer);
    }

    private Step query(PooledServer server, ByteBuf in, int at, int length, int come) {
        int body = at + FrameHeader.BYTES;
        if (length <= Deallocations.LONGEST && come < length) {
            return Step.INCOMPLETE;
        }
        if (length <= Deallocations.LONGEST && messages.deallocates(server, in, body, length)) {
            Expectations expected = server.expected();
            if (expected.isSettled()) {
                answerDeallocated(server, messages.deallocated(in, body, length));
                drop(at, body + length);
                return Step.DONE;
            }
            if (expected.isReadyDue() && expected.isSynced()) {
                return Step.HOLD;
            }
        }
        if (!server.expected().sent(Expectations.QUERY, PooledServer.UNKNOWN)) {
            return Step.DROPPED;
        }
        messages.unnamedGone(server);
        messages.groupEnds();
        watch(true, come < length);
        return Step.STAYS;
    }

    /** The rest of the message is a text, perhaps with more after its zero byte. */
    void watch(boolean query, boolean pieces) {
        rest = Body.WATCH;
        texts.begin(query, pieces);
    }

    private void body(ByteBuf in, int at, int length) {
        switch (rest) {
            case DROP -> outgoing.skip(at + length);
            case FORWARD -> {
                // stays
            }
            case WATCH -> {
                messages.unnamedPart(in, at, length);
                texts.more(in, at, length);
            }
        }
    }

    private void bodyEnds() {
        texts.end();
        messages.textEnds(texts.suspicion());
    }

    /**
     * The server connection is no more: gives the answers that it owed.
     *
     * @return whether it owed any
     */
    boolean serverLost(PooledServer lost, Diagnostic why) {
        boolean owed = standIn.answerInstead(lost, why);
        if (bodyLeft > 0) {
            rest = Body.DROP;
            texts.cutOff();
        }
        messages.unnamedGone(lost);
        lost.expected().reset();
        return owed;
    }

    /** The server is ready for the next query. */
    void readyReceived() {
        PooledServer server = client.server();
        if (server == null || !server.expected().isReadyDue()) {
            // Nothing is sent behind a barrier, so its answer is the last.
            texts.barrierPassed();
        }
        messages.readyReceived();
    }

    /** The transaction is over. */
    void portalsGone() {
        messages.portalsGone();
    }

    void undone(PooledServer of, byte kind, @Nullable Object subject, boolean byItself) {
        messages.undone(of, kind, subject, byItself);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        PooledServer server = client.server();
        if (server != null) {
            server.channel().config().setAutoRead(ctx.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        client.gone();
    }

    void close() {
        closed = true;
        for (ByteBuf bytes : new @Nullable ByteBuf[] {held, partial}) {
            if (bytes != null) {
                bytes.release();
            }
        }
        held = null;
        partial = null;
        messages.statements().clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof java.io.IOException) {
            log.debug("connection {} failed", ctx.channel(), cause);
        } else {
            log.error("connection {} failed", ctx.channel(), cause);
        }
        Outbound.close(ctx);
    }
}
