package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice connection-string}. */
@Command(
        name = "connection-string",
        aliases = "cs",
        description = "Print a branch's connection string, which works as printed.")
final class ConnectionStringCommand extends ClientCommand {
    @Parameters(paramLabel = "BRANCH", arity = "0..1", description = "Default: the default branch.")
    private String branch = "";

    @Option(
            names = "--pooled",
            description = "Of the pool, where transactions share server connections.")
    private boolean pooled;

    @Mixin private final LoginOptions login = new LoginOptions();

    @Override
    void run(ApiClient api) throws IOException {
        String uri = login.connectionUri(api, project(api), branch, pooled);
        if (output().isJson()) {
            Output.printJson(
                    out(), JsonNodeFactory.instance.objectNode().put("connection_uri", uri));
        } else {
            out().println(uri);
        }
    }
}
