package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NegotiateProtocolVersion;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.GSSENCRequest;
import dev.sluice.wire.startup.ProtocolVersion;
import dev.sluice.wire.startup.SSLRequest;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Clients that are old, new, odd, slow or hostile. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayHostileClientsTest {
    private static final Map<String, String> ALICE = Map.of("user", "alice", "database", "app");
    private static final String PASSWORD = "wonderland";

    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway = new TestGateway(postgres, directory);
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private RawClient client() throws IOException {
        return new RawClient(gateway.port());
    }

    private static void assertError(RawClient client, String state, String message)
            throws IOException {
        BackendMessage answer = client.receive();
        assertThat(answer).isInstanceOf(ErrorResponse.class);
        ErrorResponse error = (ErrorResponse) answer;
        assertThat(error.diagnostic().message()).contains(message);
        assertThat(error.diagnostic().sqlState()).isEqualTo(state);
        assertThat(client.receive()).isNull();
    }

    @Test
    void aClientFromTheFutureIsNegotiatedWithAndServed() throws IOException {
        Map<String, String> parameters = new LinkedHashMap<>(ALICE);
        parameters.put("_pq_.test_protocol_negotiation", "");
        try (RawClient client = client()) {
            client.startup(new ProtocolVersion(3, 9999), parameters);
            assertThat(client.receive())
                    .isEqualTo(
                            new NegotiateProtocolVersion(
                                    ProtocolVersion.V3_2,
                                    List.of("_pq_.test_protocol_negotiation")));
            List<BackendMessage> messages = client.login(PASSWORD);
            assertThat(messages.getLast()).isInstanceOf(ReadyForQuery.class);
            assertThat(key(messages).toString()).contains("32 bytes");
        }
    }

    private static BackendKeyData key(List<BackendMessage> messages) {
        return messages.stream()
                .filter(BackendKeyData.class::isInstance)
                .map(BackendKeyData.class::cast)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aLongCancelKeyWorksAndAWrongOneDoesNothing() throws IOException {
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_2, ALICE);
            BackendKeyData key = key(client.login(PASSWORD));
            client.send(new Query("select pg_sleep(60)"));
            Awaitility.await()
                    .until(() ->
                            gateway.gateway.sessions().getFirst().state()
                                    == SessionInfo.State.ACTIVE);
            CancelKey wrong = CancelKey.of(new byte[32]);
            for (CancelRequest request :
                    List.of(
                            new CancelRequest(key.processId(), wrong),
                            new CancelRequest(key.processId() ^ 1, key.key()))) {
                cancel(request);
            }
            assertThat(gateway.gateway.metrics().cancelRequests()).isZero();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> {
                        cancel(new CancelRequest(key.processId(), key.key()));
                        return gateway.gateway.sessions().getFirst().state()
                                == SessionInfo.State.IDLE;
                    });
            BackendMessage answer = client.receive();
            while (!(answer instanceof ErrorResponse)) {
                assertThat(answer).isNotNull();
                answer = client.receive();
            }
            assertThat(((ErrorResponse) answer).diagnostic().sqlState()).isEqualTo("57014");
        }
    }

    private void cancel(CancelRequest request) throws IOException {
        try (RawClient canceller = client()) {
            canceller.send(request);
            assertThat(canceller.readByte()).isEqualTo(-1);
        }
    }

    @Test
    void anotherMajorVersionIsRefused() throws IOException {
        try (RawClient client = client()) {
            client.startup(new ProtocolVersion(2, 0), ALICE);
            assertError(client, "0A000", "unsupported frontend protocol 2.0: server supports 3.0");
        }
    }

    @Test
    void encryptionRequestsAreAnsweredOnceEach() throws IOException {
        try (RawClient client = client()) {
            client.send(new GSSENCRequest());
            assertThat(client.readByte()).isEqualTo('N');
            client.send(new GSSENCRequest());
            assertError(client, "0A000", "1234.5680");
        }
        try (RawClient client = client()) {
            client.send(new SSLRequest());
            assertThat(client.readByte()).isEqualTo('S');
        }
    }

    @Test
    void bytesBeforeTheHandshakeAreRefused() throws IOException {
        try (RawClient client = client()) {
            client.send(new byte[] {0, 0, 0, 8, 4, (byte) 0xd2, 22, 47, 1, 2, 3});
            assertError(client, "08P01", "received unencrypted data after SSL request");
        }
    }

    @Test
    void plainConnectionsAreRefusedWhereTlsIsRequired(TestPostgres postgres) throws Exception {
        UnaryOperator<GatewayConfig> strict =
                config -> config.withRules(requiringTls(config.rules()));
        try (TestGateway secured =
                        new TestGateway(
                                postgres,
                                directory,
                                strict,
                                SessionListener.NONE,
                                Transport.best());
                RawClient client = new RawClient(secured.port());
                Connection encrypted = secured.connectVerified("ep-x.localhost")) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            assertError(client, "28000", "connection is insecure (try using `sslmode=require`)");
            assertThat(encrypted.isValid(5)).isTrue();
        }
    }

    @Test
    void aClientWithoutAUserOrWithNonsenseIsRefused() throws IOException {
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_0, Map.of("database", "app"));
            assertError(client, "28000", "no PostgreSQL user name");
        }
        try (RawClient client = client()) {
            client.send(new byte[] {0, 0, 0, 9, 0, 3, 0, 0, 'x'});
            assertError(client, "08P01", "invalid startup packet layout");
        }
        try (RawClient client = client()) {
            client.send(new byte[] {0, 0, 0x40, 0});
            assertError(client, "08P01", "invalid length of startup packet");
        }
    }

    @Test
    void directTlsWithoutAlpnIsRefused() throws Exception {
        try (var socket =
                (javax.net.ssl.SSLSocket)
                        TrustAll.context()
                                .getSocketFactory()
                                .createSocket(
                                        java.net.InetAddress.getLoopbackAddress(),
                                        gateway.port())) {
            socket.setSoTimeout(20_000);
            socket.startHandshake();
            // It might be HTTP, which needs no ALPN.
            socket.getOutputStream().write(new byte[] {0, 0, 0, 8});
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aClientThatDawdlesIsSentAway(TestPostgres postgres) throws IOException {
        UnaryOperator<GatewayConfig> impatient =
                config -> config.withTimeouts(Duration.ofMillis(200), Duration.ofSeconds(10));
        try (TestGateway strict =
                        new TestGateway(
                                postgres,
                                directory,
                                impatient,
                                SessionListener.NONE,
                                Transport.best());
                RawClient silent = new RawClient(strict.port());
                RawClient half = new RawClient(strict.port())) {
            half.startup(ProtocolVersion.V3_0, ALICE);
            half.receive();
            assertError(silent, "57014", "canceling authentication due to timeout");
            assertError(half, "57014", "canceling authentication due to timeout");
        }
    }

    @Test
    void strangersAreBoundedAndDoNotKeepOutThoseWhoAreIn(TestPostgres postgres) throws Exception {
        UnaryOperator<GatewayConfig> small = config -> config.withLimits(10, 2);
        try (TestGateway crowded =
                        new TestGateway(
                                postgres,
                                directory,
                                small,
                                SessionListener.NONE,
                                Transport.best());
                Connection first = crowded.connect();
                Connection second = crowded.connect();
                RawClient stranger = new RawClient(crowded.port())) {
            Awaitility.await().until(() -> crowded.gateway.metrics().connectionsOpen() == 3);
            try (RawClient another = new RawClient(crowded.port())) {
                Awaitility.await().until(() -> crowded.gateway.metrics().connectionsOpen() == 4);
                try (RawClient third = new RawClient(crowded.port())) {
                    assertError(third, "53300", "sorry, too many clients already");
                }
                another.startup(ProtocolVersion.V3_0, ALICE);
                assertThat(another.login(PASSWORD).getLast()).isInstanceOf(ReadyForQuery.class);
            }
            stranger.startup(ProtocolVersion.V3_0, ALICE);
            assertThat(stranger.login(PASSWORD).getLast()).isInstanceOf(ReadyForQuery.class);
            assertThat(first.isValid(5) && second.isValid(5)).isTrue();
        }
    }

    @Test
    void passwordMessagesAreBounded() throws IOException {
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.receive();
            client.send((byte) 'p', (byte) 0, (byte) 0, (byte) 0x10, (byte) 9);
            assertError(client, "08P01", "announces a length of 4105 bytes (4 to 4100)");
        }
    }

    @Test
    void anExchangeThatBreaksTheRulesIsRefused() throws IOException {
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.receive();
            client.send(new Query("select 1"));
            assertError(client, "08P01", "expected SASL response, got message type 'Q'");
        }
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.receive();
            client.send(new SASLInitialResponse("SCRAM-SHA-1", null));
            assertError(client, "08P01", "invalid SASL authentication mechanism");
        }
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.receive();
            client.send(new SASLInitialResponse("SCRAM-SHA-256", null));
            client.receive();
            client.send(new SASLResponse(buf("n,,n=,r=abc")));
            client.receive();
            client.send(new SASLResponse(buf("c=biws,r=wrong,p=AAAA")));
            assertError(client, "08P01", "malformed SCRAM message");
        }
    }

    private static io.netty.buffer.ByteBuf buf(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    @Test
    void aMessageLengthOutOfRangeEndsASession() throws IOException {
        for (byte[] header :
                new byte[][] {{'Q', 0, 0, 0, 3}, {'Q', -1, -1, -1, -1}, {'Q', 64, 0, 0, 0}}) {
            try (RawClient client = client()) {
                client.startup(ProtocolVersion.V3_0, ALICE);
                client.login(PASSWORD);
                client.send(header);
                assertError(client, "08P01", "message of type 'Q' announces a length");
            }
        }
        Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
    }

    @Test
    void randomBytesAtEveryPhaseNeitherCrashNorHang() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 1500; i++) {
            try (RawClient client = client()) {
                provoke(client, random);
            } catch (IOException e) {
                assertThat(e)
                        .as("seed %d", seed)
                        .isNotInstanceOf(java.net.SocketTimeoutException.class);
            } catch (dev.sluice.wire.frame.WireFormatException e) {
                // a TLS alert, read as a message
                assertThat(e).isNotNull();
            }
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
        try (Connection connection = gateway.connect()) {
            assertThat(connection.isValid(5)).as("after seed %d", seed).isTrue();
        }
    }

    private static void provoke(RawClient client, Random random) throws IOException {
        int phase = random.nextInt(5);
        if (phase == 1) {
            client.send(new SSLRequest());
            client.readByte();
        } else if (phase >= 2) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.receive();
        }
        if (phase == 3) {
            client.send(new SASLInitialResponse("SCRAM-SHA-256", buf("n,,n=,r=x")));
            client.receive();
        }
        byte[] noise = new byte[random.nextInt(200)];
        random.nextBytes(noise);
        if (phase >= 2 && noise.length > 5 && random.nextBoolean()) {
            noise[0] = 'p';
            noise[1] = 0;
            noise[2] = 0;
            noise[3] = 0;
        } else if (phase == 0 && noise.length > 8) {
            noise[0] = (byte) (random.nextBoolean() ? 0x16 : 0);
            noise[1] = (byte) (noise[0] == 0 ? 0 : 3);
            noise[2] = 0;
        }
        for (int at = 0; at < noise.length; ) {
            int length = Math.min(noise.length - at, 1 + random.nextInt(noise.length));
            try {
                client.send(java.util.Arrays.copyOfRange(noise, at, at + length));
            } catch (SocketException e) {
                return;
            }
            at += length;
        }
    }

    @Test
    void manyStrangersAtOnceDoNotStopTheGateway() throws Exception {
        List<RawClient> strangers = new ArrayList<>();
        try {
            for (int i = 0; i < 500; i++) {
                RawClient stranger = client();
                strangers.add(stranger);
                stranger.send(new byte[] {0, 0, 0});
            }
            try (Connection connection = gateway.connect()) {
                assertThat(connection.isValid(5)).isTrue();
            }
        } finally {
            for (RawClient stranger : strangers) {
                stranger.close();
            }
        }
    }

    @Test
    void aSlowReaderMakesTheServerWaitAndThenGetsEverything() throws Exception {
        try (RawClient client = client()) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            client.login(PASSWORD);
            client.send(new Query("select repeat('x', 1 << 20) from generate_series(1, 100)"));
            Awaitility.await().until(this::isStalled);
            assertThat(gateway.gateway.metrics().bytesToClients()).isLessThan(50 << 20);
            int rows = 0;
            BackendMessage message = client.receive();
            while (!(message instanceof ReadyForQuery)) {
                assertThat(message).isNotNull();
                rows += message instanceof dev.sluice.wire.backend.DataRow ? 1 : 0;
                message = client.receive();
            }
            assertThat(rows).isEqualTo(100);
        }
    }

    private boolean isStalled() {
        long before = gateway.gateway.metrics().bytesToClients();
        Awaitility.await().pollDelay(Duration.ofMillis(300)).until(() -> true);
        return gateway.gateway.metrics().bytesToClients() == before && before > 0;
    }

    private static DoorRules requiringTls(DoorRules rules) {
        return new DoorRules(
                rules.certificates(),
                true,
                rules.clientCertificates(),
                rules.proxies(),
                rules.attempts(),
                rules.wrongPasswords(),
                rules.cancelPeers(),
                rules.tokens());
    }
}
