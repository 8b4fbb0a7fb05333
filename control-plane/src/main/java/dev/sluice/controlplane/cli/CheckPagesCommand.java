package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice inspect check-pages}. */
@Command(
        name = "check-pages",
        description = {
            "Stop a branch's compute cleanly if it runs, and compare the data directory that it left, page by page,"
                    + " with the pageserver's pages.",
            "Exit code 0 only if there was something to compare and all was equal."
        })
final class CheckPagesCommand extends ClientCommand {
    @Parameters(paramLabel = "BRANCH", description = "Its name or id.")
    private String branch = "";

    private int exitCode = 1;

    @Override
    void run(ApiClient api) throws IOException {
        JsonNode result =
                api.post(
                        api.branchPath(project(api), branch) + "/check_pages",
                        JsonNodeFactory.instance.objectNode());
        JsonNode differences = result.path("differences");
        boolean compared = result.path("blocks").asLong() > 0;
        if (output().isJson()) {
            Output.printJson(out(), result);
        } else {
            for (JsonNode difference : differences) {
                out().println(difference.asText());
            }
            out().printf(
                            "compared %d blocks of %d relations and %d SLRU blocks at %s: %s%n",
                            result.path("blocks").asLong(),
                            result.path("relations").asLong(),
                            result.path("slru_blocks").asLong(),
                            result.path("lsn").asText(),
                            differences.isEmpty()
                                    ? "all equal"
                                    : differences.size() + " differences");
        }
        exitCode = compared && differences.isEmpty() ? 0 : 1;
    }

    @Override
    public Integer call() throws IOException {
        super.call();
        return exitCode;
    }
}
