package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code sluice status}. */
@Command(
        name = "status",
        description =
                "Show the server's parts, its branches and their computes, and where the data is.")
final class StatusCommand extends ClientCommand {
    @Override
    void run(ApiClient api) throws IOException {
        JsonNode status = api.get("/sluice/status");
        if (output().isJson()) {
            Output.printJson(out(), status);
            return;
        }
        Output.printTable(
                out(),
                status.path("parts"),
                List.of(
                        Column.of("PART", "part"),
                        Column.of("PID", "pid"),
                        Column.of("STATE", "state"),
                        Column.of("ADDRESS", "address"),
                        Column.of("DATA", "data")));
        out().println();
        Output.printTable(
                out(),
                status.path("branches"),
                List.of(
                        Column.of("BRANCH", "name"),
                        Column.of("PARENT", "parent"),
                        Column.of("AT LSN", "parent_lsn"),
                        Column.of("ENDPOINT", "endpoint_id"),
                        Column.of("STATE", "state"),
                        Column.of("SESSIONS", "sessions"),
                        Column.of("COMMITTED", "commit_lsn"),
                        Column.of("INGESTED", "ingested_lsn"),
                        Column.of("ON DISK", "disk_consistent_lsn"),
                        Column.of("OFFLOADED", "offloaded_lsn"),
                        Column.of("TRIMMED", "trimmed_lsn"),
                        new Column(
                                "COMPUTE",
                                row ->
                                        row.has("compute")
                                                ? "pid " + row.path("compute").path("pid").asText()
                                                : "")));
        out().println();
        for (JsonNode warning : status.path("warnings")) {
            out().println("warning    " + warning.asText());
        }
        for (JsonNode branch : status.path("branches")) {
            for (JsonNode warning : branch.path("warnings")) {
                out().println("warning    " + warning.asText());
            }
        }
        JsonNode server = status.path("server");
        out().println("data       " + server.path("data").asText());
        out().println(
                        "postgres   "
                                + server.path("host").asText()
                                + ":"
                                + server.path("port").asText());
        out().println("api        " + server.path("api_url").asText());
        out().println(
                        "ca.crt     "
                                + server.path("ca_certificate").asText()
                                + "  (for sslmode=verify-full)");
        out().println("log        " + server.path("log").asText());
    }
}
