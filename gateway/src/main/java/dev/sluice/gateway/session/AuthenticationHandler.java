package dev.sluice.gateway.session;

import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.door.ProxyHeader;
import dev.sluice.gateway.door.Visitors;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.gateway.transport.TlsFrontDoor;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.AuthenticationCleartextPassword;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.AuthenticationSASL;
import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.backend.AuthenticationSASLFinal;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frontend.PasswordMessage;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.scram.ChannelBinding;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.scram.ScramMechanism;
import dev.sluice.wire.scram.ScramServer;
import dev.sluice.wire.scram.ScramVerifier;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.StartupMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out where the client wants to go and makes it prove its password, by SCRAM against the
 * role's stored verifier. A role that has none goes through the same motions and fails the same
 * way. Nothing is woken before the proof.
 *
 * <p>Messages are bounded, and nothing is read while nothing is expected. What a client sends ahead
 * stays here until the relay takes over.
 */
final class AuthenticationHandler extends ByteToMessageDecoder {

    /** The longest password message, its length field included. */
    private static final int MAX_MESSAGE = 4096 + FrameHeader.MIN_LENGTH;

    private final ClientConnection connection;
    private final StartupMessage startup;
    private final @Nullable String serverName;
    private final @Nullable ChannelBinding binding;
    private final Visitors visitors;
    private final InetAddress client;
    private final boolean byPassword;

    private @Nullable Expecting expecting;

    /** What the client must send next; null while it is our turn. */
    private sealed interface Expecting {
        record Mechanism(ClientDestination destination, Route route, ScramVerifier verifier)
                implements Expecting {}

        record FirstMessage(Mechanism chosen, ScramServer scram) implements Expecting {}

        record ClientFinal(Mechanism chosen, ScramServer scram) implements Expecting {}

        record Password(Mechanism chosen) implements Expecting {}
    }

    AuthenticationHandler(
            ClientConnection connection,
            StartupMessage startup,
            @Nullable String serverName,
            boolean byPassword,
            Visitors visitors) {
        this.connection = connection;
        this.startup = startup;
        this.serverName = serverName;
        this.byPassword = byPassword;
        this.visitors = visitors;
        this.client = ProxyHeader.client(connection.channel());
        this.binding = TlsFrontDoor.binding(connection.channel());
    }

    /** Asks the directory for the route and the verifier, then begins the exchange. */
    void begin() {
        connection.pauseReading();
        ClientDestination destination;
        try {
            destination = ClientDestination.of(serverName, startup);
            connection.whenDone(
                    connection.services().directory().route(destination.request()),
                    (route, failure) -> {
                        if (route == null) {
                            connection.fail(failed(failure));
                        } else {
                            letIn(destination, route);
                        }
                    });
        } catch (RuntimeException e) {
            connection.fail(e);
        }
    }

    private void letIn(ClientDestination destination, Route route) {
        connection.identified(route, destination.request(), startup);
        try {
            route.requireAllowed(client);
            visitors.arrive(client, route.endpointId());
            findVerifier(destination, route);
        } catch (RoutingException e) {
            connection.fail(e);
        }
    }

    private void findVerifier(ClientDestination destination, Route route) {
        String role = destination.request().role();
        connection.whenDone(
                connection.services().directory().verifier(route, role),
                (verifier, failure) -> {
                    if (verifier == null) {
                        connection.fail(failed(failure));
                    } else {
                        offer(
                                new Expecting.Mechanism(
                                        destination,
                                        route,
                                        connection.services().verifier(role, verifier)));
                    }
                });
    }

    private static Throwable failed(@Nullable Throwable failure) {
        return failure != null ? failure : new IllegalStateException("the directory said nothing");
    }

    private void offer(Expecting.Mechanism next) {
        if (byPassword) {
            connection.write(new AuthenticationCleartextPassword());
            await(new Expecting.Password(next));
            return;
        }
        String plain = ScramMechanism.SCRAM_SHA_256.saslName();
        connection.write(
                new AuthenticationSASL(
                        binding == null
                                ? List.of(plain)
                                : List.of(ScramMechanism.SCRAM_SHA_256_PLUS.saslName(), plain)));
        await(next);
    }

    /** The client may have sent its answer before it was asked. */
    private void await(Expecting next) {
        connection.flush();
        expecting = next;
        connection.resumeReading();
        ChannelHandlerContext here = connection.channel().pipeline().context(this);
        try {
            channelRead(here, Unpooled.EMPTY_BUFFER);
        } catch (Exception e) {
            exceptionCaught(here, e);
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (connection.isOver()) {
            in.skipBytes(in.readableBytes());
            return;
        }
        Expecting expected = expecting;
        if (expected == null) {
            return;
        }
        OpaqueFrame frame = OpaqueFrame.read(in, MAX_MESSAGE);
        if (frame == null) {
            return;
        }
        if (frame.type() != 'p') {
            throw new RoutingException(
                    SqlState.PROTOCOL_VIOLATION,
                    "expected SASL response, got message type "
                            + FrameHeader.typeName(frame.type()),
                    "");
        }
        expecting = null;
        switch (expected) {
            case Expecting.Mechanism mechanism -> mechanismChosen(mechanism, frame.body());
            case Expecting.FirstMessage first ->
                    challenge(
                            first.chosen(),
                            first.scram(),
                            SASLResponse.decode(frame.body()).data());
            case Expecting.ClientFinal last ->
                    verify(last, SASLResponse.decode(frame.body()).data());
            case Expecting.Password password ->
                    verifyPassword(
                            password.chosen(), PasswordMessage.decode(frame.body()).password());
        }
    }

    private void mechanismChosen(Expecting.Mechanism mechanism, ByteBuf body) {
        SASLInitialResponse response = SASLInitialResponse.decode(body);
        ScramServer scram =
                new ScramServer(
                        response.mechanism(),
                        mechanism.verifier(),
                        binding,
                        connection.services().random());
        ByteBuf first = response.data();
        if (first == null) {
            send(new byte[0], new Expecting.FirstMessage(mechanism, scram));
        } else {
            challenge(mechanism, scram, first);
        }
    }

    private void challenge(Expecting.Mechanism mechanism, ScramServer scram, ByteBuf first) {
        send(
                scram.challenge(ByteBufUtil.getBytes(first)),
                new Expecting.ClientFinal(mechanism, scram));
    }

    private void send(byte[] challenge, Expecting next) {
        connection.write(new AuthenticationSASLContinue(Unpooled.wrappedBuffer(challenge)));
        connection.flush();
        expecting = next;
    }

    private void verify(Expecting.ClientFinal expected, ByteBuf message) {
        Optional<ScramServer.Success> success =
                expected.scram().verify(ByteBufUtil.getBytes(message));
        if (success.isEmpty()) {
            refuse(expected.chosen());
            return;
        }
        admit();
        connection.write(
                new AuthenticationSASLFinal(
                        Unpooled.copiedBuffer(
                                success.get().serverFinal(), StandardCharsets.ISO_8859_1)));
        login(expected.chosen(), success.get().keys());
    }

    /** Off the event loop: the hash takes milliseconds. */
    private void verifyPassword(Expecting.Mechanism mechanism, String password) {
        connection.pauseReading();
        connection.whenDone(
                connection.services().passwords().keys(mechanism.verifier(), password),
                (keys, failure) -> {
                    if (keys == null) {
                        connection.fail(failed(failure));
                    } else if (keys.isEmpty()) {
                        refuse(mechanism);
                    } else {
                        admit();
                        login(mechanism, keys.get());
                    }
                });
    }

    private void refuse(Expecting.Mechanism mechanism) {
        connection.services().metrics().authenticationFailed();
        visitors.wrongPassword(client, mechanism.route().endpointId());
        connection.fail(
                SqlState.INVALID_PASSWORD,
                "password authentication failed for user \"%s\""
                        .formatted(mechanism.destination().request().role()),
                "");
    }

    private void admit() {
        connection.authenticated();
        connection.pauseReading();
    }

    private void login(Expecting.Mechanism mechanism, ScramKeys keys) {
        connection.write(new AuthenticationOk());
        connection.flush();
        ProtocolVersion version = startup.negotiated(StartupHandler.NEWEST);
        new ComputeLogin(
                        connection,
                        this,
                        new ServerLogin(
                                mechanism.route(), mechanism.destination().parameters(), keys),
                        mechanism.destination().request(),
                        version)
                .begin();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Throwable real =
                cause instanceof DecoderException && cause.getCause() != null
                        ? cause.getCause()
                        : cause;
        if (real instanceof java.io.IOException) {
            connection.close();
        } else {
            connection.fail(real);
        }
    }
}
