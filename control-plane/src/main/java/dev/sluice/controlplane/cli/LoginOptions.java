package dev.sluice.controlplane.cli;

import java.io.IOException;
import picocli.CommandLine.Option;

/** As whom, and to which database, a client would connect. */
final class LoginOptions {
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

    /**
     * The connection string, password included.
     *
     * @param branch its name or id; empty for the default branch
     * @param pooled whether it leads to the pool
     */
    String connectionUri(ApiClient api, String project, String branch, boolean pooled)
            throws IOException {
        StringBuilder path =
                new StringBuilder(project).append("/connection_uri?pooled=").append(pooled);
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
}
