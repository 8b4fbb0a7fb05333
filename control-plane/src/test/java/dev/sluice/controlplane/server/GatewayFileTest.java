package dev.sluice.controlplane.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.cancel.CancelPeers;
import dev.sluice.gateway.door.DoorRules;
import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.token.KeySource;
import dev.sluice.tls.LocalCertificates;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatewayFileTest {
    @TempDir Path folder;

    private LocalCertificates certificates;

    @BeforeEach
    void prepare() throws IOException {
        certificates = LocalCertificates.openOrCreate(folder.resolve("certs"), "db.localhost");
        Path secret = Files.writeString(folder.resolve("secret"), "x".repeat(40) + "\n");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    }

    private DoorRules rules(String toml) throws IOException {
        Files.writeString(folder.resolve(GatewayFile.NAME), toml);
        return GatewayFile.rules(folder, certificates);
    }

    @Test
    void otherGateways() throws IOException {
        CancelPeers peers =
                rules(
                                """
                                [cancel]
                                number = 3
                                secret_file = "secret"
                                peers = { 1 = "10.0.0.1:5432", 2 = "[::1]:5433" }
                                """)
                        .cancelPeers()
                        .orElseThrow();
        assertThat(peers.number()).isEqualTo(3);
        assertThat(peers.others())
                .containsEntry(1, new InetSocketAddress("10.0.0.1", 5432))
                .containsEntry(2, new InetSocketAddress("::1", 5433))
                .hasSize(2);
    }

    @Test
    void whoseTokensAreBelieved() throws IOException {
        DoorRules rules =
                rules(
                        """
                        [[tokens]]
                        keys = "https://auth.example.com/jwks.json"
                        issuer = "https://auth.example.com"
                        audience = "app"
                        roles = ["a", "b"]
                        [[tokens]]
                        keys = "jwks.json"
                        roles = ["c"]
                        scope = "ep-x"
                        """);
        assertThat(rules.tokens()).hasSize(2);
        assertThat(rules.tokens().getFirst().keys())
                .isEqualTo(new KeySource.Web(URI.create("https://auth.example.com/jwks.json")));
        assertThat(rules.tokens().getFirst().audience()).contains("app");
        assertThat(rules.tokens().getLast().keys())
                .isEqualTo(new KeySource.InFile(folder.resolve("jwks.json")));
        assertThat(rules.tokens().getLast().scope()).contains("ep-x");
    }

    @Test
    void whatSqlOverHttpMayCost() throws IOException {
        HttpConfig usual = HttpConfig.defaults(folder);
        assertThat(GatewayFile.http(folder, usual)).isEqualTo(usual);
        var _ =
                rules(
                        """
                        [http]
                        max_request_bytes = 1000
                        max_row_bytes = 2000
                        statements_per_endpoint = 3
                        statements = 4
                        wait_seconds = 5
                        """);
        HttpConfig set = GatewayFile.http(folder, usual);
        assertThat(set.limits())
                .isEqualTo(new HttpConfig.Limits(1000, 0, 2000, usual.limits().heldBytes()));
        assertThat(set.pool())
                .isEqualTo(new HttpConfig.Pool(3, 4, usual.pool().idle(), Duration.ofSeconds(5)));
    }

    @Test
    void howTransactionsArePooled() throws IOException {
        assertThat(GatewayFile.pool(folder)).isEqualTo(PoolSettings.DEFAULTS);
        var _ =
                rules(
                        """
                        [pool]
                        size = 1
                        per_endpoint = 2
                        per_database = 3
                        per_role = 4
                        max_clients = 5
                        max_clients_per_endpoint = 6
                        wait_seconds = 7
                        lifetime_seconds = 8
                        idle_seconds = 9
                        check_seconds = 10
                        prepared_statements = 11
                        admins = ["ops"]
                        """);
        assertThat(GatewayFile.pool(folder))
                .isEqualTo(
                        new PoolSettings(
                                1,
                                2,
                                3,
                                4,
                                5,
                                6,
                                Duration.ofSeconds(7),
                                Duration.ofSeconds(8),
                                Duration.ofSeconds(9),
                                Duration.ofSeconds(10),
                                11,
                                Set.of("ops")));
    }

    @Test
    void howManyThreadsRelay() throws IOException {
        assertThat(GatewayFile.eventLoops(folder, 3)).isEqualTo(3);
        var _ = rules("event_loops = 2");
        assertThat(GatewayFile.eventLoops(folder, 3)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "event_loops = 0|event_loops must be 1 to 1024, not 0",
                "[http]\\nmax_request_bytes = 0|a negative limit of HTTP",
                "[http]\\nstatements = 2|pools of 20 connections for each endpoint and 2 in all",
                "[http]\\nmax_requests = 2|max_requests",
                "[pool]\\nsize = 0|a pool needs a server connection at least",
                "[pool]\\nwait_seconds = 0|wait_seconds must be more than 0",
                "[cancel]\\nnumber = 1\\nsecret_file = \"none\"\\npeers = {}|cannot read",
                "[cancel]\\nnumber = 0\\nsecret_file = \"secret\"\\npeers = {}|1 to 1023, not 0",
                "[cancel]\\nnumber = 1\\nsecret_file = \"secret\"\\npeers = { 1 = \"10.0.0.1:1\" }|gateway 1 is this one",
                "[cancel]\\nnumber = 1\\nsecret_file = \"secret\"\\npeers = { 2 = \"10.0.0.1\" }|host:port",
                "[[tokens]]\\nkeys = \"http://example.com/k\"\\nroles = [\"a\"]|must come by https",
                "[[tokens]]\\nkeys = \"k\"\\nroles = []|may log in no role",
            })
    void whatIsWrongIsTold(String toml, String message) {
        assertThatThrownBy(() -> rules(toml.replace("\\n", "\n")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder.resolve(GatewayFile.NAME).toString())
                .hasMessageContaining(message);
    }

    @Test
    void aSecretThatEverybodyCanReadIsNone() throws IOException {
        Files.setPosixFilePermissions(
                folder.resolve("secret"), PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(
                        () -> rules("[cancel]\nnumber = 1\nsecret_file = \"secret\"\npeers = {}"))
                .hasMessageContaining("can be read by everyone");
    }
}
