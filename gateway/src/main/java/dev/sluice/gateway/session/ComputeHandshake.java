package dev.sluice.gateway.session;

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
import org.jspecify.annotations.Nullable;

/**
 * The startup of a server connection on a client's behalf, by SCRAM with the keys the client's
 * proof gave away. Settings and notices go straight on to the client; the cancel key is kept back.
 * The server is not trusted: messages are bounded, and one that does not belong here ends it.
 */
final class ComputeHandshake extends ByteToMessageDecoder {
    private static final int MAX_MESSAGE = 1 << 20;

    /** How it ends; exactly one is called, once. */
    interface Outcome {
        /** The server is ready, and the client has been told so. */
        void ready(Channel compute, @Nullable BackendKeyData key);

        /** The server answered with an error. */
        void refused(Diagnostic diagnostic);

        /** The connection broke, or the server did not speak the protocol. */
        void failed(Throwable cause);
    }

    private final ComputeLogin.Passenger passenger;
    private final ClientConnection client;
    private final Outcome outcome;
    private final ScramClient scram;
    private boolean scramVerified;
    private boolean done;
    private @Nullable BackendKeyData key;

    ComputeHandshake(ComputeLogin.Passenger passenger, ClientConnection client, Outcome outcome) {
        this.passenger = passenger;
        this.client = client;
        this.outcome = outcome;
        this.scram = ScramClient.withKeys(passenger.keys(), null, client.services().random());
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (client.isOver()) {
            done = true;
            Outbound.close(ctx);
            return;
        }
        client.channel().closeFuture().addListener(_ -> closeUnlessDone(ctx));
        ByteBuf bytes = ctx.alloc().buffer();
        new StartupMessage(ProtocolVersion.V3_0, passenger.destination().parameters())
                .encode(bytes);
        Outbound.send(ctx, bytes);
    }

    private void closeUnlessDone(ChannelHandlerContext ctx) {
        if (!done) {
            done = true;
            Outbound.close(ctx);
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
            case ParameterStatus status -> client.write(status);
            case NoticeResponse notice -> client.write(notice);
            case BackendKeyData data -> key = data;
            case ReadyForQuery ready -> ready(ctx, ready);
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

    private void ready(ChannelHandlerContext ctx, ReadyForQuery ready) {
        requireProof();
        done = true;
        outcome.ready(ctx.channel(), key);
        client.write(ready);
        client.flush();
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
