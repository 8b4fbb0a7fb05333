package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The npm package {@code @neondatabase/serverless} as it is published, against a whole server: the
 * script {@code src/test/node/serverless/driver.mjs}. Needs Node.js 19 or newer and npm.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServerlessDriverIT {
    private Path scripts;
    private Sluice sluice;
    private String main;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        scripts = directory;
        Path source = Sluice.launcher().resolveSibling("control-plane/src/test/node/serverless");
        for (String file :
                List.of("package.json", "package-lock.json", "driver.mjs", "token.mjs")) {
            Files.copy(source.resolve(file), scripts.resolve(file));
        }
        Sluice.execute(
                        Map.of(),
                        List.of(
                                "npm",
                                "ci",
                                "--prefix",
                                scripts.toString(),
                                "--ignore-scripts",
                                "--no-audit",
                                "--no-fund"))
                .succeeded();
        sluice = new Sluice();
        main = sluice.up();
    }

    @AfterAll
    void stop() throws IOException {
        sluice.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "port", "plain"})
    void everyModeOfTheDriver(String mode) throws IOException {
        String authority = sluice.json("status").path("server").path("ca_certificate").asText();
        Sluice.Result result =
                Sluice.execute(
                        Map.of("NODE_EXTRA_CA_CERTS", authority),
                        List.of("node", scripts.resolve("driver.mjs").toString(), mode, main));
        assertThat(result.exitCode()).as("%s%s", result.out(), result.err()).isZero();
        assertThat(result.out()).hasLineCount(15).doesNotContain("FAILED");
    }

    @Test
    void aTokenInPlaceOfAPassword() throws IOException {
        String script = scripts.resolve("token.mjs").toString();
        Path keys = Files.createDirectory(scripts.resolve("keys"));
        Sluice.execute(Map.of(), List.of("node", script, "keys", keys.toString())).succeeded();
        sluice.run("roles", "create", "--name", "authenticated").succeeded();
        Files.writeString(
                sluice.data().resolve("gateway.toml"),
                """
                [[tokens]]
                keys = "%s"
                issuer = "https://auth.example.com"
                audience = "app"
                roles = ["authenticated"]
                """
                        .formatted(keys.resolve("jwks.json")));
        sluice.run("reload").succeeded();
        URI uri = URI.create(main);
        String owner = uri.getUserInfo().substring(0, uri.getUserInfo().indexOf(':'));
        String url = main.replaceFirst("//[^@]*@", "//authenticated@");
        String authority = sluice.json("status").path("server").path("ca_certificate").asText();
        Sluice.Result result =
                Sluice.execute(
                        Map.of("NODE_EXTRA_CA_CERTS", authority),
                        List.of("node", script, "query", keys.toString(), url, owner));
        assertThat(result.exitCode()).as("%s%s", result.out(), result.err()).isZero();
        Files.delete(sluice.data().resolve("gateway.toml"));
        sluice.run("reload").succeeded();
    }

    @Test
    void aRequestWakesTheComputeAndLetsItSleepAgain() throws Exception {
        sluice.run("branches", "create", "--name", "sleeper").succeeded();
        String uri = sluice.connectionString("sleeper");
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (int round = 0; round < 3; round++) {
                HttpResponse<String> response =
                        client.send(
                                HttpRequest.newBuilder(
                                                URI.create(
                                                        "http://127.0.0.1:"
                                                                + URI.create(uri).getPort()
                                                                + "/sql"))
                                        .header("Neon-Connection-String", uri)
                                        .POST(
                                                HttpRequest.BodyPublishers.ofString(
                                                        "{\"query\":\"select 40 + 2 as answer\"}"))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(response.body()).contains("[{\"answer\":42}]");
                assertThat(sluice.branch("sleeper").path("state").asText()).isEqualTo("active");
                sluice.run("endpoints", "suspend", "sleeper").succeeded();
                assertThat(sluice.branch("sleeper").path("state").asText()).isEqualTo("idle");
            }
        }
    }
}
