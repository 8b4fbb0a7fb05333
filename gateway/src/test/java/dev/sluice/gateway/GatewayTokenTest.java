package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.gateway.token.KeySource;
import dev.sluice.gateway.token.TestIssuer;
import dev.sluice.gateway.token.TokenProvider;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code /sql} with a token in place of a password. */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayTokenTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ALICE = "postgresql://alice@ep-x.localhost/app";
    private static final String CLAIMS =
            "select current_user, current_setting('request.jwt.claims', true) as claims";

    @TempDir Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private TestGateway gateway;
    private TestIssuer issuer;

    @BeforeEach
    void start(TestPostgres postgres) throws Exception {
        gateway = new TestGateway(postgres, directory);
        issuer = new TestIssuer();
        Path keys = Files.writeString(directory.resolve("keys.json"), issuer.keySet());
        gateway.gateway.change(
                gateway.rules()
                        .withTokens(
                                List.of(
                                        new TokenProvider(
                                                Optional.of("ep-x"),
                                                new KeySource.InFile(keys),
                                                Optional.empty(),
                                                Optional.empty(),
                                                Set.of("alice", "nobody", "käthe")))));
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.close();
    }

    private JsonNode post(String connection, @Nullable String token, String body) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.port() + "/sql"))
                        .header("Neon-Connection-String", connection)
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return JSON.readTree(
                client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
    }

    private static String query(String sql) {
        return "{\"query\":\"" + sql + "\"}";
    }

    private String token(String algorithm, String subject) throws Exception {
        return issuer.sign(algorithm, TestIssuer.claims(Instant.now(), Map.of("sub", subject)));
    }

    @Test
    void logsInAndItsClaimsAreSeenByItsOwnRequestOnly() throws Exception {
        for (String algorithm : TestIssuer.ALGORITHMS) {
            JsonNode row = post(ALICE, token(algorithm, algorithm), query(CLAIMS)).at("/rows/0");
            assertThat(row.path("current_user").asText()).isEqualTo("alice");
            assertThat(JSON.readTree(row.path("claims").asText()).path("sub").asText())
                    .isEqualTo(algorithm);
        }
        JsonNode batch =
                post(
                        ALICE,
                        token(AlgorithmIdentifiers.EDDSA, "in a batch"),
                        "{\"queries\":[" + query("select 1") + "," + query(CLAIMS) + "]}");
        assertThat(batch.at("/results/1/rows/0/claims").asText()).contains("in a batch");
        // The same server connection, by a password: nothing is left.
        JsonNode after =
                post("postgresql://alice:wonderland@ep-x.localhost/app", null, query(CLAIMS));
        assertThat(after.at("/rows/0/claims").asText("")).isEmpty();
        assertThat(gateway.audit)
                .filteredOn(line -> line.event() instanceof AuditLog.Event.Statement)
                .hasSize(5)
                .allSatisfy(line -> {
                    assertThat(line.connection().endpointId()).isEqualTo("ep-x");
                    assertThat(line.connection().role()).isEqualTo("alice");
                });
    }

    private void assertRefused(String connection, @Nullable String token, String message)
            throws Exception {
        JsonNode error = post(connection, token, query("select 1"));
        assertThat(error.path("message").asText()).startsWith(message);
        assertThat(error.path("code").asText()).startsWith("28");
        assertThat(error.toString()).doesNotContain(token == null ? "\0" : token);
    }

    @Test
    void whatIsNotGoodIsRefusedAlike() throws Exception {
        String eddsa = AlgorithmIdentifiers.EDDSA;
        String good = token(eddsa, "me");
        String failed = "token authentication failed for user \"";
        assertRefused(ALICE, "nonsense", failed);
        assertRefused(
                ALICE,
                issuer.sign(eddsa, TestIssuer.claims(Instant.now().minusSeconds(3600), Map.of())),
                failed);
        assertRefused("postgresql://postgres@ep-x.localhost/app", good, failed);
        assertRefused("postgresql://alice@ep-y.localhost/app", good, failed);
        assertRefused("postgresql://alice@ep-none.localhost/app", good, failed);
        assertThat(gateway.gateway.metrics().authenticationFailures()).isEqualTo(5);
        assertRefused("postgresql://alice:wonderland@ep-x.localhost/app", good, "a password and a");
        assertRefused(ALICE, null, "missing authentication credentials");
        // Good, but nobody has the key of that role.
        assertRefused(
                "postgresql://k%C3%A4the@ep-x.localhost/app",
                good, "role \"käthe\" cannot be logged in with a token");
        assertThat(gateway.directory.wakes).hasValue(0);
        assertThat(gateway.audit)
                .allSatisfy(line ->
                        assertThat(line.event()).isInstanceOf(AuditLog.Event.Refused.class));
        assertThat(gateway.audit.toString()).doesNotContain(good);
    }

    @Test
    void keysThatCannotBeReadAreNobodysWrongPassword() throws Exception {
        Files.delete(directory.resolve("keys.json"));
        String good = token(AlgorithmIdentifiers.EDDSA, "me");
        for (String connection :
                List.of(
                        ALICE,
                        "postgresql://postgres@ep-x.localhost/app",
                        "postgresql://alice@ep-none.localhost/app")) {
            // The first that needs them finds out.
            post(ALICE, good, query("select 1"));
            JsonNode error = post(connection, good, query("select 1"));
            assertThat(error.path("code").asText()).isEqualTo("57P03");
            assertThat(error.path("message").asText()).startsWith("tokens cannot be checked");
        }
        assertThat(gateway.gateway.metrics().authenticationFailures()).isZero();
    }
}
