package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.door.DoorRules.ClientCertificates;
import dev.sluice.gateway.door.RateLimit;
import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.tls.ServerCertificate;
import dev.sluice.tls.ServerCertificates;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who may come in: certificates, addresses, rates, and proxies that speak for clients. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayDoorTest {
    private static final Map<String, String> ALICE = Map.of("user", "alice", "database", "app");
    private static final RateLimit GENEROUS = new RateLimit(1000, 1000);
    private static final AddressRange LOOPBACK = AddressRange.parse("127.0.0.0/8");

    @TempDir Path directory;

    private TestGateway gateway;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        gateway =
                new TestGateway(
                        postgres,
                        directory.resolve("local"),
                        UnaryOperator.identity(),
                        SessionListener.NONE,
                        Transport.best());
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private void rules(
            ServerCertificates certificates,
            ClientCertificates clients,
            List<AddressRange> proxies,
            RateLimit attempts,
            RateLimit wrongPasswords)
            throws IOException {
        gateway.gateway.change(
                new DoorRules(
                        Optional.of(certificates),
                        false,
                        clients,
                        proxies,
                        attempts,
                        wrongPasswords,
                        Optional.empty(),
                        List.of()));
    }

    private ServerCertificates local() {
        return ServerCertificates.of(gateway.certificates);
    }

    private Connection trusting(Path authority, String host, String... more) throws SQLException {
        String[] all = new String[more.length + 2];
        all[0] = "sslrootcert";
        all[1] = authority.toString();
        System.arraycopy(more, 0, all, 2, more.length);
        return gateway.connectVerified(host, all);
    }

    private static void assertRefused(ThrowingCallable connecting, String state, String message) {
        assertThatThrownBy(connecting)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(state))
                .hasMessageContaining(message);
    }

    @Test
    void eachNameGetsItsCertificateAndChangesNeedNoRestart() throws IOException, SQLException {
        TestAuthority public1 = new TestAuthority(directory, "public1");
        Path file = public1.server("*.db.example.com", "db.example.com");
        assertThatThrownBy(() -> trusting(public1.file(), "ep-x.db.example.com"))
                .isInstanceOf(SQLException.class);
        try (Connection before = gateway.connectVerified("ep-x.db.localhost")) {
            rules(
                    local().after(List.of(ServerCertificate.read(file, file))),
                    ClientCertificates.NONE,
                    List.of(),
                    GENEROUS,
                    GENEROUS);
            try (Connection own = trusting(public1.file(), "ep-x.db.example.com");
                    Connection bound =
                            trusting(
                                    public1.file(),
                                    "EP-Y.db.example.com",
                                    "channelBinding",
                                    "require");
                    Connection built = gateway.connectVerified("ep-x.db.localhost");
                    Connection bare =
                            gateway.connectVerified(
                                    "ep-x.db.localhost", "channelBinding", "require")) {
                for (Connection connection : List.of(before, own, bound, built, bare)) {
                    assertThat(connection.isValid(5)).isTrue();
                }
            }
        }
        assertThatThrownBy(() -> trusting(public1.file(), "ep-x.db.localhost"))
                .isInstanceOf(SQLException.class);
    }

    @Test
    void certificatesThatCannotBeUsedAreToldByName() throws Exception {
        TestAuthority authority = new TestAuthority(directory, "authority");
        Path one = authority.server("one.example");
        Path other = authority.server("other.example");
        assertThatThrownBy(() -> ServerCertificate.read(one, other))
                .hasMessage(other + " is not the private key of the first certificate in " + one);
        assertThatThrownBy(() -> ServerCertificate.read(authority.file(), authority.file()))
                .hasMessageContaining(
                        authority.file() + " holds a private key and others may use it")
                .hasMessageContaining("chmod 640");
        Path nothing = Files.writeString(directory.resolve("nothing.pem"), "nothing");
        assertThatThrownBy(() -> ServerCertificate.read(nothing, one))
                .hasMessage(nothing + " holds no certificate");
        assertThatThrownBy(() -> ServerCertificate.read(directory.resolve("gone"), one))
                .hasMessageContaining("cannot read " + directory.resolve("gone"));
        Path edwards =
                authority.server(
                        KeyPairGenerator.getInstance("Ed25519").generateKeyPair(), "ed.example");
        assertThatThrownBy(() -> ServerCertificate.read(edwards, edwards))
                .hasMessageStartingWith("the certificate in " + edwards + " has a key of the kind")
                .hasMessageContaining("it must be RSA, or EC on one of the curves P-256,");
    }

    @Test
    void clientCertificates() throws IOException, SQLException {
        TestAuthority staff = new TestAuthority(directory, "staff");
        TestAuthority strangers = new TestAuthority(directory, "strangers");
        ServerCertificates asking = local().withClientAuthorities(staff.file());
        String[] good = withKey(staff.client("alice"));
        String[] bad = withKey(strangers.client("alice"));

        rules(asking, ClientCertificates.REQUIRED, List.of(), GENEROUS, GENEROUS);
        try (Connection connection = gateway.connectVerified("ep-x.localhost", good)) {
            assertThat(connection.isValid(5)).isTrue();
        }
        assertThatThrownBy(() -> gateway.connectVerified("ep-x.localhost", bad))
                .isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> gateway.connectVerified("ep-x.localhost"))
                .isInstanceOf(SQLException.class);
        assertRefused(() -> gateway.connect(), "28000", "connection is insecure");

        rules(asking, ClientCertificates.OPTIONAL, List.of(), GENEROUS, GENEROUS);
        try (Connection with = gateway.connectVerified("ep-x.localhost", good);
                Connection without = gateway.connectVerified("ep-x.localhost")) {
            assertThat(with.isValid(5)).isTrue();
            assertThat(without.isValid(5)).isTrue();
        }
        assertThat(alert(staff.client("bob"))).isEmpty();
        assertThat(alert(strangers.client("bob"))).hasValue("unknown_ca");
        assertThat(alert(staff.expiredClient("bob"))).hasValue("certificate_expired");
        Awaitility.await().until(() -> certificateRefusals().size() >= 4);
        assertThat(certificateRefusals())
                .containsExactly(
                        "the client showed no certificate",
                        "the client showed no certificate",
                        "the client's certificate is of no authority that is known here",
                        "the client's certificate has expired");
    }

    private List<String> certificateRefusals() {
        return gateway.audit.stream()
                .map(TestGateway.Audited::event)
                .filter(AuditLog.Event.Refused.class::isInstance)
                .map(event -> ((AuditLog.Event.Refused) event).message())
                .filter(message -> message.startsWith("the client"))
                .toList();
    }

    /**
     * Shows a certificate whatever the server wants to see, which drivers do not, and asks for
     * something.
     *
     * @return the alert that it got instead of an answer
     */
    private Optional<String> alert(Path store) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            socket.getOutputStream().write(new byte[] {0, 0, 0, 8, 4, (byte) 0xd2, 22, 47});
            assertThat(socket.getInputStream().read()).isEqualTo('S');
            SSLContext context = StubbornClient.context(store, gateway.certificates.authority());
            try (Socket tls =
                    context.getSocketFactory()
                            .createSocket(socket, "ep-x.localhost", gateway.port(), true)) {
                tls.getOutputStream().write(new byte[] {0, 0, 0, 9, 0, 3, 0, 0, 'x'});
                assertThat(tls.getInputStream().read()).isEqualTo('E');
                return Optional.empty();
            } catch (SSLException e) {
                String message = String.valueOf(e.getMessage());
                return Optional.of(message.substring(message.lastIndexOf(' ') + 1));
            }
        }
    }

    private static String[] withKey(Path store) {
        return new String[] {
            "sslkey", store.toString(), "sslpassword", TestAuthority.STORE_PASSWORD
        };
    }

    @Test
    void onlyAllowedAddressesGetToTryAPassword() throws SQLException {
        gateway.directory.allowed = List.of(AddressRange.parse("203.0.113.0/24"));
        assertRefused(
                () -> gateway.connect(),
                "28000",
                "This IP address 127.0.0.1 is not allowed to connect to this endpoint.");
        assertThat(gateway.directory.wakes).hasValue(0);
        gateway.directory.allowed = List.of(AddressRange.parse("203.0.113.0/24"), LOOPBACK);
        try (Connection connection = gateway.connect()) {
            assertThat(connection.isValid(5)).isTrue();
        }
    }

    @Test
    void aListedProxySpeaksForItsClients() throws IOException {
        rules(local(), ClientCertificates.NONE, List.of(LOOPBACK), GENEROUS, GENEROUS);
        gateway.directory.allowed = List.of(AddressRange.parse("203.0.113.0/24"));
        try (RawClient client = new RawClient(gateway.port())) {
            client.send(proxyHeader(203, 0, 113, 9));
            client.startup(ProtocolVersion.V3_0, ALICE);
            assertThat(
                            client.login(
                                            Objects.requireNonNull(
                                                    TestPostgres.PASSWORDS.get("alice")))
                                    .getLast())
                    .isInstanceOf(ReadyForQuery.class);
        }
        try (RawClient client = new RawClient(gateway.port())) {
            client.send(proxyHeader(203, 0, 114, 9));
            client.startup(ProtocolVersion.V3_0, ALICE);
            assertThat(client.await(ErrorResponse.class).diagnostic().message())
                    .contains("This IP address 203.0.114.9 is not allowed");
        }
        try (RawClient client = new RawClient(gateway.port())) {
            client.startup(ProtocolVersion.V3_0, ALICE);
            assertThat(client.receive()).isNull();
        }
    }

    @Test
    void nobodyElseMayClaimAnAddress() throws IOException {
        gateway.directory.allowed = List.of(AddressRange.parse("203.0.113.0/24"));
        try (RawClient client = new RawClient(gateway.port())) {
            client.send(proxyHeader(203, 0, 113, 9));
            client.startup(ProtocolVersion.V3_0, ALICE);
            assertThat(client.await(ErrorResponse.class).diagnostic().sqlState())
                    .isEqualTo("08P01");
        }
    }

    /** As it is where a balancer speaks IPv6 with the world and IPv4 with the gateway. */
    @Test
    void aListedProxyOfTheOtherFamilySpeaksForItsClientsOverHttpToo() throws Exception {
        rules(local(), ClientCertificates.NONE, List.of(LOOPBACK), GENEROUS, GENEROUS);
        InetAddress client = InetAddress.getByName("2001:db8::9");
        gateway.directory.allowed = List.of(AddressRange.parse("2001:db8::/32"));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), gateway.port())) {
            ByteBuffer header = ByteBuffer.allocate(52);
            header.put("\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII));
            header.put((byte) 0x21).put((byte) 0x21).putShort((short) 36);
            header.put(client.getAddress()).put(InetAddress.getByName("2001:db8::1").getAddress());
            header.putShort((short) 40_000).putShort((short) 5432);
            socket.getOutputStream().write(header.array());
            try (Socket tls =
                    TrustAll.context()
                            .getSocketFactory()
                            .createSocket(socket, "ep-x.localhost", gateway.port(), true)) {
                String body = "{\"query\":\"select 7 * 6 as n\"}";
                String request =
                        "POST /sql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                + "Neon-Connection-String: postgresql://alice:wonderland@ep-x.localhost/app\r\n"
                                + "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body);
                tls.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(tls.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .startsWith("HTTP/1.1 200 ")
                        .contains("[{\"n\":42}]");
            }
        }
        assertThat(gateway.audit.getFirst().connection().client()).isEqualTo(client);
    }

    /** Version 2, command PROXY, TCP over IPv4, a length of 12. */
    private static byte[] proxyHeader(int... source) {
        ByteBuffer header = ByteBuffer.allocate(28);
        header.put("\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII));
        header.put((byte) 0x21).put((byte) 0x11).putShort((short) 12);
        for (int part : source) {
            header.put((byte) part);
        }
        header.put(new byte[] {10, 0, 0, 1}).putShort((short) 40_000).putShort((short) 5432);
        return header.array();
    }

    @Test
    void guessingPasswordsIsSlow() throws IOException {
        rules(local(), ClientCertificates.NONE, List.of(), GENEROUS, new RateLimit(0.001, 3));
        Properties wrong = TestGateway.login("alice");
        wrong.setProperty("password", "wrong");
        for (int i = 0; i < 3; i++) {
            assertRefused(() -> gateway.connect(wrong), "28P01", "password authentication failed");
        }
        assertRefused(() -> gateway.connect(wrong), "53300", "Too many connections attempts");
        assertRefused(() -> gateway.connect(), "53300", "Too many connections attempts");
        assertThatCode(() -> gateway.connectVerified("ep-y.localhost").close())
                .doesNotThrowAnyException();
    }

    @Test
    void attemptsAreLimitedForEachEndpoint() throws IOException, SQLException {
        rules(local(), ClientCertificates.NONE, List.of(), new RateLimit(0.001, 2), GENEROUS);
        for (int i = 0; i < 2; i++) {
            gateway.connect().close();
        }
        assertRefused(() -> gateway.connect(), "53300", "Too many connections to this endpoint.");
        gateway.connectVerified("ep-y.localhost").close();
    }

    @Test
    void theAuditLogTellsWhoCameAndWhoWasTurnedAway() throws SQLException {
        try (Connection connection =
                gateway.connectVerified("ep-x.localhost", "ApplicationName", "the app")) {
            assertThat(connection.isValid(5)).isTrue();
        }
        Properties wrong = TestGateway.login("alice");
        wrong.setProperty("password", "wrong");
        assertThatThrownBy(() -> gateway.connect(wrong)).isInstanceOf(SQLException.class);
        Awaitility.await().until(() -> gateway.audit.size() == 3);
        TestGateway.Audited came = gateway.audit.getFirst();
        assertThat(came.event()).isEqualTo(new AuditLog.Event.Authenticated());
        assertThat(came.connection().role()).isEqualTo("alice");
        assertThat(came.connection().database()).isEqualTo("app");
        assertThat(came.connection().endpointId()).isEqualTo("ep-x");
        assertThat(came.connection().tls()).isEqualTo("TLSv1.3");
        assertThat(came.connection().client().isLoopbackAddress()).isTrue();
        assertThat(gateway.audit)
                .anySatisfy(left -> {
                    assertThat(left.connection()).isEqualTo(came.connection());
                    assertThat(left.event()).isInstanceOf(AuditLog.Event.Closed.class);
                })
                .anySatisfy(refused -> {
                    assertThat(refused.connection().tls()).isNull();
                    assertThat(refused.event())
                            .isEqualTo(
                                    new AuditLog.Event.Refused(
                                            "28P01",
                                            "password authentication failed for user \"alice\""));
                });
    }
}
