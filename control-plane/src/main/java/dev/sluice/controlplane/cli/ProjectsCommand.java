package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice projects}. */
@Command(
        name = "projects",
        description = "Make and list projects.",
        subcommands = {
            ProjectsCommand.ListProjects.class,
            ProjectsCommand.Get.class,
            ProjectsCommand.Create.class
        })
final class ProjectsCommand extends GroupCommand {
    private static final Column[] COLUMNS = {
        Column.of("ID", "id"),
        Column.of("NAME", "name"),
        Column.of("POSTGRES", "pg_version"),
        Column.of("CREATED", "created_at")
    };

    /** {@code list}. */
    @Command(name = "list", description = "List the projects.")
    static final class ListProjects extends ClientCommand {
        @Override
        void run(ApiClient api) throws IOException {
            output().print(out(), api.get("/projects").path("projects"), COLUMNS);
        }
    }

    /** {@code get}. */
    @Command(name = "get", description = "Show one project.")
    static final class Get extends ClientCommand {
        @Parameters(paramLabel = "ID", description = "The project.")
        private String id = "";

        @Override
        void run(ApiClient api) throws IOException {
            output().printOne(
                            out(),
                            api.get("/projects/" + ApiClient.encode(id)).path("project"),
                            COLUMNS);
        }
    }

    /** {@code create}. */
    @Command(name = "create", description = "Make a project with a branch, a role and a database.")
    static final class Create extends ClientCommand {
        @Option(names = "--name", paramLabel = "NAME", description = "Its name (default: its id).")
        private String name = "";

        @Override
        void run(ApiClient api) throws IOException {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            ObjectNode project = body.putObject("project");
            if (!name.isEmpty()) {
                project.put("name", name);
            }
            var answer = api.post("/projects", body);
            if (output().isJson()) {
                Output.printJson(out(), answer);
            } else {
                output().printOne(out(), answer.path("project"), COLUMNS);
                out().println();
                out().println(
                                answer.path("connection_uris")
                                        .path(0)
                                        .path("connection_uri")
                                        .asText());
            }
        }
    }
}
