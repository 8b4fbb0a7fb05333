package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code sluice reload}. */
@Command(
        name = "reload",
        description = {
            "Have the gateway read gateway.toml and its certificates again, as SIGHUP does.",
            "Open connections go on. If something is not right, says what, and nothing changes."
        })
final class ReloadCommand extends ClientCommand {
    @Override
    void run(ApiClient api) throws IOException {
        var _ = api.post("/sluice/reload", JsonNodeFactory.instance.objectNode());
        out().println("reloaded");
    }
}
