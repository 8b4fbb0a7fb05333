package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.inspect.FolderWal;
import dev.sluice.controlplane.inspect.RecordReader;
import dev.sluice.controlplane.inspect.WalSource;
import dev.sluice.storage.inspect.RecordStatistics;
import dev.sluice.storage.inspect.RecordText;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice inspect wal}. */
@Command(
        name = "wal",
        description = {
            "Print WAL records as people read them, in the form of pg_waldump: those of a branch"
                    + " (its ancestors' included), or of a folder with WAL segments.",
            "An LSN inside a record is moved on to the next one."
        })
final class InspectWalCommand extends BranchCommand {
    private static final Pattern NUMBERS = Pattern.compile("([0-9]+)/([0-9]+)/([0-9]+)");

    @Option(
            names = "--wal",
            paramLabel = "FOLDER",
            description = "Read these segment files (a pg_wal); no server is needed.")
    private @Nullable Path folder;

    @Option(
            names = {"--from", "-s"},
            paramLabel = "LSN",
            description = "Begin here (default: where the branch or the folder's WAL begins).")
    private @Nullable Lsn from;

    @Option(
            names = {"--to", "-e"},
            paramLabel = "LSN",
            description = "Only records that begin before this (default: the end).")
    private @Nullable Lsn to;

    @Option(
            names = {"--limit", "-n"},
            paramLabel = "N",
            description = "No more records than this.")
    private long limit = Long.MAX_VALUE;

    @Option(
            names = {"--stats", "-z"},
            description = "Count records and bytes by type instead.")
    private boolean statistics;

    @Option(
            names = {"--bkp-details", "-b"},
            description = "Each block on a line of its own, with the hole of its image.")
    private boolean details;

    @Option(
            names = "--database",
            paramLabel = "NAME",
            description = "Where --relation's name is looked up (default: the branch's first).")
    private String database = "";

    @Mixin private final RecordFilter filter = new RecordFilter();

    @Override
    public Integer call() throws IOException {
        if (folder == null) {
            return super.call();
        }
        filter.prepare(InspectWalCommand::numbers);
        try (FolderWal wal = FolderWal.open(folder, from)) {
            print(wal, from == null ? wal.start() : from);
        }
        return 0;
    }

    @Override
    void run(ApiClient api) throws IOException {
        String path = branch(api);
        RemoteWal wal = new RemoteWal(api, path);
        Lsn moment = to == null ? wal.end() : to;
        filter.prepare(name -> RemotePage.locator(api, path, name, database, moment));
        print(wal, from == null ? wal.branchStart() : from);
    }

    /** Tablespace, database and relfilenode. */
    private static RelFileLocator numbers(String text) throws IOException {
        Matcher numbers = NUMBERS.matcher(text);
        if (!numbers.matches()) {
            throw new IOException(
                    "not a relation: \"" + text + "\" (tablespace/database/relfilenode)");
        }
        try {
            return new RelFileLocator(
                    Integer.parseUnsignedInt(numbers.group(1)),
                    Integer.parseUnsignedInt(numbers.group(2)),
                    Integer.parseUnsignedInt(numbers.group(3)));
        } catch (NumberFormatException e) {
            throw new IOException("not a relation: \"" + text + "\" (a number is too large)", e);
        }
    }

    private void print(WalSource wal, Lsn begin) throws IOException {
        if (to != null && to.isBefore(begin)) {
            throw new IOException("--to " + to + " is before --from " + begin);
        }
        if (to != null && to.isAfter(wal.end())) {
            throw notThere(wal, wal.end());
        }
        RecordDescriber describer =
                PostgresMajor.of(wal.postgresMajor()).describer(ZoneId.systemDefault());
        RecordReader reader = new RecordReader(wal, begin);
        if (statistics) {
            RecordStatistics counts = new RecordStatistics(describer);
            Lsn first = read(reader, begin, counts::add);
            printStatistics(counts, first, reader.end());
        } else {
            RecordPrinter printer =
                    output().isJson()
                            ? RecordPrinter.json(out(), describer)
                            : RecordPrinter.text(out(), new RecordText(describer), details);
            Lsn _ = read(reader, begin, printer::print);
            printer.end();
        }
        noteEnd(wal, reader);
    }

    /**
     * Hands on the records that are wanted.
     *
     * @return where the first record begins, wanted or not
     */
    private Lsn read(RecordReader reader, Lsn begin, Consumer<WalRecord> consumer)
            throws IOException {
        Lsn first = null;
        long shown = 0;
        while (shown < limit && !out().checkError()) {
            WalRecord record = reader.next();
            if (record == null || (to != null && !record.start().isBefore(to))) {
                break;
            }
            if (first == null) {
                first = record.start();
                noteMoved(begin, first);
            }
            if (filter.matches(record)) {
                shown++;
                consumer.accept(record);
            }
        }
        return first == null ? begin : first;
    }

    /** A record at a page's beginning begins after that page's header: it was not moved. */
    private void noteMoved(Lsn asked, Lsn first) {
        if (from != null && first.isAfter(WalSegments.recordStart(asked))) {
            err().println(
                            "first record is after "
                                    + asked
                                    + ", at "
                                    + first
                                    + ", skipping over "
                                    + first.minus(asked)
                                    + " bytes");
        }
    }

    private void noteEnd(WalSource wal, RecordReader reader) throws IOException {
        out().flush();
        if (to != null && reader.end().isBefore(to) && reader.endReason().isPresent()) {
            throw notThere(wal, reader.end());
        }
        reader.endReason()
                .ifPresent(
                        reason -> err().println("the WAL ends at " + reader.end() + ": " + reason));
    }

    private IOException notThere(WalSource wal, Lsn end) {
        return new IOException(
                "the WAL of " + wal.name() + " ends at " + end + ", before --to " + to);
    }

    private void printStatistics(RecordStatistics counts, Lsn first, Lsn end) throws IOException {
        if (output().isJson()) {
            Output.printJson(out(), RecordJson.statistics(counts, first, end));
        } else {
            out().print(counts.table(first, end));
            out().flush();
        }
    }
}
