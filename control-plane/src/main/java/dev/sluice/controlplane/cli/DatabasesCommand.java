package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice databases}. */
@Command(
        name = "databases",
        description = "Make, list and delete a branch's databases.",
        subcommands = {
            DatabasesCommand.ListDatabases.class,
            DatabasesCommand.Create.class,
            DatabasesCommand.Delete.class
        })
final class DatabasesCommand extends GroupCommand {
    private static final Column[] COLUMNS = {
        Column.of("NAME", "name"),
        Column.of("OWNER", "owner_name"),
        Column.of("CREATED", "created_at")
    };

    /** {@code list}. */
    @Command(name = "list", description = "List a branch's databases.")
    static final class ListDatabases extends BranchCommand {
        @Override
        void run(ApiClient api) throws IOException {
            output().print(out(), api.get(branch(api) + "/databases").path("databases"), COLUMNS);
        }
    }

    /** {@code create}. */
    @Command(name = "create", description = "Make a database.")
    static final class Create extends BranchCommand {
        @Option(names = "--name", paramLabel = "NAME", required = true, description = "Its name.")
        private String name = "";

        @Option(
                names = "--owner-name",
                paramLabel = "ROLE",
                description = "Its owner (default: the branch's owner).")
        private String owner = "";

        @Override
        void run(ApiClient api) throws IOException {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            ObjectNode database = body.putObject("database").put("name", name);
            if (!owner.isEmpty()) {
                database.put("owner_name", owner);
            }
            JsonNode made = api.post(branch(api) + "/databases", body).path("database");
            output().printOne(out(), made, COLUMNS);
        }
    }

    /** {@code delete}. */
    @Command(name = "delete", description = "Drop a database, ending its sessions.")
    static final class Delete extends BranchCommand {
        @Parameters(paramLabel = "NAME", description = "The database.")
        private String name = "";

        @Override
        void run(ApiClient api) throws IOException {
            JsonNode gone =
                    api.delete(branch(api) + "/databases/" + ApiClient.encode(name))
                            .path("database");
            output().printOne(out(), gone, COLUMNS);
        }
    }
}
