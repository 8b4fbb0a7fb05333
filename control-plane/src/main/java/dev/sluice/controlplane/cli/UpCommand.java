package dev.sluice.controlplane.cli;

import dev.sluice.controlplane.server.DataFolder;
import dev.sluice.controlplane.server.Logging;
import dev.sluice.controlplane.server.Progress;
import dev.sluice.controlplane.server.RunningServer;
import dev.sluice.controlplane.server.Server;
import dev.sluice.controlplane.server.ServerOptions;
import dev.sluice.controlplane.server.Supervisor;
import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice up}. */
@Command(
        name = "up",
        description = {
            "Start everything. The first start on an empty data folder makes a project with a branch main.",
            "Prints a connection string that works as printed."
        })
final class UpCommand implements Callable<Integer> {
    @Mixin private final DataOption data = new DataOption();

    @Option(
            names = {"--detach", "-d"},
            description = "Return when it is ready, and leave it running.")
    private boolean detach;

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS",
            description = "Where clients connect (default: 127.0.0.1).")
    private String listen = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Where clients connect (default: 55432; 0: any free one).")
    private int port = 55432;

    @Option(
            names = "--api-port",
            paramLabel = "PORT",
            description = "The REST API's, on this machine only (default: any free one).")
    private int apiPort;

    @Option(
            names = "--safekeepers",
            paramLabel = "N",
            description =
                    "How many: 1, 3, …; the same at every start (default: as at the first start, or 1).")
    private @Nullable Integer safekeepers;

    @Option(
            names = "--safekeeper-port",
            paramLabel = "PORT",
            description =
                    "Where the first safekeeper streams WAL to pg_receivewal, standbys and other readers with a certificate; the next at the next port (0: any free ones; default: on this machine's Unix sockets only).")
    private @Nullable Integer safekeeperPort;

    @Option(
            names = "--suspend-after",
            paramLabel = "SECONDS",
            description = "Idle time after which a compute sleeps (default: 300; -1: never).")
    private int suspendAfter = 300;

    @Option(
            names = "--keep-awake",
            paramLabel = "SECONDS",
            description =
                    "How long an idle session that cannot be carried to another compute (temporary tables, session locks, an open transaction …) keeps its compute awake (default: 3600).")
    private int keepAwake = 3600;

    @Option(
            names = "--max-wal-lag",
            paramLabel = "MIB",
            description =
                    "How much WAL the pageserver may be behind a compute; nearer to it commits slow down, there they wait (default: 256; 0: any amount).")
    private int maxWalLag = 256;

    @Option(
            names = "--postgres",
            paramLabel = "DIR",
            description =
                    "An installed Postgres 17 to use instead of the bundled one: the directory with bin/ in it.")
    private String postgres = "";

    @Option(
            names = "--object-store",
            paramLabel = "PLACE",
            description = {
                "Where safekeepers move WAL that is not needed at hand: a folder, or s3://BUCKET/PREFIX[?endpoint=URL&region=NAME],",
                "with credentials as the AWS tools find them. The same at every start (default: as at the first start with one, or none)."
            })
    private @Nullable String objectStore;

    @Option(
            names = "--separate-processes",
            description = "Every part as a process of its own, as on a fleet.")
    private boolean separateProcesses;

    @Option(
            names = {"--verbose", "-v"},
            description = "Log more.")
    private boolean verbose;

    @Option(
            names = "--report",
            hidden = true,
            description = "Report progress in lines for the process that started this one.")
    private boolean report;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ServerOptions options = options();
        DataFolder folder = data.folder();
        folder.create();
        folder.requireSafekeepers(options.safekeepers());
        if (options.objectStore().isPresent()) {
            folder.requireObjectStore(options.objectStore().get());
        }
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        if (detach) {
            return new DetachedStart(folder).run(arguments(), out, err);
        }
        Logging.toFile(folder.serverLog(), verbose);
        Progress progress = report ? StartReport::step : what -> err.println("sluice: " + what);
        RunningServer server;
        try {
            server =
                    options.separateProcesses()
                            ? Supervisor.start(options, folder, verbose, progress)
                            : Server.start(options, folder, progress);
        } catch (IOException | RuntimeException e) {
            LoggerFactory.getLogger(UpCommand.class).error("cannot start", e);
            if (report) {
                StartReport.failed(e);
                return 1;
            }
            throw e;
        }
        Thread.currentThread().setName("sluice");
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(server::close));
        if (report) {
            StartReport.ready(server.connectionString());
        } else {
            out.println(server.connectionString());
            out.flush();
        }
        new CountDownLatch(1).await();
        return 0;
    }

    private ServerOptions options() throws IOException {
        try {
            return new ServerOptions(
                    listen,
                    port,
                    apiPort,
                    safekeepers(),
                    suspendAfter,
                    keepAwake,
                    maxWalLag,
                    postgres.isEmpty() ? Optional.empty() : Optional.of(postgres),
                    objectStore(),
                    separateProcesses,
                    safekeeperPort == null ? OptionalInt.empty() : OptionalInt.of(safekeeperPort));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private int safekeepers() throws IOException {
        Integer given = safekeepers;
        return given != null ? given : Math.max(1, data.folder().safekeepers());
    }

    private Optional<ObjectStoreAddress> objectStore() throws IOException {
        return objectStore == null
                ? data.folder().objectStore()
                : Optional.of(ObjectStoreAddress.parse(objectStore));
    }

    /** This command's arguments, for the process that {@code -d} leaves behind. */
    private java.util.List<String> arguments() throws IOException {
        java.util.List<String> arguments = new java.util.ArrayList<>();
        arguments.add("up");
        arguments.add("--report");
        arguments.add("--data=" + data.folder().root());
        arguments.add("--listen=" + listen);
        arguments.add("--port=" + port);
        arguments.add("--api-port=" + apiPort);
        arguments.add("--safekeepers=" + safekeepers());
        arguments.add("--suspend-after=" + suspendAfter);
        arguments.add("--keep-awake=" + keepAwake);
        arguments.add("--max-wal-lag=" + maxWalLag);
        if (!postgres.isEmpty()) {
            arguments.add("--postgres=" + postgres);
        }
        if (objectStore != null) {
            arguments.add("--object-store=" + ObjectStoreAddress.parse(objectStore));
        }
        if (safekeeperPort != null) {
            arguments.add("--safekeeper-port=" + safekeeperPort);
        }
        if (separateProcesses) {
            arguments.add("--separate-processes");
        }
        if (verbose) {
            arguments.add("--verbose");
        }
        return arguments;
    }
}
