package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.transport.Transport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** What answers at the compute's address is no Postgres of ours. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayHostileComputeTest {
    @TempDir Path directory;

    /** Answers every connection with the same bytes, then closes it. */
    private static void answer(ServerSocket listener, byte[] bytes) {
        try {
            while (true) {
                try (Socket socket = listener.accept()) {
                    socket.getOutputStream().write(bytes);
                    socket.shutdownOutput();
                    socket.getInputStream().readAllBytes();
                } catch (java.net.SocketException e) {
                    if (listener.isClosed()) {
                        return;
                    }
                }
            }
        } catch (IOException e) {
            assertThat(listener.isClosed()).isTrue();
        }
    }

    private static ServerSocket impostor(byte[] bytes) throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> answer(listener, bytes));
        return listener;
    }

    private static void standIn(TestGateway gateway, ServerSocket impostor) {
        ComputeAddress address = new ComputeAddress.Tcp("127.0.0.1", impostor.getLocalPort());
        gateway.directory.waking = () -> CompletableFuture.completedFuture(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "52",
                "52ffffffff",
                "5200000003",
                "527fffffff00000000",
                "5200000008000000005a0000000549",
                "520000000800000003",
                "52000000080000000b",
                "52000000170000000a534352414d2d5348412d3235360000",
                "5200000008000000ff",
                "5a0000000549",
                "440000000600010000",
                "ff00000004",
            })
    void aComputeThatDoesNotProveItselfIsNotBelieved(String answer, TestPostgres postgres)
            throws IOException {
        byte[] bytes = HexFormat.of().parseHex(answer);
        try (ServerSocket impostor = impostor(bytes);
                TestGateway gateway = new TestGateway(postgres, directory)) {
            standIn(gateway, impostor);
            assertThatThrownBy(gateway::connect)
                    .isInstanceOfSatisfying(
                            PSQLException.class,
                            e -> {
                                assertThat(e.getSQLState()).isEqualTo("57P03");
                                assertThat(e.getMessage())
                                        .contains("Couldn't connect to compute node");
                            });
            assertThat(gateway.directory.wakes).hasValue(2);
            assertThat(gateway.gateway.sessions()).isEmpty();
            Awaitility.await().until(() -> gateway.gateway.metrics().connectionsOpen() == 0);
        }
    }

    /** It takes connections, and never says a word. */
    @Test
    void aComputeThatIsSilentIsNotWaitedForForever(TestPostgres postgres) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                TestGateway gateway =
                        new TestGateway(
                                postgres,
                                directory,
                                config ->
                                        config.withTimeouts(
                                                Duration.ofSeconds(10), Duration.ofMillis(300)),
                                SessionListener.NONE,
                                Transport.best());
                HttpClient client = HttpClient.newHttpClient()) {
            standIn(gateway, silent);
            assertThatThrownBy(gateway::connect)
                    .isInstanceOfSatisfying(
                            PSQLException.class,
                            e -> assertThat(e.getSQLState()).isEqualTo("57P03"));
            assertThat(gateway.directory.wakes).hasValue(2);
            HttpResponse<String> response =
                    client.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    "http://127.0.0.1:" + gateway.port() + "/sql"))
                                    .header(
                                            "Neon-Connection-String",
                                            "postgresql://alice:wonderland@ep-x.localhost/app")
                                    .POST(
                                            HttpRequest.BodyPublishers.ofString(
                                                    "{\"query\":\"select 1\"}"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(response.body()).contains("57P03").contains("Couldn't connect to compute");
            Awaitility.await().until(() -> gateway.gateway.sessions().isEmpty());
        }
    }

    @Test
    void anErrorWithoutAStateIsPassedOn(TestPostgres postgres) throws IOException {
        byte[] error = HexFormat.of().parseHex("450000000a" + "4d6e6f6f" + "0000");
        try (ServerSocket impostor = impostor(error);
                TestGateway gateway = new TestGateway(postgres, directory)) {
            standIn(gateway, impostor);
            assertThatThrownBy(gateway::connect).isInstanceOf(PSQLException.class);
            gateway.directory.waking =
                    () -> CompletableFuture.completedFuture(gateway.directory.address());
            try (Connection connection = gateway.connect()) {
                assertThat(connection.isValid(5)).isTrue();
            } catch (java.sql.SQLException e) {
                throw new AssertionError(e);
            }
        }
    }
}
