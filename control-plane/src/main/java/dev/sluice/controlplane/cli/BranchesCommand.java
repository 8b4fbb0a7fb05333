package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice branches}. */
@Command(
        name = "branches",
        description = "Make, list and delete branches.",
        subcommands = {
            BranchesCommand.ListBranches.class,
            BranchesCommand.Get.class,
            BranchesCommand.Create.class,
            BranchesCommand.Delete.class
        })
final class BranchesCommand extends GroupCommand {

    /** The columns of branches, with their parents' names where a table is printed. */
    private static Column[] columns(ClientCommand command, ApiClient api, String project)
            throws IOException {
        Map<String, String> names = new HashMap<>();
        if (!command.output().isJson()) {
            for (JsonNode branch : api.get(project + "/branches").path("branches")) {
                names.put(branch.path("id").asText(), branch.path("name").asText());
            }
        }
        return new Column[] {
            new Column(
                    "NAME",
                    row ->
                            row.path("name").asText()
                                    + (row.path("default").asBoolean() ? " (default)" : "")),
            Column.of("ID", "id"),
            new Column(
                    "PARENT",
                    row -> {
                        String parent = row.path("parent_id").asText("");
                        return names.getOrDefault(parent, parent);
                    }),
            Column.of("AT LSN", "parent_lsn"),
            Column.of("CREATED", "created_at")
        };
    }

    /** {@code list}. */
    @Command(name = "list", description = "List the branches, with where each left its parent.")
    static final class ListBranches extends ClientCommand {
        @Override
        void run(ApiClient api) throws IOException {
            String project = project(api);
            JsonNode branches = api.get(project + "/branches").path("branches");
            output().print(out(), branches, columns(this, api, project));
        }
    }

    /** {@code get}. */
    @Command(name = "get", description = "Show one branch.")
    static final class Get extends ClientCommand {
        @Parameters(paramLabel = "BRANCH", description = "Its name or id.")
        private String branch = "";

        @Override
        void run(ApiClient api) throws IOException {
            String project = project(api);
            JsonNode found = api.get(api.branchPath(project, branch)).path("branch");
            output().printOne(out(), found, columns(this, api, project));
        }
    }

    /** {@code create}. */
    @Command(
            name = "create",
            description =
                    "Make a branch: a copy of its parent that costs nothing until written to.")
    static final class Create extends ClientCommand {
        @Option(names = "--name", paramLabel = "NAME", description = "Its name (default: its id).")
        private String name = "";

        @Option(
                names = "--parent",
                paramLabel = "BRANCH",
                description = "The branch to copy, by name or id (default: the default branch).")
        private String parent = "";

        @Option(
                names = "--at",
                paramLabel = "LSN",
                description = "A moment in the parent's history (default: now).")
        private String at = "";

        @Override
        void run(ApiClient api) throws IOException {
            String project = project(api);
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            ObjectNode branch = body.putObject("branch");
            if (!name.isEmpty()) {
                branch.put("name", name);
            }
            if (!parent.isEmpty()) {
                branch.put("parent_id", parent);
            }
            if (!at.isEmpty()) {
                branch.put("parent_lsn", at);
            }
            JsonNode made = api.post(project + "/branches", body).path("branch");
            output().printOne(out(), made, columns(this, api, project));
        }
    }

    /** {@code delete}. */
    @Command(name = "delete", description = "Delete a branch that has no branches of its own.")
    static final class Delete extends ClientCommand {
        @Parameters(paramLabel = "BRANCH", description = "Its name or id.")
        private String branch = "";

        @Override
        void run(ApiClient api) throws IOException {
            String project = project(api);
            JsonNode gone = api.delete(api.branchPath(project, branch)).path("branch");
            output().printOne(out(), gone, columns(this, api, project));
        }
    }
}
