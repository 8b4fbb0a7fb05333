package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code sluice inspect page}. */
@Command(
        name = "page",
        description = {
            "Show a page of a branch as of any LSN in its history, and the chain of records that made"
                    + " it. The branch's compute need not run."
        })
final class InspectPageCommand extends BranchCommand {
    @Option(
            names = {"--relation", "-R"},
            required = true,
            paramLabel = "REL",
            description =
                    "A table, index or the like: name, schema.name, or by number"
                            + " [tablespace/]database/relfilenode.")
    private String relation = "";

    @Option(
            names = "--database",
            paramLabel = "NAME",
            description = "Where a name is looked up (default: the branch's first).")
    private String database = "";

    @Option(
            names = {"--block", "-B"},
            paramLabel = "N",
            description = "The block's number (default: 0).")
    private long block;

    @Option(
            names = {"--fork", "-F"},
            paramLabel = "main|fsm|vm|init",
            description = "The fork (default: main).")
    private String fork = "main";

    @Option(
            names = "--at",
            paramLabel = "LSN",
            description = "The moment (default: the end of the branch's WAL).")
    private @Nullable Lsn at;

    @Option(names = "--raw", description = "The page's bytes as well, in hexadecimal.")
    private boolean raw;

    @Override
    void run(ApiClient api) throws IOException {
        Forks.parse(fork);
        JsonNode page =
                api.get(
                        branch(api)
                                + "/page?"
                                + RemotePage.query(relation, database, at)
                                + "&fork="
                                + fork
                                + "&block="
                                + block);
        if (output().isJson()) {
            Output.printJson(out(), page);
        } else {
            new PagePrinter(out(), page).print(raw);
        }
    }
}
