package dev.sluice.controlplane.server;

import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.controlplane.parts.PartCalls;
import dev.sluice.controlplane.parts.SupervisorCalls;
import dev.sluice.tls.LocalCertificates;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Every part as a process of its own, as on a fleet: starts them in order, starts again what ends
 * by itself, and stops them from the top. A part ends by itself when this process is gone.
 */
public final class Supervisor implements RunningServer, SupervisorCalls {
    private static final Logger log = LoggerFactory.getLogger(Supervisor.class);

    private final DataFolder folder;
    private volatile PartsConfig config;
    private final Path configFile;
    private final boolean verbose;
    private final FileLock lock;
    private final Closeable certificates;

    /** Those that others need stand before them. */
    private final List<PartProcess> parts = new CopyOnWriteArrayList<>();

    private volatile @Nullable Closeable calls;
    private String connectionString = "";

    private Supervisor(
            DataFolder folder,
            PartsConfig config,
            Path configFile,
            boolean verbose,
            FileLock lock,
            Closeable certificates) {
        this.folder = folder;
        this.config = config;
        this.configFile = configFile;
        this.verbose = verbose;
        this.lock = lock;
        this.certificates = certificates;
    }

    /** As {@link Server#start}. */
    public static RunningServer start(
            ServerOptions options, DataFolder folder, boolean verbose, Progress progress)
            throws IOException {
        FileLock lock = folder.lock();
        int port;
        try (GatewayPort reserved = GatewayPort.reserve(options.listen(), options.port())) {
            Server.checkPostgres(options);
            folder.keepObjectStore(options.objectStore());
            port = reserved.port();
        } catch (IOException e) {
            lock.close();
            throw e;
        }
        PartsConfig config;
        Closeable certificates;
        try {
            config =
                    PartsConfig.of(
                            options,
                            folder,
                            port,
                            PartPorts.choose(
                                    options, folder.runningSafekeepers(options.safekeepers())));
            certificates = PartTrust.keep(folder, options.listen());
        } catch (IOException e) {
            lock.close();
            throw e;
        }
        Path configFile = folder.root().resolve("parts.json");
        Supervisor supervisor =
                new Supervisor(folder, config, configFile, verbose, lock, certificates);
        try {
            config.write(configFile);
            supervisor.startAll(progress);
            // Its gateway is another process, and hears of it by its own SIGHUP or sluice reload.
            Hangup.calls(() -> log.info("SIGHUP: the gateway's process is the one to send it to"));
            return supervisor;
        } catch (IOException | RuntimeException e) {
            supervisor.close();
            throw e;
        }
    }

    private void startAll(Progress progress) throws IOException {
        startSafekeepers(progress);
        SocketPlaces places = places();
        calls =
                PartCalls.serve(
                        "supervisor",
                        places.supervisor(),
                        PartNetwork.PLAIN.access(PartRole.CONTROL_PLANE),
                        SupervisorCalls.class,
                        this);
        startPart(
                "pageserver",
                places.pageserver().toString(),
                folder.pageserver().toString(),
                progress,
                List.of("pageserver"));
        startPart("agent", places.agent().toString(), "", progress, List.of("agent"));
        String ready =
                startPart(
                        "control-plane",
                        places.controlPlane().toString(),
                        folder.catalog() + ".mv.db",
                        progress,
                        List.of("control-plane"));
        startPart(
                "gateway", config.listen() + ":" + config.port(), "", progress, List.of("gateway"));
        publish(ready);
    }

    /** Those that do not start are tried again and again, if the others are enough. */
    private void startSafekeepers(Progress progress) throws IOException {
        List<Long> failed =
                SafekeeperStarts.all(
                        folder, config.safekeepers(), number -> startSafekeeper(number, progress));
        for (long number : failed) {
            progress.step("safekeeper " + number + " does not start: going on without it");
            parts.stream()
                    .filter(part -> part.name().equals(nameOf(number)))
                    .forEach(PartProcess::keepRunning);
        }
    }

    private SocketPlaces places() throws IOException {
        return SocketPlaces.in(
                RunDirectory.open(folder.root(), ComputeUser.current()), config.addresses());
    }

    private void startSafekeeper(long number, Progress progress) throws IOException {
        startPart(
                nameOf(number),
                places().safekeeper(number).toString(),
                folder.safekeeper(number).toString(),
                progress,
                List.of("safekeeper", "--number=" + number));
    }

    /** Not synchronized: one that is being started may take long, and this changes nothing. */
    @Override
    public @Nullable String obstacle(long number) {
        return SafekeeperStarts.obstacle(folder, config.options(), number);
    }

    private static String nameOf(long safekeeper) {
        return "safekeeper " + safekeeper;
    }

    @Override
    public synchronized void startSafekeeper(long number) {
        try {
            if (parts.stream().noneMatch(part -> part.name().equals(nameOf(number)))) {
                givePlace(number);
                folder.addSafekeeper(config.safekeepers(), number);
                startSafekeeper(number, step -> log.info("{}", step));
                writeList();
            }
        } catch (IOException e) {
            parts.removeIf(part -> part.name().equals(nameOf(number)));
            throw new UncheckedIOException(e);
        }
    }

    /** The others find it by the file, when they are first told of it. */
    private void givePlace(long number) throws IOException {
        if (!config.addresses().containsKey(SocketPlaces.safekeeperName(number))) {
            config = config.at(config.ports().with(number, config.options()));
            config.write(configFile);
        }
    }

    @Override
    public synchronized void stopSafekeeper(long number) {
        try {
            List<PartProcess> its =
                    parts.stream().filter(part -> part.name().equals(nameOf(number))).toList();
            its.forEach(PartProcess::stop);
            parts.removeAll(its);
            folder.removeSafekeeper(config.safekeepers(), number);
            writeList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String startPart(
            String name, String address, String data, Progress progress, List<String> arguments)
            throws IOException {
        List<String> command = new ArrayList<>(arguments);
        command.add("--config=" + configFile);
        command.add("--supervised");
        if (verbose) {
            command.add("--verbose");
        }
        PartProcess part =
                new PartProcess(
                        name,
                        address,
                        data,
                        JavaCommand.server(command),
                        folder.logs(),
                        this::changed);
        if (arguments.getFirst().equals("safekeeper")) {
            parts.addFirst(part);
        } else {
            parts.add(part);
        }
        return part.start(progress);
    }

    /**
     * A part was started again: who asks for the status is told its new process id, and where a new
     * API is.
     */
    private void changed(PartProcess part, String ready) {
        try {
            if (part.name().equals("control-plane")) {
                publish(ready);
            } else {
                writeList();
            }
        } catch (IOException e) {
            log.error("cannot tell that {} was started again", part.name(), e);
        }
    }

    private void publish(String controlPlaneReady) throws IOException {
        writeList();
        int space = controlPlaneReady.indexOf(' ');
        String apiUrl = controlPlaneReady.substring(0, space);
        connectionString = controlPlaneReady.substring(space + 1);
        folder.writeInfo(
                new ServerInfo(
                        ProcessHandle.current().pid(),
                        Server.connectAddress(config.listen()),
                        config.port(),
                        ServerOptions.DOMAIN,
                        apiUrl,
                        LocalCertificates.openOrCreate(folder.certificates(), ServerOptions.DOMAIN)
                                .authorityFile()
                                .toString()));
    }

    private void writeList() throws IOException {
        List<StatusRoutes.Part> list = new ArrayList<>();
        for (PartProcess part : parts.reversed()) {
            list.add(
                    new StatusRoutes.Part(
                            part.name(), part.pid(), part.state(), part.address(), part.data()));
        }
        PartList.write(folder, list);
    }

    @Override
    public String connectionString() {
        return connectionString;
    }

    @Override
    public void close() {
        Closeable listening = calls;
        if (listening != null) {
            try {
                listening.close();
            } catch (IOException e) {
                log.error("the supervisor does not stop listening", e);
            }
        }
        // The control plane suspends the computes, for which it needs the agent and all below: one
        // after the other.
        for (PartProcess part : parts.reversed()) {
            part.stop();
        }
        try {
            certificates.close();
            folder.deleteInfo();
            lock.close();
        } catch (IOException e) {
            log.error("cannot give the data folder back", e);
        }
    }
}
