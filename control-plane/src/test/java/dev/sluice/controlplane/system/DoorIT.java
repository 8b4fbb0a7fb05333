package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.tls.LocalCertificates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What an operator says about who comes in: gateway.toml, reload, SIGHUP, ip-allow. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DoorIT {
    @TempDir Path directory;

    private Sluice sluice;
    private String uri;

    @BeforeAll
    void start() throws IOException {
        sluice = new Sluice();
        uri = sluice.up();
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    private void configure(String toml) throws IOException {
        Files.writeString(sluice.data().resolve("gateway.toml"), toml);
    }

    private void reload() throws IOException {
        assertThat(sluice.run("reload").succeeded().line()).isEqualTo("reloaded");
    }

    private static Sluice.Result psql(String uri, String... settings) throws IOException {
        String separator = uri.contains("?") ? "&" : "?";
        return Sluice.execute(
                Map.of(),
                List.of(
                        "psql",
                        "-XAtq",
                        uri + separator + String.join("&", settings),
                        "-c",
                        "select 1"));
    }

    @Test
    void tlsCanBeRequiredWithoutARestart() throws IOException {
        String plain = uri.replaceAll("sslmode=[a-z-]+", "sslmode=disable");
        psql(plain, "connect_timeout=30").succeeded();
        configure("require_tls = true");
        reload();
        Sluice.Result refused = psql(plain, "connect_timeout=30");
        assertThat(refused.exitCode()).isNotZero();
        assertThat(refused.err()).contains("connection is insecure");
        psql(uri, "connect_timeout=30").succeeded();
        configure("");
        hangUp();
        Awaitility.await().until(() -> psql(plain, "connect_timeout=30").exitCode() == 0);
    }

    private void hangUp() throws IOException {
        String pid = sluice.json("status").path("server").path("pid").asText();
        Sluice.execute(Map.of(), List.of("kill", "-HUP", pid)).succeeded();
    }

    @Test
    void aWrongFileIsToldAndChangesNothing() throws IOException {
        Path file = sluice.data().resolve("gateway.toml");
        configure("require_tsl = true");
        Sluice.Result wrong = sluice.run("reload");
        assertThat(wrong.exitCode()).isEqualTo(1);
        assertThat(wrong.err()).contains(file.toString()).contains("require_tsl");
        configure("[[certificates]]\nchain = \"gone.pem\"\nkey = \"gone.pem\"\n");
        assertThat(sluice.run("reload").err())
                .contains("cannot read " + sluice.data().resolve("gone.pem"));
        configure("proxies = [\"everybody\"]");
        assertThat(sluice.run("reload").err()).contains("\"everybody\" is not an IP address");
        psql(uri, "connect_timeout=30").succeeded();
        Files.delete(file);
        reload();
    }

    @Test
    void aCertificateOfOnesOwn() throws IOException {
        LocalCertificates bought =
                LocalCertificates.openOrCreate(directory.resolve("bought"), "db.example.org");
        Path pem = directory.resolve("bought").resolve("server.pem");
        configure("[[certificates]]\nchain = \"%s\"\nkey = \"%s\"\n".formatted(pem, pem));
        reload();
        JsonNode branch = sluice.branch("main");
        String host = branch.path("endpoint_id").asText() + ".db.example.org";
        String theirs = uri.replaceAll("@[^/:]+:", "@" + host + ":").replaceAll("\\?.*", "");
        psql(
                        theirs,
                        "hostaddr=127.0.0.1",
                        "sslmode=verify-full",
                        "sslrootcert=" + bought.authorityFile())
                .succeeded();
        psql(uri, "sslmode=require").succeeded();
        Files.delete(sluice.data().resolve("gateway.toml"));
        reload();
    }

    @Test
    void addressesThatAreAllowed() throws IOException {
        assertThat(sluice.run("ip-allow", "list").succeeded().line())
                .isEqualTo("clients may connect from anywhere");
        assertThat(
                        sluice.run("ip-allow", "add", "10.0.0.0/8", "192.0.2.1-192.0.2.9")
                                .succeeded()
                                .line())
                .isEqualTo("10.0.0.0/8\n192.0.2.1-192.0.2.9");
        Sluice.Result refused = psql(uri, "connect_timeout=30");
        assertThat(refused.err())
                .contains("This IP address 127.0.0.1 is not allowed to connect to this endpoint.")
                .contains("sluice ip-allow add 127.0.0.1");
        assertThat(sluice.run("ip-allow", "add", "somewhere").err())
                .contains("\"somewhere\" is not an IP address");
        sluice.run("ip-allow", "add", "127.0.0.1").succeeded();
        psql(uri, "connect_timeout=30").succeeded();
        assertThat(sluice.run("ip-allow", "remove", "10.1.1.1").err())
                .contains("10.1.1.1 is not in the list");
        assertThat(sluice.run("ip-allow", "reset").succeeded().line())
                .isEqualTo("clients may connect from anywhere");
        List<JsonNode> refusals = connectionLog("refused");
        assertThat(refusals)
                .anySatisfy(line -> {
                    assertThat(line.path("client").asText()).isEqualTo("127.0.0.1");
                    assertThat(line.path("sqlstate").asText()).isEqualTo("28000");
                    assertThat(line.path("role").asText()).isEqualTo("sluicedb_owner");
                });
        assertThat(connectionLog("authenticated")).isNotEmpty();
    }

    private List<JsonNode> connectionLog(String event) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line :
                Files.readAllLines(sluice.data().resolve("logs").resolve("connections.jsonl"))) {
            JsonNode json = new ObjectMapper().readTree(line);
            if (json.path("event").asText().equals(event)) {
                lines.add(json);
            }
        }
        return lines;
    }
}
