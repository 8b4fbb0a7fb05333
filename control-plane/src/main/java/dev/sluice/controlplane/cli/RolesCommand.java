package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice roles}. */
@Command(
        name = "roles",
        description = "Make, list and delete the roles that log in to a branch.",
        subcommands = {
            RolesCommand.ListRoles.class,
            RolesCommand.Create.class,
            RolesCommand.Delete.class
        })
final class RolesCommand extends GroupCommand {
    private static final Column NAME = Column.of("NAME", "name");
    private static final Column CREATED = Column.of("CREATED", "created_at");

    /** {@code list}. */
    @Command(name = "list", description = "List a branch's roles.")
    static final class ListRoles extends BranchCommand {
        @Override
        void run(ApiClient api) throws IOException {
            JsonNode roles = api.get(branch(api) + "/roles").path("roles");
            output().print(
                            out(),
                            roles,
                            NAME,
                            Column.of("LOGIN", "authentication_method"),
                            CREATED);
        }
    }

    /** {@code create}. */
    @Command(
            name = "create",
            description = "Make a role with a generated password, which is printed.")
    static final class Create extends BranchCommand {
        @Parameters(paramLabel = "NAME", arity = "0..1", description = "The role's name.")
        private String name = "";

        @Option(names = "--name", paramLabel = "NAME", description = "The role's name.")
        private String nameOption = "";

        @Option(
                names = "--superuser",
                description = "For the server's own administrator: a Postgres superuser.")
        private boolean superuser;

        @Override
        void run(ApiClient api) throws IOException {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            body.putObject("role")
                    .put("name", name.isEmpty() ? nameOption : name)
                    .put("superuser", superuser);
            JsonNode role = api.post(branch(api) + "/roles", body).path("role");
            output().printOne(out(), role, NAME, Column.of("PASSWORD", "password"), CREATED);
        }
    }

    /** {@code delete}. */
    @Command(name = "delete", description = "Drop a role that owns nothing.")
    static final class Delete extends BranchCommand {
        @Parameters(paramLabel = "NAME", description = "The role's name.")
        private String name = "";

        @Override
        void run(ApiClient api) throws IOException {
            JsonNode role =
                    api.delete(branch(api) + "/roles/" + ApiClient.encode(name)).path("role");
            output().printOne(out(), role, NAME, CREATED);
        }
    }
}
