package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice operations}. */
@Command(
        name = "operations",
        description = "List what was done.",
        subcommands = {OperationsCommand.ListOperations.class})
final class OperationsCommand extends GroupCommand {
    /** {@code list}. */
    @Command(name = "list", description = "List a project's operations, newest first.")
    static final class ListOperations extends ClientCommand {
        @Option(
                names = "--limit",
                paramLabel = "N",
                description = "At most so many (default: 100).")
        private int limit = 100;

        @Override
        void run(ApiClient api) throws IOException {
            output().print(
                            out(),
                            api.get(project(api) + "/operations?limit=" + limit).path("operations"),
                            Column.of("ACTION", "action"),
                            Column.of("STATUS", "status"),
                            Column.of("MS", "total_duration_ms"),
                            Column.of("CREATED", "created_at"),
                            Column.of("BRANCH", "branch_id"),
                            Column.of("ERROR", "error"));
        }
    }
}
