package dev.sluice.gateway.session;

import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.door.ProxyHeader;
import dev.sluice.gateway.routing.ClientDestination;
import dev.sluice.gateway.routing.PasswordForm;
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
    private final ClaimLookup lookup;
    private final InetAddress client;
    private final boolean encrypted;
    private final boolean byPassword;

    private @Nullable Expecting expecting;

    /** What the client must send next; null while it is our turn. */
    private sealed interface Expecting {
        record Mechanism(Claim claim) implements Expecting {}

        record FirstMessage(Claim claim, ScramServer scram) implements Expecting {}

        record ClientFinal(Claim claim, ScramServer scram) implements Expecting {}

        record Password(Claim claim) implements Expecting {}

        record EndpointAndPassword(ClientDestination destination, RoutingException otherwise)
                implements Expecting {}
    }

    /**
     * @param encrypted whether nobody can listen to what the client sends
     * @param byPassword whether it sends its password instead of proving it
     */
    AuthenticationHandler(
            ClientConnection connection,
            StartupMessage startup,
            @Nullable String serverName,
            boolean encrypted,
            boolean byPassword,
            Door.Open door) {
        this.connection = connection;
        this.startup = startup;
        this.serverName = serverName;
        this.encrypted = encrypted;
        this.byPassword = byPassword;
        this.lookup = new ClaimLookup(connection, startup, door);
        this.client = ProxyHeader.client(connection.channel());
        this.binding = TlsFrontDoor.binding(connection.channel());
    }

    /** Asks the directory for the route and the verifier, then begins the exchange. */
    void begin() {
        connection.pauseReading();
        try {
            ClientDestination destination = ClientDestination.of(serverName, startup);
            lookup.look(destination, this::offer, refusal -> askForEndpoint(destination, refusal));
        } catch (RuntimeException e) {
            connection.fail(e);
        }
    }

    /** The password may tell it: in clear, so only where nobody can listen. */
    private void askForEndpoint(ClientDestination destination, RoutingException refusal) {
        if (encrypted || byPassword) {
            connection.write(new AuthenticationCleartextPassword());
            await(new Expecting.EndpointAndPassword(destination, refusal));
        } else {
            connection.fail(refusal);
        }
    }

    private void offer(Claim claim) {
        if (byPassword) {
            connection.write(new AuthenticationCleartextPassword());
            await(new Expecting.Password(claim));
            return;
        }
        String plain = ScramMechanism.SCRAM_SHA_256.saslName();
        connection.write(
                new AuthenticationSASL(
                        binding == null
                                ? List.of(plain)
                                : List.of(ScramMechanism.SCRAM_SHA_256_PLUS.saslName(), plain)));
        await(new Expecting.Mechanism(claim));
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
            case Expecting.Mechanism mechanism -> mechanismChosen(mechanism.claim(), frame.body());
            case Expecting.FirstMessage first ->
                    challenge(
                            first.claim(), first.scram(), SASLResponse.decode(frame.body()).data());
            case Expecting.ClientFinal last ->
                    verify(last, SASLResponse.decode(frame.body()).data());
            case Expecting.Password password ->
                    verifyPassword(
                            password.claim(), PasswordMessage.decode(frame.body()).password());
            case Expecting.EndpointAndPassword both ->
                    verifyThere(both, PasswordMessage.decode(frame.body()).password());
        }
    }

    private void mechanismChosen(Claim claim, ByteBuf body) {
        SASLInitialResponse response = SASLInitialResponse.decode(body);
        ScramServer scram =
                new ScramServer(
                        response.mechanism(),
                        claim.verifier(),
                        binding,
                        connection.services().random());
        ByteBuf first = response.data();
        if (first == null) {
            send(new byte[0], new Expecting.FirstMessage(claim, scram));
        } else {
            challenge(claim, scram, first);
        }
    }

    private void challenge(Claim claim, ScramServer scram, ByteBuf first) {
        send(scram.challenge(ByteBufUtil.getBytes(first)), new Expecting.ClientFinal(claim, scram));
    }

    private void verifyThere(Expecting.EndpointAndPassword expected, String text) {
        PasswordForm form = PasswordForm.parse(text).orElseThrow(expected::otherwise);
        connection.pauseReading();
        lookup.look(
                expected.destination().toEndpoint(form.endpoint()),
                claim -> verifyPassword(claim, form.password()),
                connection::fail);
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
            refuse(expected.claim());
            return;
        }
        admit(expected.claim());
        connection.write(
                new AuthenticationSASLFinal(
                        Unpooled.copiedBuffer(
                                success.get().serverFinal(), StandardCharsets.ISO_8859_1)));
        login(expected.claim(), success.get().keys());
    }

    /** Off the event loop: the hash takes milliseconds. */
    private void verifyPassword(Claim claim, String password) {
        connection.pauseReading();
        connection.whenDone(
                connection.services().passwords().keys(claim.verifier(), password),
                (keys, failure) -> {
                    if (keys == null) {
                        connection.fail(
                                failure != null ? failure : new IllegalStateException("no answer"));
                    } else if (keys.isEmpty()) {
                        refuse(claim);
                    } else {
                        admit(claim);
                        login(claim, keys.get());
                    }
                });
    }

    private void refuse(Claim claim) {
        connection.services().metrics().authenticationFailed();
        claim.visitors().wrongPassword(client, claim.route().endpointId());
        claim.refused(connection.services().frequentLogins(), client);
        connection.fail(GatewayServices.wrongPassword(claim.role()));
    }

    private void admit(Claim claim) {
        claim.proved(connection.services().frequentLogins(), client);
        connection.authenticated();
        connection.pauseReading();
    }

    private void login(Claim claim, ScramKeys keys) {
        connection.services().metrics().endpoint(claim.route().endpointId()).loggedIn();
        connection.write(new AuthenticationOk());
        connection.flush();
        ProtocolVersion version = startup.negotiated(StartupHandler.NEWEST);
        new ComputeLogin(
                        connection,
                        this,
                        new ServerLogin(claim.route(), claim.destination().parameters(), keys),
                        claim.destination().request(),
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
