package dev.sluice.compute.agent;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.shim.PageSource;
import dev.sluice.compute.shim.ShimFile;
import dev.sluice.compute.shim.ShimLibrary;
import dev.sluice.compute.shim.ShimServer;
import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.proposer.ProposerConfig;
import dev.sluice.walservice.proposer.WalProposer;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a compute comes up: the steps of a start, each timed; undone when a later one fails. */
final class ComputeStart {
    private static final Logger log = LoggerFactory.getLogger(ComputeStart.class);

    /** A compute's socket directory is its own, so all have the number that clients expect. */
    private static final int PORT = 5432;

    private static final String SHIM_SOCKET = "shim";

    /** How long a pageserver may be away before who reads a page of it is told so. */
    private static final Duration READ_PATIENCE = Duration.ofSeconds(20);

    private final AgentConfig config;
    private final RunDirectory run;
    private final Path library;
    private final PageService pages;
    private final DiscardedDirectories discarded;

    ComputeStart(
            AgentConfig config,
            RunDirectory run,
            Path library,
            PageService pages,
            DiscardedDirectories discarded) {
        this.config = config;
        this.run = run;
        this.library = library;
        this.pages = pages;
        this.discarded = discarded;
    }

    /** Nothing of the endpoint may be running. */
    Compute start(ComputeSpec spec, PostgresBinaries binaries) throws IOException {
        Path sockets = run.socketDirectory(spec.endpoint());
        PostgresSettings settings = PostgresSettings.of(spec, sockets.toString(), PORT);
        Attempt attempt = new Attempt(spec, binaries, sockets, settings);
        try {
            return attempt.run();
        } catch (IOException | RuntimeException e) {
            attempt.undo(e);
            throw e;
        }
    }

    /** One start. */
    private final class Attempt {
        private final ComputeSpec spec;
        private final PostgresBinaries binaries;
        private final Path sockets;
        private final PostgresSettings settings;
        private final ComputeDirectory directory;
        private final Deque<Closeable> started = new ArrayDeque<>();
        private final PageserverWait pageserver = new PageserverWait(config.ingestLimit());
        private long stepStart = System.nanoTime();

        Attempt(
                ComputeSpec spec,
                PostgresBinaries binaries,
                Path sockets,
                PostgresSettings settings)
                throws IOException {
            this.spec = spec;
            this.binaries = binaries;
            this.sockets = sockets;
            this.settings = settings;
            this.directory = new ComputeDirectory(ComputeStart.this.run, spec.endpoint());
        }

        private <T extends Closeable> T undoable(T part) {
            started.push(part);
            return part;
        }

        void undo(Exception cause) {
            try {
                while (!started.isEmpty()) {
                    started.pop().close();
                }
                directory.discard(discarded);
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }

        private Duration lap() {
            long now = System.nanoTime();
            Duration lap = Duration.ofNanos(now - stepStart);
            stepStart = now;
            return lap;
        }

        Compute run() throws IOException {
            PgWal wal = undoable(new PgWal(directory.data().resolve("pg_wal")));
            WalProposer proposer =
                    undoable(WalProposer.elect(proposerConfig(), wal, config.backpressure()));
            Lsn start = proposer.startLsn();
            Duration elected = lap();
            pageserver.ask(() -> {
                pages.waitForLsn(spec.timeline(), start, pageserver.left());
                return start;
            });
            Duration ingested = lap();
            directory.writeSettings(settings);
            boolean warm = canContinueAt(start);
            Optional<BaseBackup> backup =
                    warm
                            ? Optional.empty()
                            : Optional.of(
                                    pageserver.ask(() -> pages.baseBackup(spec.timeline(), start)));
            Duration backedUp = lap();
            ShimFile manifest = warm ? continueDirectory() : freshDirectory(backup.get());
            ShimServer server =
                    undoable(
                            ShimServer.start(
                                    shimAddress(),
                                    manifest,
                                    source(start),
                                    proposer::flush,
                                    proposer.loop()));
            Duration written = lap();
            PostgresProcess postgres = startPostgres(manifest);
            StartTimes times = new StartTimes(warm, elected, ingested, backedUp, written, lap());
            RunningCompute running =
                    new RunningCompute(
                            spec,
                            sockets,
                            PORT,
                            postgres.pid(),
                            directory.data(),
                            start,
                            proposer.term(),
                            times);
            return new Compute(
                    running,
                    binaries.version().toString(),
                    directory,
                    postgres,
                    manifest,
                    server,
                    proposer,
                    wal);
        }

        private ProposerConfig proposerConfig() {
            return new ProposerConfig(
                    spec.timeline(),
                    spec.postgresMajor(),
                    spec.systemIdentifier(),
                    spec.configuration(),
                    spec.addresses(),
                    config.electionLimit());
        }

        /**
         * Whether the last run of this endpoint left exactly what a start at this LSN needs. Its
         * absent pages can be had as of the new start too: had they changed in between, it would
         * have read them first.
         */
        private boolean canContinueAt(Lsn start) throws IOException {
            if (!config.reuseDirectories()) {
                return false;
            }
            try {
                Optional<CleanStop> left = directory.readCleanStop();
                return left.isPresent()
                        && left.get()
                                .equals(
                                        new CleanStop(
                                                spec.timeline(),
                                                spec.systemIdentifier(),
                                                binaries.version().toString(),
                                                start,
                                                CleanStop.currentBootId()));
            } catch (IOException e) {
                log.warn("{} starts afresh: {}", spec.endpoint(), e.getMessage());
                return false;
            }
        }

        private ShimFile continueDirectory() throws IOException {
            directory.forgetCleanStop();
            return ShimFile.open(directory.manifest());
        }

        private ShimFile freshDirectory(BaseBackup backup) throws IOException {
            if (backup.systemIdentifier() != spec.systemIdentifier()
                    || backup.postgresMajor() != spec.postgresMajor()) {
                throw new IOException(
                        "timeline %s is cluster %s of Postgres %d, but %s of Postgres %d is wanted"
                                .formatted(
                                        spec.timeline(),
                                        Long.toUnsignedString(backup.systemIdentifier()),
                                        backup.postgresMajor(),
                                        Long.toUnsignedString(spec.systemIdentifier()),
                                        spec.postgresMajor()));
            }
            directory.discard(discarded);
            return directory.writeFresh(backup, extras(backup));
        }

        private List<Sidecar.Content> extras(BaseBackup backup) {
            try {
                return Sidecar.read(config.sidecar(spec.timeline()))
                        .filter(sidecar -> sidecar.shutdown().equals(backup.lsn()))
                        .map(sidecar -> sidecar.filesFor(backup.relations()))
                        .orElse(List.of());
            } catch (IOException e) {
                log.warn("{} starts without statistics: {}", spec.endpoint(), e.getMessage());
                return List.of();
            }
        }

        private PartAddress.Unix shimAddress() {
            return new PartAddress.Unix(sockets.resolve(SHIM_SOCKET));
        }

        private PageSource source(Lsn start) {
            return (relation, fork, first, count, into) -> {
                int position = into.position();
                new PageserverWait(READ_PATIENCE)
                        .ask(() -> {
                            pages.readPages(
                                    spec.timeline(),
                                    start,
                                    relation,
                                    fork,
                                    first,
                                    count,
                                    into.position(position));
                            return start;
                        });
            };
        }

        private PostgresProcess startPostgres(ShimFile manifest) throws IOException {
            Files.deleteIfExists(sockets.resolve(".s.PGSQL." + PORT));
            Files.deleteIfExists(sockets.resolve(".s.PGSQL." + PORT + ".lock"));
            PostgresProcess postgres =
                    PostgresProcess.start(
                            ComputeStart.this.run.user().command(command()),
                            environment(),
                            directory.data(),
                            config.log(spec.endpoint()));
            undoable(postgres::kill);
            postgres.awaitReady(config.readyLimit());
            if (manifest.attachedProcess() != postgres.pid()) {
                throw new IOException(
                        "postgres runs without the shim, which it cannot load:\n"
                                + postgres.logTail());
            }
            return postgres;
        }

        private List<String> command() {
            List<String> command = new ArrayList<>();
            command.add(binaries.path("postgres").toString());
            command.add("-D");
            command.add(directory.data().toString());
            command.add("-cconfig_file=" + directory.configFile());
            command.add("-chba_file=" + directory.hbaFile());
            command.add("-cident_file=" + directory.identFile());
            command.addAll(PostgresSettings.fixedOptions());
            return command;
        }

        private Map<String, String> environment() {
            Map<String, String> environment =
                    new HashMap<>(
                            ShimLibrary.environment(
                                    library,
                                    directory.data(),
                                    shimAddress(),
                                    directory.manifest()));
            environment.put("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"));
            environment.put("LC_ALL", "C.UTF-8");
            environment.put("TZ", "UTC");
            return environment;
        }
    }
}
