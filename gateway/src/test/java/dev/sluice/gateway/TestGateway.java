package dev.sluice.gateway;

import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.door.RateLimit;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.tls.LocalCertificates;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import javax.net.SocketFactory;

/** A gateway on a free port in front of a {@link TestPostgres}, and ways to connect to it. */
final class TestGateway implements AutoCloseable {
    final Gateway gateway;
    final LocalCertificates certificates;
    final ScriptedDirectory directory;
    private final DoorRules rules;
    final List<Audited> audit = new CopyOnWriteArrayList<>();

    /** What the audit log was told. */
    record Audited(AuditLog.Connection connection, AuditLog.Event event) {}

    TestGateway(TestPostgres postgres, Path certificates) throws IOException {
        this(postgres, certificates, config -> config, SessionListener.NONE, Transport.best());
    }

    TestGateway(
            TestPostgres postgres,
            Path certificateDirectory,
            UnaryOperator<GatewayConfig> configure,
            SessionListener listener,
            Transport transport)
            throws IOException {
        certificates = LocalCertificates.openOrCreate(certificateDirectory, "db.localhost");
        directory = new ScriptedDirectory(postgres);
        GatewayConfig config =
                GatewayConfig.defaults(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                Optional.of(certificates))
                        .withHttp(
                                HttpConfig.defaults(
                                        Files.createDirectories(
                                                certificateDirectory.resolve("sockets"))));
        GatewayConfig configured = configure.apply(config);
        rules = configured.rules();
        gateway =
                Gateway.start(
                        configured,
                        directory,
                        listener,
                        (connection, event) -> audit.add(new Audited(connection, event)),
                        transport);
    }

    /** One whose clients may guess passwords as often as they like. */
    static TestGateway withoutRateLimits(TestPostgres postgres, Path certificates)
            throws IOException {
        RateLimit any = new RateLimit(1e6, 1_000_000);
        return new TestGateway(
                postgres,
                certificates,
                config -> config.withRules(unlimited(config.rules(), any)),
                SessionListener.NONE,
                Transport.best());
    }

    private static DoorRules unlimited(DoorRules rules, RateLimit any) {
        return new DoorRules(
                rules.certificates(),
                rules.requireTls(),
                rules.clientCertificates(),
                rules.proxies(),
                any,
                any,
                rules.cancelPeers(),
                rules.tokens());
    }

    /** Its rules as it was started. */
    DoorRules rules() {
        return rules;
    }

    int port() {
        return gateway.address().getPort();
    }

    static Properties login(String role) {
        Properties properties = new Properties();
        properties.setProperty("user", role);
        properties.setProperty("password", TestPostgres.PASSWORDS.getOrDefault(role, "none"));
        return properties;
    }

    /** In clear, to the default endpoint. */
    Connection connect(Properties properties) throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port() + "/app?sslmode=disable", properties);
    }

    Connection connect() throws SQLException {
        return connect(login("alice"));
    }

    /** Over TLS with a host name that is checked, and that names the endpoint. */
    Connection connectVerified(String host, String... namesAndValues) throws SQLException {
        Properties properties = login("alice");
        properties.setProperty("socketFactory", LoopbackSockets.class.getName());
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", certificates.authorityFile().toString());
        for (int i = 0; i < namesAndValues.length; i += 2) {
            properties.setProperty(namesAndValues[i], namesAndValues[i + 1]);
        }
        return DriverManager.getConnection(
                "jdbc:postgresql://" + host + ":" + port() + "/app", properties);
    }

    @Override
    public void close() {
        gateway.close();
    }

    /** Sockets that go to this machine whatever the host's name: no name service is needed. */
    public static final class LoopbackSockets extends SocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(SocketAddress address, int timeout) throws IOException {
                    int port = ((InetSocketAddress) address).getPort();
                    super.connect(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeout);
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort) {
            throw new UnsupportedOperationException();
        }
    }
}
