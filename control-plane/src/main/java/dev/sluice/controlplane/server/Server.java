package dev.sluice.controlplane.server;

import dev.sluice.compute.agent.AgentConfig;
import dev.sluice.compute.agent.LocalAgent;
import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.template.PostgresTemplate;
import dev.sluice.controlplane.api.ApiServer;
import dev.sluice.controlplane.api.Connections;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.compute.AgentComputes;
import dev.sluice.controlplane.metrics.Metrics;
import dev.sluice.controlplane.project.Configurations;
import dev.sluice.controlplane.project.Templates;
import dev.sluice.controlplane.routing.Routes;
import dev.sluice.controlplane.wal.CatalogConfigurations;
import dev.sluice.controlplane.wal.SafekeeperWalServices;
import dev.sluice.controlplane.wal.Safekeepers;
import dev.sluice.storage.pageserver.Pageserver;
import dev.sluice.storage.pageserver.PageserverListener;
import dev.sluice.storage.pageserver.PageserverSettings;
import dev.sluice.tls.LocalCertificates;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything in one process. The parts start from the bottom (safekeepers, pageserver, agent,
 * control plane, gateway) and stop from the top, so that whoever is there finds what it needs.
 */
public final class Server implements RunningServer {
    private static final Logger log = LoggerFactory.getLogger(Server.class);

    /** What to close, the last started first. */
    private final OpenParts open = new OpenParts();

    private final ServerOptions options;
    private final DataFolder folder;
    private final Progress progress;
    private final AtomicReference<ServerInfo> info = new AtomicReference<>();
    private String connectionString = "";

    private Server(ServerOptions options, DataFolder folder, Progress progress) {
        this.options = options;
        this.folder = folder;
        this.progress = progress;
    }

    /**
     * Starts a server and returns when it takes connections.
     *
     * @throws IOException why it does not start, in one line; nothing of it is left running
     */
    public static RunningServer start(ServerOptions options, DataFolder folder, Progress progress)
            throws IOException {
        Server server = new Server(options, folder, progress);
        try {
            server.start();
            return server;
        } catch (IOException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private void start() throws IOException {
        FileLock lock = folder.lock();
        open.push(lock::close);
        folder.keepObjectStore(options.objectStore());
        GatewayPort port = GatewayPort.reserve(options.listen(), options.port());
        open.push(port);
        checkPostgres(options);
        ComputeUser user = ComputeUser.current();
        RunDirectory run = RunDirectory.open(folder.root(), user);
        SocketPlaces places = SocketPlaces.in(run);
        open.push(PartTrust.keep(folder, options.listen()));
        LocalSafekeepers local = new LocalSafekeepers(folder, places, options);
        open.push(local);
        local.startAll(progress);
        Pageserver pages =
                Pageserver.open(
                        folder.pageserver(), PageserverSettings.DEFAULT, PageserverListener.NONE);
        open.push(pages);
        Catalog catalog = Catalog.open(folder.catalog());
        open.push(catalog::close);
        Configurations configurations =
                CatalogConfigurations.open(
                        catalog, LongStream.rangeClosed(1, options.safekeepers()).boxed().toList());
        Safekeepers safekeepers = new Safekeepers(catalog, pages, places::safekeeper, local);
        SafekeeperWalServices wal = new SafekeeperWalServices(places::safekeeper, configurations);
        AgentConfig config =
                AgentConfig.of(folder.root())
                        .withPostgres(options.postgres().map(Path::of).orElse(null))
                        .withBackpressure(options.backpressure());
        AgentComputes computes =
                new AgentComputes(
                        listener -> LocalAgent.open(config, pages, listener),
                        pages,
                        places::safekeeper);
        open.push(computes.agent()::close);
        Metrics metrics = new Metrics();
        LateSessions sessions = new LateSessions();
        ControlPlane control =
                new ControlPlane(
                        catalog,
                        safekeepers,
                        pages,
                        wal,
                        configurations,
                        computes,
                        templates(options, user, progress),
                        sessions,
                        metrics,
                        options.suspendAfterSeconds());
        open.push(control::close);
        LocalCertificates certificates =
                LocalCertificates.openOrCreate(folder.certificates(), ServerOptions.DOMAIN);
        control.begin(progress);
        port.close();
        GatewayPart gateway =
                GatewayPart.start(
                        options,
                        folder,
                        new Routes(control.catalog(), control.endpoints(), control.roles()),
                        places);
        open.push(gateway);
        sessions.are(gateway);
        metrics.add("gateway", gateway::counters);
        metrics.add("pageserver", () -> PageserverMetrics.of(pages.counters()));
        startApi(
                control,
                metrics,
                pages,
                wal,
                gateway,
                certificates,
                run.computes(),
                () -> parts(local.addresses(), gateway));
    }

    /** Told at the start, not when the first compute is to be started. */
    static void checkPostgres(ServerOptions options) throws IOException {
        if (options.postgres().isPresent()) {
            PostgresBinaries.at(Path.of(options.postgres().get()));
        }
    }

    static Templates templates(ServerOptions options, ComputeUser user, Progress progress) {
        return version -> {
            PostgresBinaries binaries =
                    options.postgres().isPresent()
                            ? PostgresBinaries.at(Path.of(options.postgres().get()))
                            : PostgresBinaries.bundled(version, progress::step);
            return PostgresTemplate.obtain(binaries, user, progress::step).directory();
        };
    }

    static Connections connections(ServerOptions options, int port) {
        return new Connections(connectAddress(options.listen()), port, ServerOptions.DOMAIN);
    }

    /** What a client of this machine connects to when the gateway listens at {@code listen}. */
    static String connectAddress(String listen) {
        return switch (listen) {
            case "0.0.0.0" -> "127.0.0.1";
            case "::" -> "::1";
            default -> listen;
        };
    }

    private void startApi(
            ControlPlane control,
            Metrics metrics,
            Pageserver pages,
            SafekeeperWalServices wal,
            GatewayPart gateway,
            LocalCertificates certificates,
            Path computes,
            Supplier<List<StatusRoutes.Part>> parts)
            throws IOException {
        ApiServer api = new ApiServer(folder.apiKey());
        open.push(api::close);
        Connections connections = connections(options, gateway.port());
        control.addTo(
                api,
                connections,
                new StatusRoutes.Parts(
                        () -> java.util.Objects.requireNonNull(info.get()),
                        folder,
                        computes,
                        parts));
        api.metrics(() -> metrics.scrape(control.catalog(), control.endpoints(), pages, wal));
        int apiPort = api.listen("127.0.0.1", options.apiPort());
        ServerInfo here =
                new ServerInfo(
                        ProcessHandle.current().pid(),
                        connections.address(),
                        gateway.port(),
                        ServerOptions.DOMAIN,
                        "http://127.0.0.1:" + apiPort + "/api/v2",
                        certificates.authorityFile().toString());
        info.set(here);
        connectionString = control.firstConnectionString(connections);
        folder.writeInfo(here);
        open.push(folder::deleteInfo);
        log.info("ready at {}:{}", options.listen(), gateway.port());
    }

    private List<StatusRoutes.Part> parts(
            Map<Long, List<PartAddress>> safekeepers, GatewayPart gateway) {
        long pid = ProcessHandle.current().pid();
        List<StatusRoutes.Part> parts = new ArrayList<>();
        parts.add(
                new StatusRoutes.Part(
                        "gateway", pid, "running", options.listen() + ":" + gateway.port(), ""));
        parts.add(
                new StatusRoutes.Part(
                        "control-plane", pid, "running", "", folder.catalog() + ".mv.db"));
        parts.add(new StatusRoutes.Part("agent", pid, "running", "", ""));
        parts.add(
                new StatusRoutes.Part(
                        "pageserver", pid, "running", "", folder.pageserver().toString()));
        for (Map.Entry<Long, List<PartAddress>> safekeeper : safekeepers.entrySet()) {
            long number = safekeeper.getKey();
            parts.add(
                    new StatusRoutes.Part(
                            "safekeeper " + number,
                            pid,
                            "running",
                            safekeeper.getValue().stream()
                                    .map(PartAddress::toString)
                                    .collect(Collectors.joining(" ")),
                            folder.safekeeper(number).toString()));
        }
        return parts;
    }

    @Override
    public String connectionString() {
        return connectionString;
    }

    @Override
    public synchronized void close() {
        open.close();
    }
}
