package dev.sluice.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartServer;
import dev.sluice.wire.part.PartTls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Parts over TCP: who is let in, and that what arrives is what was sent. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PartTlsTest {
    private static final int ECHO = 7;
    private static final PartAddress ANY_PORT = new PartAddress.Tcp("127.0.0.1", 0);

    @TempDir Path directory;
    private final AtomicInteger conversations = new AtomicInteger();
    private final AtomicInteger guests = new AtomicInteger();
    private PartServer server;

    @BeforeEach
    void serve() throws IOException {
        issue(directory, Clock.systemUTC());
        server = serve(network(PartRole.SAFEKEEPER));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    /** Echoes frames of agents, and greets Postgres clients with a byte. */
    private PartServer serve(PartNetwork network) throws IOException {
        return PartServer.start(
                "echo",
                ANY_PORT,
                network.access(PartRole.AGENT, PartRole.PAGESERVER),
                channel -> {
                    conversations.incrementAndGet();
                    for (PartFrame frame; (frame = channel.receive()) != null; ) {
                        channel.send(frame.type(), frame.payload());
                    }
                },
                stream -> {
                    guests.incrementAndGet();
                    stream.write(ByteBuffer.wrap(new byte[] {'!'}));
                    stream.finish();
                });
    }

    private static List<String> issue(Path into, Clock clock) throws IOException {
        Map<String, String> roles = new LinkedHashMap<>();
        for (PartRole role : PartRole.values()) {
            roles.put(role.text(), role.uri());
        }
        return PartCertificates.issue(into, roles, List.of("127.0.0.1", "localhost"), clock);
    }

    private PartNetwork network(PartRole role) throws IOException {
        return network(directory, role);
    }

    private static PartIdentity identity(Path certificates, PartRole role) throws IOException {
        return PartIdentity.of(
                PartCertificates.file(certificates, role.text()), certificates.resolve("ca.crt"));
    }

    private static PartNetwork network(Path certificates, PartRole role) throws IOException {
        return PartNetwork.with(new PartTls(identity(certificates, role)::context));
    }

    private static byte[] echo(PartChannel channel, byte[] payload) throws IOException {
        channel.send(ECHO, ByteBuffer.wrap(payload));
        PartFrame frame = channel.receive();
        if (frame == null) {
            throw new IOException("hung up");
        }
        byte[] back = new byte[frame.payload().remaining()];
        frame.payload().get(back);
        return back;
    }

    private void assertWorks() throws IOException {
        try (PartChannel channel =
                network(PartRole.AGENT).connect(server.address(), PartRole.SAFEKEEPER)) {
            assertThat(echo(channel, new byte[] {1, 2, 3})).containsExactly(1, 2, 3);
        }
    }

    @Test
    void framesOfAnySizeArriveAsTheyWereSent() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (PartChannel channel =
                network(PartRole.AGENT).connect(server.address(), PartRole.SAFEKEEPER)) {
            for (int size : new int[] {0, 1, 16_367, 16_368, 16_384, 40_000, 5 << 20}) {
                byte[] payload = new byte[size];
                random.nextBytes(payload);
                assertThat(echo(channel, payload))
                        .as("seed %d, %d bytes", seed, size)
                        .isEqualTo(payload);
            }
        }
    }

    /**
     * Later connections resume the first one's session, and are still known by its certificates.
     */
    @Test
    void manyConnectionsOfOnePartAreEachKnown() throws IOException {
        PartNetwork agent = network(PartRole.AGENT);
        PartNetwork gateway = network(PartRole.GATEWAY);
        for (int i = 1; i <= 5; i++) {
            try (PartChannel channel = agent.connect(server.address(), PartRole.SAFEKEEPER)) {
                assertThat(echo(channel, new byte[] {7})).containsExactly(7);
            }
            assertThatThrownBy(() -> agent.connect(server.address(), PartRole.PAGESERVER))
                    .hasMessageContaining("not that of a pageserver");
            try (PartChannel channel = gateway.connect(server.address(), PartRole.SAFEKEEPER)) {
                assertThatThrownBy(() -> echo(channel, new byte[1]))
                        .isInstanceOf(IOException.class);
            }
            assertThat(conversations).hasValue(i);
        }
    }

    @Test
    void bothDirectionsAreUsedAtOnceByManyThreads() throws IOException {
        try (PartChannel channel =
                network(PartRole.AGENT).connect(server.address(), PartRole.SAFEKEEPER)) {
            List<CompletableFuture<Void>> senders = new ArrayList<>();
            for (int sender = 0; sender < 4; sender++) {
                senders.add(
                        CompletableFuture.runAsync(
                                () -> {
                                    try {
                                        for (int i = 0; i < 500; i++) {
                                            channel.send(ECHO, ByteBuffer.allocate(i * 20));
                                        }
                                    } catch (IOException e) {
                                        throw new java.io.UncheckedIOException(e);
                                    }
                                },
                                task -> Thread.ofVirtual().start(task)));
            }
            long bytes = 0;
            for (int i = 0; i < 2000; i++) {
                PartFrame frame = channel.receive();
                if (frame == null) {
                    throw new IOException("hung up");
                }
                bytes += frame.payload().remaining();
            }
            assertThat(bytes).isEqualTo(4L * 20 * 499 * 500 / 2);
            senders.forEach(CompletableFuture::join);
        }
    }

    @Test
    void aCertificateOfAnotherAuthorityIsRefusedOnBothSides(@TempDir Path elsewhere)
            throws IOException {
        issue(elsewhere, Clock.systemUTC());
        assertThatThrownBy(() ->
                        network(elsewhere, PartRole.AGENT)
                                .connect(server.address(), PartRole.SAFEKEEPER))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no TLS with the safekeeper at tcp:127.0.0.1");
        // One that trusts the server, but is not trusted by it.
        Files.copy(directory.resolve("ca.crt"), elsewhere.resolve("theirs.crt"));
        assertThatThrownBy(() ->
                        PartIdentity.of(
                                PartCertificates.file(elsewhere, "agent"),
                                elsewhere.resolve("theirs.crt")))
                .hasMessageContaining("does not fit");
        assertThat(conversations).hasValue(0);
        assertWorks();
    }

    @Test
    void whoShowsNoCertificateIsRefused() throws Exception {
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        java.security.KeyStore trust = java.security.KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        trust.setCertificateEntry(
                "authority", PemFiles.readCertificate(directory.resolve("ca.crt")));
        TrustManagerFactory managers =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trust);
        context.init(null, managers.getTrustManagers(), null);
        try (PartChannel channel =
                PartNetwork.with(new PartTls(() -> context))
                        .connect(server.address(), PartRole.SAFEKEEPER)) {
            assertThatThrownBy(() -> echo(channel, new byte[1])).isInstanceOf(IOException.class);
        }
        assertThat(conversations).hasValue(0);
    }

    @Test
    void aPartThatHasNoBusinessHereIsRefused() throws IOException {
        try (PartChannel channel =
                network(PartRole.GATEWAY).connect(server.address(), PartRole.SAFEKEEPER)) {
            assertThatThrownBy(() -> echo(channel, new byte[1])).isInstanceOf(IOException.class);
        }
        assertThat(conversations).hasValue(0);
        assertThatThrownBy(() ->
                        network(PartRole.AGENT).connect(server.address(), PartRole.PAGESERVER))
                .hasMessageContaining("not that of a pageserver");
    }

    @Test
    void aReaderMaySpeakPostgresOnlyAndPartsMayNot() throws Exception {
        try (PartChannel channel =
                network(PartRole.READER).connect(server.address(), PartRole.SAFEKEEPER)) {
            assertThatThrownBy(() -> echo(channel, new byte[1])).isInstanceOf(IOException.class);
        }
        assertThat(conversations).hasValue(0);
        assertThat(postgres(PartRole.READER)).isEqualTo("!");
        assertThat(guests).hasValue(1);
        assertThat(postgres(PartRole.AGENT)).startsWith("E").contains("not a reader's");
        assertThat(guests).hasValue(1);
    }

    /** What is answered to a startup packet, after an SSLRequest and TLS as libpq does them. */
    private String postgres(PartRole role) throws Exception {
        PartAddress.Tcp address = (PartAddress.Tcp) server.address();
        try (java.net.Socket plain = new java.net.Socket(address.host(), address.port())) {
            plain.getOutputStream().write(new byte[] {0, 0, 0, 8, 4, (byte) 0xd2, 22, 47});
            assertThat(plain.getInputStream().read()).isEqualTo('S');
            try (javax.net.ssl.SSLSocket tls =
                    (javax.net.ssl.SSLSocket)
                            identity(directory, role)
                                    .context()
                                    .getSocketFactory()
                                    .createSocket(plain, address.host(), address.port(), true)) {
                tls.getOutputStream().write(new byte[] {0, 0, 0, 9, 0, 3, 0, 0, 0});
                return new String(tls.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            }
        }
    }

    @Test
    void plainBytesGetNothing() throws IOException {
        for (byte[] hello :
                new byte[][] {
                    "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII),
                    ByteBuffer.allocate(16).putInt(PartChannel.MAGIC).array(),
                    new byte[64],
                    {0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9}
                }) {
            try (SocketChannel raw = server.address().connect()) {
                raw.write(ByteBuffer.wrap(hello));
                ByteBuffer answer = ByteBuffer.allocate(4096);
                int read;
                try {
                    do {
                        read = raw.read(answer);
                    } while (read >= 0);
                } catch (IOException reset) {
                    // It need not have read all before it closed.
                }
                assertThat(new String(answer.array(), StandardCharsets.ISO_8859_1))
                        .doesNotContain("SLCE");
            }
        }
        assertThat(conversations).hasValue(0);
        assertWorks();
    }

    @Test
    void theSilentKeepNobodyOutAndAreLetGo() throws IOException {
        List<SocketChannel> silent = new ArrayList<>();
        try {
            for (int i = 0; i < 80; i++) {
                silent.add(server.address().connect());
            }
            assertWorks();
            // More than there is room for: the first had to make it.
            assertThat(silent.getFirst().read(ByteBuffer.allocate(1))).isNegative();
            // The others have ten seconds.
            assertThat(silent.getLast().read(ByteBuffer.allocate(1))).isNegative();
        } finally {
            for (SocketChannel each : silent) {
                each.close();
            }
        }
    }

    @Test
    void certificatesAreRenewedBeforeTheyEndAndTakenUpByWhoeverRuns() throws Exception {
        PartIdentity running = identity(directory, PartRole.AGENT);
        SSLContext before = running.context();
        assertThat(issue(directory, Clock.systemUTC())).isEmpty();
        Instant inElevenMonths = Instant.now().plus(Duration.ofDays(340));
        assertThat(issue(directory, Clock.fixed(inElevenMonths, ZoneOffset.UTC)))
                .contains("agent", "safekeeper", "reader");
        await().untilAsserted(() -> assertThat(running.context()).isNotSameAs(before));
        // The new ones are valid from a day before they are made, in this test's future.
        assertThat(
                        PemFiles.readKeyed(PartCertificates.file(directory, "agent"))
                                .certificate()
                                .getNotBefore())
                .isAfter(java.util.Date.from(Instant.now()));
    }

    @Test
    void whatCannotBeUsedLeavesWhatWasReadBeforeInUse() throws Exception {
        PartIdentity running = identity(directory, PartRole.AGENT);
        SSLContext before = running.context();
        Path file = PartCertificates.file(directory, "agent");
        Files.writeString(file, "no certificate at all");
        // Longer than it waits between looks at the files.
        await().during(Duration.ofMillis(1500)).until(() -> running.context().equals(before));
        assertThatThrownBy(() -> identity(directory, PartRole.AGENT))
                .hasMessageContaining("agent.pem");
    }
}
