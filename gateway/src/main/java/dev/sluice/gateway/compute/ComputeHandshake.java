package dev.sluice.gateway.compute;

import dev.sluice.gateway.transport.Outbound;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.AuthenticationSASL;
import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.backend.AuthenticationSASLFinal;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NegotiateProtocolVersion;
import dev.sluice.wire.backend.NoticeResponse;
import dev.sluice.wire.backend.ParameterStatus;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.scram.ScramClient;
import dev.sluice.wire.scram.ScramMechanism;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The startup of a server connection, by SCRAM with the keys that a client's proof gave away. The
 * server is not trusted: messages are bounded, and one that does not belong here ends it.
 */
final class ComputeHandshake extends ByteToMessageDecoder {
    private static final int MAX_MESSAGE = 1 << 20;

    /** How it goes; exactly one of {@code ready}, {@code refused} and {@code failed}, once. */
    interface Outcome {
        /** Nobody waits for it any more. */
        boolean isAbandoned();

        /** What the server says on the way: ParameterStatus and notices. */
        void told(BackendMessage message);

        /** The server is ready; handlers added now see all that comes from here on. */
        void ready(Channel compute, @Nullable BackendKeyData key);

        /** The server answered with an error. */
        void refused(Diagnostic diagnostic);

        /** The connection broke, or the server did not speak the protocol. */
        void failed(Throwable cause);
    }

    private final Map<String, String> parameters;
    private final ScramClient scram;
    private final Outcome outcome;
    private boolean scramVerified;
    private boolean done;
    private @Nullable BackendKeyData key;

    ComputeHandshake(Map<String, String> parameters, ScramClient scram, Outcome outcome) {
        this.parameters = parameters;
        this.scram = scram;
        this.outcome = outcome;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (outcome.isAbandoned()) {
            abandon(ctx.channel());
            return;
        }
        ByteBuf bytes = ctx.alloc().buffer();
        new StartupMessage(ProtocolVersion.V3_0, parameters).encode(bytes);
        Outbound.send(ctx, bytes);
    }

    /** Closes the connection unless it is ready already. */
    void abandon(Channel channel) {
        if (!done) {
            done = true;
            Outbound.close(channel);
        }
    }

    /** Gives up on a server that is not ready by now. */
    void tooSlow(Channel channel) {
        if (!done) {
            done = true;
            Outbound.close(channel);
            outcome.failed(new IOException("the compute did not answer in time"));
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (done) {
            in.skipBytes(in.readableBytes());
            return;
        }
        OpaqueFrame frame = OpaqueFrame.read(in, MAX_MESSAGE);
        if (frame != null) {
            received(ctx, BackendMessage.decode(frame.type(), frame.body()));
        }
    }

    private void received(ChannelHandlerContext ctx, BackendMessage message) {
        switch (message) {
            case AuthenticationSASL sasl -> begin(ctx, sasl);
            case AuthenticationSASLContinue challenge ->
                    send(
                            ctx,
                            new SASLResponse(
                                    Unpooled.wrappedBuffer(
                                            scram.respond(
                                                    ByteBufUtil.getBytes(challenge.data())))));
            case AuthenticationSASLFinal last -> {
                scram.verify(ByteBufUtil.getBytes(last.data()));
                scramVerified = true;
            }
            case AuthenticationOk _ -> requireProof();
            case ParameterStatus status -> outcome.told(status);
            case NoticeResponse notice -> outcome.told(notice);
            case BackendKeyData data -> key = data;
            case ReadyForQuery _ -> ready(ctx);
            case ErrorResponse error -> {
                done = true;
                Outbound.close(ctx);
                outcome.refused(error.diagnostic());
            }
            case NegotiateProtocolVersion _ ->
                    throw new WireFormatException("the compute does not speak protocol 3.0");
            default ->
                    throw new WireFormatException(
                            "the compute sent "
                                    + message.getClass().getSimpleName()
                                    + " during startup");
        }
    }

    private void begin(ChannelHandlerContext ctx, AuthenticationSASL sasl) {
        if (!sasl.mechanisms().contains(ScramMechanism.SCRAM_SHA_256.saslName())) {
            throw new WireFormatException("the compute offers " + sasl.mechanisms());
        }
        send(
                ctx,
                new SASLInitialResponse(
                        scram.mechanism().saslName(), Unpooled.wrappedBuffer(scram.first())));
    }

    /** A compute that lets anybody in is no compute of ours: its agent demands SCRAM. */
    private void requireProof() {
        if (!scramVerified) {
            throw new WireFormatException("the compute did not ask for a password");
        }
    }

    private static void send(ChannelHandlerContext ctx, FrontendMessage message) {
        ByteBuf bytes = ctx.alloc().buffer();
        message.encode(bytes);
        Outbound.send(ctx, bytes);
    }

    private void ready(ChannelHandlerContext ctx) {
        requireProof();
        done = true;
        outcome.ready(ctx.channel(), key);
        ctx.pipeline().remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        fail(ctx, new IOException("the compute closed the connection during startup"));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(ctx, cause);
    }

    private void fail(ChannelHandlerContext ctx, Throwable cause) {
        if (!done) {
            done = true;
            Outbound.close(ctx);
            outcome.failed(cause);
        }
    }
}
