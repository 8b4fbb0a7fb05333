package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.cli.Output.Column;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code sluice safekeepers}. */
@Command(
        name = "safekeepers",
        description = "List the safekeepers, and put a new one in the place of one.",
        subcommands = {SafekeepersCommand.ListSafekeepers.class, SafekeepersCommand.Replace.class})
final class SafekeepersCommand extends GroupCommand {
    private static final Column[] COLUMNS = {
        Column.of("ID", "id"),
        Column.of("STATE", "state"),
        Column.of("TIMELINES", "timelines"),
        Column.of("LAG", "lag_bytes"),
        Column.of("OFFLOADS", "offloads"),
        Column.of("ADDRESS", "address")
    };

    /** {@code list}. */
    @Command(
            name = "list",
            description = "List them, with what they lack of committed WAL in bytes.")
    static final class ListSafekeepers extends ClientCommand {
        @Override
        void run(ApiClient api) throws IOException {
            output().print(out(), api.get("/sluice/safekeepers").path("safekeepers"), COLUMNS);
        }
    }

    /** {@code replace}. */
    @Command(
            name = "replace",
            description =
                    "Put a new safekeeper in the place of one, dead or alive, while everything runs.")
    static final class Replace extends ClientCommand {
        @Parameters(index = "0", paramLabel = "OLD", description = "Which one is to leave.")
        private long old;

        @Parameters(
                index = "1",
                arity = "0..1",
                paramLabel = "NEW",
                description = "The new one's number, never used before (default: the next).")
        private @Nullable Long fresh;

        @Override
        void run(ApiClient api) throws IOException {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            if (fresh != null) {
                body.put("with", fresh.longValue());
            }
            output().printOne(
                            out(),
                            api.post("/sluice/safekeepers/" + old + "/replace", body)
                                    .path("safekeeper"),
                            COLUMNS);
        }
    }
}
