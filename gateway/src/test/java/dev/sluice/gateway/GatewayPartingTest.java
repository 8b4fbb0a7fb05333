package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.frontend.Terminate;
import dev.sluice.wire.startup.ProtocolVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that end, or whose server connection does, at the moment at which they are parked. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayPartingTest {
    @TempDir Path directory;

    /** Between the gateway and a real Postgres; may stop to pass on what the gateway says. */
    private static final class Between implements AutoCloseable {
        private final ServerSocket listener =
                new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final CompletableFuture<Socket> gateway = new CompletableFuture<>();
        private boolean keeping;

        Between(Path socketFile) throws IOException {
            Thread.ofVirtual()
                    .start(() -> {
                        try (SocketChannel postgres =
                                SocketChannel.open(UnixDomainSocketAddress.of(socketFile))) {
                            Socket socket = listener.accept();
                            OutputStream back = socket.getOutputStream();
                            InputStream answers = Channels.newInputStream(postgres);
                            Thread.ofVirtual().start(() -> pass(answers, back));
                            gateway.complete(socket);
                            pass(socket.getInputStream(), Channels.newOutputStream(postgres));
                        } catch (IOException e) {
                            gateway.completeExceptionally(e);
                        }
                    });
        }

        private void pass(InputStream from, OutputStream to) {
            byte[] bytes = new byte[8192];
            try {
                for (int n; (n = from.read(bytes)) > 0; ) {
                    keepOrWrite(bytes, n, to);
                }
            } catch (IOException e) {
                // one of them is gone
            }
        }

        private synchronized void keepOrWrite(byte[] bytes, int n, OutputStream to)
                throws IOException {
            if (keeping) {
                kept.write(bytes, 0, n);
            } else {
                to.write(bytes, 0, n);
                to.flush();
            }
        }

        synchronized void keep() {
            keeping = true;
        }

        synchronized byte[] kept() {
            return kept.toByteArray();
        }

        /** Ends the gateway's connection as a process does that dies with something unread. */
        void reset() throws IOException {
            Socket socket = gateway.join();
            if (!socket.isClosed()) {
                socket.setSoLinger(true, 0);
                socket.close();
            }
        }

        @Override
        public void close() throws IOException {
            reset();
            listener.close();
        }
    }

    private TestGateway gateway(TestPostgres postgres, Between between) throws IOException {
        TestGateway gateway = new TestGateway(postgres, directory);
        ComputeAddress address =
                new ComputeAddress.Tcp("127.0.0.1", between.listener.getLocalPort());
        gateway.directory.waking = () -> CompletableFuture.completedFuture(address);
        return gateway;
    }

    private static RawClient login(TestGateway gateway) throws IOException {
        RawClient client = new RawClient(gateway.port());
        client.startup(ProtocolVersion.V3_0, Map.of("user", "alice", "database", "app"));
        client.login("wonderland");
        return client;
    }

    @Test
    void aClientThatHasSaidGoodbyeIsNotAskedAnyMore(TestPostgres postgres) throws Exception {
        try (Between between = new Between(postgres.socketFile());
                TestGateway gateway = gateway(postgres, between);
                RawClient client = login(gateway)) {
            between.keep();
            client.send(new Terminate());
            Awaitility.await().until(() -> between.kept().length > 0);
            ParkReport report =
                    gateway.gateway
                            .park("ep-x", true)
                            .toCompletableFuture()
                            .get(20, TimeUnit.SECONDS);
            assertThat(report).isEqualTo(new ParkReport(0, 0, List.of()));
            assertThat(between.kept()).containsExactly('X', 0, 0, 0, 4);
            between.reset();
            assertThat(client.readByte()).as("no last words").isEqualTo(-1);
        }
    }

    @Test
    void aConnectionThatIsResetWhileItIsAskedIsAComputeThatStopped(TestPostgres postgres)
            throws Exception {
        try (Between between = new Between(postgres.socketFile());
                TestGateway gateway = gateway(postgres, between);
                RawClient client = login(gateway)) {
            between.keep();
            CompletableFuture<ParkReport> parking =
                    gateway.gateway.park("ep-x", false).toCompletableFuture();
            Awaitility.await().until(() -> between.kept().length > 0);
            between.reset();
            var last = client.lastWords();
            assertThat(last.sqlState()).isEqualTo("57P01");
            assertThat(last.message())
                    .isEqualTo("terminating connection because its compute stopped");
            assertThat(parking.get(20, TimeUnit.SECONDS).parked()).isZero();
        }
    }
}
