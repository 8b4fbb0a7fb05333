package dev.sluice.controlplane.cli;

import dev.sluice.storage.oracle.ComparisonReport;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice inspect redo}. Needs no server. */
@Command(
        name = "redo",
        description = {
            "Redo the WAL that follows a Postgres data directory's last checkpoint with the pageserver's own code, and"
                    + " compare every page with the images that wal_consistency_checking put into the WAL.",
            "Exit code 0 only if something was compared and all was equal."
        })
final class InspectRedoCommand implements Callable<Integer> {
    @Option(
            names = "--base",
            required = true,
            paramLabel = "DATADIR",
            description =
                    "A data directory: stopped, crashed, copied or a base backup. It is only read.")
    private Path base = Path.of("");

    @Option(
            names = "--wal",
            paramLabel = "FOLDER",
            description = "WAL segments, from DATADIR's last checkpoint on (default: its pg_wal).")
    private @Nullable Path wal;

    @Option(
            names = "--to",
            paramLabel = "LSN",
            description =
                    "End with the last record that ends at or before it (default: with the last).")
    private @Nullable Lsn to;

    @Option(
            names = "--against",
            paramLabel = "DATADIR2",
            description =
                    "Compare every page with this directory at the end: the stopped primary, or a"
                            + " stopped standby that replayed the same WAL.")
    private @Nullable Path against;

    @Option(
            names = "--scratch",
            paramLabel = "FOLDER",
            description = "Where changed pages go meanwhile (default: the temporary directory).")
    private Path scratch = Path.of(System.getProperty("java.io.tmpdir"));

    @Mixin private final Output output = new Output();

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path folder = wal == null ? base.resolve("pg_wal") : wal;
        RedoProgress progress =
                new RedoProgress(
                        spec.commandLine().getErr(),
                        output.isJson() ? null : spec.commandLine().getOut());
        try (RedoOracle oracle =
                new RedoOracle(base, folder, scratch, PostgresMajor::redo, progress)) {
            RedoReport redo = oracle.redo(to);
            double seconds = progress.seconds();
            ComparisonReport comparison = against == null ? null : oracle.compareWith(against);
            RedoPrint print = new RedoPrint(redo, seconds, against, comparison);
            if (output.isJson()) {
                Output.printJson(spec.commandLine().getOut(), print.json());
            } else {
                print.text(spec.commandLine().getOut());
            }
            return print.isProof() ? 0 : 1;
        }
    }
}
