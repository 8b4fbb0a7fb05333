package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice endpoints}. */
@Command(
        name = "endpoints",
        description = "List, start and suspend the computes behind branches.",
        subcommands = {
            EndpointsCommand.ListEndpoints.class,
            EndpointsCommand.Start.class,
            EndpointsCommand.Suspend.class,
            EndpointsCommand.Restart.class
        })
final class EndpointsCommand extends GroupCommand {
    private static final Column[] COLUMNS = {
        Column.of("ID", "id"),
        Column.of("BRANCH", "branch_id"),
        Column.of("STATE", "current_state"),
        Column.of("SUSPEND AFTER", "suspend_timeout_seconds"),
        Column.of("HOST", "host")
    };

    /** {@code list}. */
    @Command(name = "list", description = "List the endpoints with their states.")
    static final class ListEndpoints extends ClientCommand {
        @Override
        void run(ApiClient api) throws IOException {
            output().print(out(), api.get(project(api) + "/endpoints").path("endpoints"), COLUMNS);
        }
    }

    /** A command that does something to one endpoint. */
    abstract static class Action extends ClientCommand {
        private final String action;

        @Parameters(
                paramLabel = "BRANCH|ENDPOINT",
                description = "A branch's name, or an endpoint's id.")
        private String endpoint = "";

        Action(String action) {
            this.action = action;
        }

        @Override
        void run(ApiClient api) throws IOException {
            JsonNode answer =
                    api.post(
                                    project(api)
                                            + "/endpoints/"
                                            + ApiClient.encode(endpoint)
                                            + "/"
                                            + action,
                                    JsonNodeFactory.instance.objectNode())
                            .path("endpoint");
            output().printOne(out(), answer, COLUMNS);
        }
    }

    /** {@code start}. */
    @Command(
            name = "start",
            description = "Start an endpoint's compute, as a client's connection would.")
    static final class Start extends Action {
        Start() {
            super("start");
        }
    }

    /** {@code suspend}. */
    @Command(
            name = "suspend",
            description = "Stop an endpoint's compute; the next connection wakes it.")
    static final class Suspend extends Action {
        Suspend() {
            super("suspend");
        }
    }

    /** {@code restart}. */
    @Command(name = "restart", description = "Stop an endpoint's compute and start it again.")
    static final class Restart extends Action {
        Restart() {
            super("restart");
        }
    }
}
