package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.Map;

/** A branch of a test's own, made and suspended through the REST API: a command takes longer. */
final class TestBranch implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newHttpClient();
    private final String key;
    private final String project;
    private final String branchId;
    private final String endpoint;

    TestBranch(Sluice sluice, String name) throws IOException, InterruptedException {
        key = Files.readString(sluice.data().resolve("api-key")).strip();
        String api =
                JSON.readTree(sluice.data().resolve("server.json").toFile())
                        .path("apiUrl")
                        .asText();
        project =
                api
                        + "/projects/"
                        + call("GET", api + "/projects", "").at("/projects/0/id").asText();
        JsonNode made =
                call(
                        "POST",
                        project + "/branches",
                        JSON.writeValueAsString(Map.of("branch", Map.of("name", name))));
        branchId = made.at("/branch/id").asText();
        endpoint = project + "/endpoints/" + made.at("/endpoints/0/id").asText();
    }

    private JsonNode call(String method, String url, String body)
            throws IOException, InterruptedException {
        HttpResponse<String> answer =
                http.send(
                        HttpRequest.newBuilder(URI.create(url))
                                .header("Authorization", "Bearer " + key)
                                .header("Content-Type", "application/json")
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isLessThan(300);
        return JSON.readTree(answer.body());
    }

    /** Its connection string, password included. */
    String uri(boolean pooled) throws IOException, InterruptedException {
        return call(
                        "GET",
                        project + "/connection_uri?branch_id=" + branchId + "&pooled=" + pooled,
                        "")
                .path("uri")
                .asText();
    }

    String state() throws IOException, InterruptedException {
        return call("GET", endpoint, "").at("/endpoint/current_state").asText();
    }

    /** Suspends its compute, which must be running. */
    void suspend() throws IOException, InterruptedException {
        assertThat(state()).isEqualTo("active");
        assertThat(call("POST", endpoint + "/suspend", "{}").at("/endpoint/current_state").asText())
                .isEqualTo("idle");
    }

    @Override
    public void close() {
        http.close();
    }
}
