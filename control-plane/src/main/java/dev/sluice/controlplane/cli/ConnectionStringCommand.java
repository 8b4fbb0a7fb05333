package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import picocli.CommandLine.Command;
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
            names = "--role-name",
            paramLabel = "ROLE",
            description = "Default: the branch's owner.")
    private String role = "";

    @Option(
            names = "--database-name",
            paramLabel = "DATABASE",
            description = "Default: the role's first.")
    private String database = "";

    static String ask(ApiClient api, String project, String branch, String role, String database)
            throws IOException {
        StringBuilder path = new StringBuilder(project).append("/connection_uri?pooled=false");
        if (!branch.isEmpty()) {
            path.append("&branch_id=").append(ApiClient.encode(branch));
        }
        if (!role.isEmpty()) {
            path.append("&role_name=").append(ApiClient.encode(role));
        }
        if (!database.isEmpty()) {
            path.append("&database_name=").append(ApiClient.encode(database));
        }
        return api.get(path.toString()).path("uri").asText();
    }

    @Override
    void run(ApiClient api) throws IOException {
        String uri = ask(api, project(api), branch, role, database);
        if (output().isJson()) {
            Output.printJson(
                    out(), JsonNodeFactory.instance.objectNode().put("connection_uri", uri));
        } else {
            out().println(uri);
        }
    }
}
