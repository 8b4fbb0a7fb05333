package dev.sluice.gateway.pooling;

import dev.sluice.gateway.parking.Ping;
import dev.sluice.gateway.parking.PingWatch;
import dev.sluice.gateway.pooling.statement.Expectations;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.frame.FrameHeader;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Answers a pooled client where no server connection does. */
final class StandIn {
    private final PooledClient client;
    private @Nullable Diagnostic refusal;
    private boolean refusalTold;

    StandIn(PooledClient client) {
        this.client = client;
    }

    /** Answers what only asks whether anybody is there, if that is all that has come. */
    boolean answersPing(ByteBuf in) {
        if (refusal != null || client.place().isWaiting() || client.hasLoss()) {
            return false;
        }
        int at = in.readerIndex();
        int end = in.writerIndex();
        byte type = 0;
        PingWatch pings = new PingWatch();
        while (end - at >= FrameHeader.BYTES) {
            type = in.getByte(at);
            int length = in.getInt(at + 1) - FrameHeader.MIN_LENGTH;
            pings.sent(type, length, true);
            if (!pings.isPinging()) {
                return false;
            }
            at += FrameHeader.BYTES + length;
        }
        if (at != end || (type != 'S' && type != 'Q')) {
            return false;
        }
        ByteBuf answer = client.channel().alloc().buffer();
        Ping.answer(in, answer);
        Outbound.send(client.channel(), answer);
        return true;
    }

    /**
     * What the client sends up to its next Sync, or its next Query, is not done.
     *
     * @param alreadyTold whether the client has been told why
     */
    void refuse(Diagnostic why, boolean alreadyTold) {
        refusal = why;
        refusalTold = alreadyTold;
    }

    boolean isRefusing() {
        return refusal != null;
    }

    /** A message of this type is not done: answers it as a server does after an error. */
    void refused(byte type) {
        Diagnostic why = refusal;
        if (why == null) {
            throw new IllegalStateException("nothing is refused");
        }
        switch (type) {
            case 'd', 'c', 'f', 'H' -> {
                // nothing of it is answered
            }
            case 'Q', 'F', 'S' -> {
                if (type != 'S' && refusalTold) {
                    break; // skipped, as after any error before a Sync
                }
                ByteBuf out = client.channel().alloc().buffer();
                if (!refusalTold) {
                    new ErrorResponse(why).encode(out);
                }
                Texts.ready(out, (byte) 'I');
                Outbound.send(client.channel(), out);
                refusal = null;
            }
            default -> {
                if (!refusalTold) {
                    refusalTold = true;
                    ByteBuf out = client.channel().alloc().buffer();
                    new ErrorResponse(why).encode(out);
                    Outbound.send(client.channel(), out);
                }
            }
        }
    }

    /**
     * Gives the answers that a server connection owed.
     *
     * @return whether it owed any
     */
    boolean answerInstead(PooledServer lost, Diagnostic why) {
        Expectations expected = lost.expected();
        boolean skipping = expected.isSkipping();
        boolean open = !expected.isSynced();
        boolean told = skipping;
        boolean any = skipping;
        boolean ready = false;
        ByteBuf out = client.channel().alloc().buffer();
        expected.undoAll();
        for (byte kind; (kind = expected.abandon()) != 0; ) {
            any = true;
            boolean end =
                    kind == Expectations.SYNC
                            || kind == Expectations.QUERY
                            || kind == Expectations.FUNCTION;
            if (!told && kind != Expectations.COPY_END) {
                new ErrorResponse(why).encode(out);
                told = true;
            }
            if (end) {
                Texts.ready(out, (byte) 'I');
                told = false;
            }
            ready = end || (ready && kind == Expectations.COPY_END);
        }
        Outbound.send(client.channel(), out);
        // A Query that took data is over: what else comes of the data is dropped, and no Sync
        // follows.
        if ((open && !ready) || skipping) {
            refuse(why, told);
            any = true;
        }
        return any;
    }
}
