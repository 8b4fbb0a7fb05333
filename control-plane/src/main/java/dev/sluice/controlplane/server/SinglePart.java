package dev.sluice.controlplane.server;

import dev.sluice.compute.agent.AgentConfig;
import dev.sluice.compute.agent.LocalAgent;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.controlplane.api.ApiServer;
import dev.sluice.controlplane.api.Connections;
import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.compute.AgentComputes;
import dev.sluice.controlplane.metrics.Metrics;
import dev.sluice.controlplane.parts.AgentCalls;
import dev.sluice.controlplane.parts.AgentDesk;
import dev.sluice.controlplane.parts.CounterCalls;
import dev.sluice.controlplane.parts.DirectoryCalls;
import dev.sluice.controlplane.parts.GatewayCalls;
import dev.sluice.controlplane.parts.PartCalls;
import dev.sluice.controlplane.parts.RemoteComputes;
import dev.sluice.controlplane.parts.RemoteFleet;
import dev.sluice.controlplane.parts.RemoteSessions;
import dev.sluice.controlplane.parts.SupervisorCalls;
import dev.sluice.controlplane.project.Configurations;
import dev.sluice.controlplane.project.Sessions;
import dev.sluice.controlplane.routing.Routes;
import dev.sluice.controlplane.wal.CatalogConfigurations;
import dev.sluice.controlplane.wal.SafekeeperWalServices;
import dev.sluice.controlplane.wal.Safekeepers;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.pageserver.PageServiceClient;
import dev.sluice.storage.pageserver.PageServiceServer;
import dev.sluice.storage.pageserver.Pageserver;
import dev.sluice.storage.pageserver.PageserverListener;
import dev.sluice.storage.pageserver.PageserverSettings;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.safekeeper.SafekeeperDoors;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One part of a server as a process of its own; the same parts that {@link Server} puts into one
 * process.
 */
public final class SinglePart implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(SinglePart.class);

    /** How long another part may be away before who asks it is told so. */
    private static final Duration RESTART_LIMIT = Duration.ofSeconds(20);

    private static final Duration ATTACH_PERIOD = Duration.ofSeconds(2);

    private final PartsConfig config;
    private final DataFolder folder;
    private final SocketPlaces places;
    private final ConfiguredSafekeepers safekeepers;
    private final RunDirectory run;
    private final OpenParts open = new OpenParts();

    /**
     * Takes the part's place in the data folder, waiting for an earlier process of it to end.
     *
     * @param file where the configuration was read
     * @param name unique among the parts
     * @param progress told whom it waits for, if it does
     * @throws IOException also when the data folder was made with another configuration
     */
    public SinglePart(PartsConfig config, Path file, String name, Progress progress)
            throws IOException {
        this.config = config;
        this.folder = config.folder();
        folder.create();
        folder.requireConfigured(config.options());
        this.run = RunDirectory.open(folder.root(), ComputeUser.current());
        this.places = SocketPlaces.in(run, config.addresses());
        this.safekeepers = new ConfiguredSafekeepers(config, file, places);
        open.push(PartLock.take(folder.root(), name, progress));
    }

    /** Runs safekeeper {@code number}, counted from 1. */
    public void safekeeper(int number) throws IOException {
        List<Long> all = folder.runningSafekeepers(config.safekeepers());
        if (!all.contains((long) number)) {
            throw new IOException("--number must be one of " + all + ", not " + number);
        }
        PartNetwork network = network(PartRole.SAFEKEEPER);
        open.push(
                Safekeeper.start(
                        new SafekeeperConfig(
                                        number,
                                        folder.safekeeper(number),
                                        binding(
                                                SocketPlaces.safekeeperName(number),
                                                safekeepers.addressOf(number)),
                                        all.stream().filter(other -> other != number).toList(),
                                        directory(network))
                                .withOffload(config.options().offload()),
                        new SafekeeperDoors(network, List.of())));
    }

    private SafekeeperDirectory directory(PartNetwork network) {
        return SafekeeperDirectory.over(network, safekeepers::addressOf);
    }

    /** Without TCP no certificate is needed, and there may be none. */
    private PartNetwork network(PartRole role) throws IOException {
        return places.overTcp() ? PartTrust.network(folder, role) : PartNetwork.PLAIN;
    }

    private PartAddress binding(String name, PartAddress reached) {
        return config.bindings().getOrDefault(name, reached);
    }

    /** Runs the pageserver. */
    public void pageserver() throws IOException {
        PartNetwork network = network(PartRole.PAGESERVER);
        Pageserver pages =
                Pageserver.open(
                        folder.pageserver(),
                        PageserverSettings.DEFAULT,
                        PageserverListener.NONE,
                        network);
        open.push(pages);
        CounterCalls counters = () -> PageserverMetrics.of(pages.counters());
        open.push(
                PartCalls.serve(
                        "pageserver-counters",
                        binding("pageserver-counters", places.counters("pageserver")),
                        network.access(PartRole.CONTROL_PLANE),
                        CounterCalls.class,
                        counters));
        open.push(
                PageServiceServer.start(
                        pages, network, binding("pageserver", places.pageserver())));
    }

    /** Runs the agent. */
    public void agent() throws IOException {
        PartNetwork network = network(PartRole.AGENT);
        PageServiceClient pages = new PageServiceClient(network, places.pageserver());
        open.push(pages);
        String postgres = config.postgres();
        AgentConfig agentConfig =
                AgentConfig.of(folder.root())
                        .withPostgres(postgres == null ? null : Path.of(postgres))
                        .withBackpressure(config.options().backpressure());
        AgentComputes computes =
                new AgentComputes(
                        listener -> LocalAgent.open(agentConfig, pages, listener),
                        pages,
                        directory(network));
        open.push(computes.agent()::close);
        AgentDesk desk =
                new AgentDesk(
                        computes,
                        Server.templates(
                                config.options(), run.user(), step -> log.info("{}", step)));
        open.push(
                PartCalls.serve(
                        "agent",
                        binding("agent", places.agent()),
                        network.access(PartRole.CONTROL_PLANE),
                        AgentCalls.class,
                        desk));
    }

    /**
     * Runs the control plane.
     *
     * @return where its API is, and the first connection string
     */
    public ControlPlaneReady controlPlane(Progress progress) throws IOException {
        PartNetwork network = network(PartRole.CONTROL_PLANE);
        PageServiceClient pages = new PageServiceClient(network, places.pageserver());
        open.push(pages);
        Catalog catalog = Catalog.open(folder.catalog());
        open.push(catalog::close);
        Configurations configurations =
                CatalogConfigurations.open(
                        catalog, LongStream.rangeClosed(1, config.safekeepers()).boxed().toList());
        SafekeeperDirectory directory = directory(network);
        Safekeepers replaceable =
                new Safekeepers(
                        catalog,
                        pages,
                        directory,
                        new RemoteFleet(
                                PartCalls.caller(
                                        new PartCalls.Place(
                                                PartNetwork.PLAIN,
                                                places.supervisor(),
                                                PartRole.CONTROL_PLANE),
                                        SupervisorCalls.class)));
        SafekeeperWalServices wal = new SafekeeperWalServices(directory, configurations);
        RemoteComputes computes =
                new RemoteComputes(
                        PartCalls.caller(
                                new PartCalls.Place(network, places.agent(), PartRole.AGENT),
                                AgentCalls.class,
                                RESTART_LIMIT));
        open.push(computes::close);
        Sessions sessions =
                new RemoteSessions(
                        PartCalls.caller(
                                new PartCalls.Place(network, places.gateway(), PartRole.GATEWAY),
                                GatewayCalls.class));
        Metrics metrics = new Metrics();
        ControlPlane control =
                new ControlPlane(
                        catalog,
                        replaceable,
                        pages,
                        wal,
                        configurations,
                        computes,
                        computes,
                        sessions,
                        metrics,
                        config.suspendAfterSeconds());
        open.push(control::close);
        control.begin(progress);
        keepAttached(control, pages, wal);
        metrics.add("gateway", sessions::counters);
        CounterCalls pageCounters =
                PartCalls.caller(
                        new PartCalls.Place(
                                network, places.counters("pageserver"), PartRole.PAGESERVER),
                        CounterCalls.class);
        metrics.add("pageserver", pageCounters::counters);
        Routes routes = new Routes(control.catalog(), control.endpoints(), control.roles());
        open.push(
                PartCalls.serve(
                        "control-plane",
                        binding("control-plane", places.controlPlane()),
                        network.access(PartRole.GATEWAY),
                        DirectoryCalls.class,
                        routes));
        ApiServer api = new ApiServer(folder.apiKey());
        open.push(api::close);
        Connections connections = Server.connections(config.options(), config.port());
        control.addTo(
                api,
                connections,
                new StatusRoutes.Parts(
                        () -> ServerInfo.of(folder),
                        folder,
                        run.computes(),
                        () -> PartList.read(folder)));
        api.metrics(() -> metrics.scrape(control.catalog(), control.endpoints(), pages, wal));
        int apiPort = api.listen("127.0.0.1", config.apiPort());
        return new ControlPlaneReady(
                "http://127.0.0.1:" + apiPort + "/api/v2",
                control.firstConnectionString(connections));
    }

    /** What the supervisor needs to know of a control plane. */
    public record ControlPlaneReady(String apiUrl, String connectionString) {}

    /**
     * A pageserver that was started again knows its timelines but not where their WAL comes from.
     */
    private void keepAttached(ControlPlane control, PageService pages, SafekeeperWalServices wal) {
        ScheduledExecutorService timer =
                Executors.newSingleThreadScheduledExecutor(
                        task -> Thread.ofPlatform().daemon().name("attach").unstarted(task));
        open.push(timer::shutdown);
        var _ =
                timer.scheduleWithFixedDelay(
                        () -> attachAll(control, pages, wal),
                        ATTACH_PERIOD.toMillis(),
                        ATTACH_PERIOD.toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    private static void attachAll(
            ControlPlane control, PageService pages, SafekeeperWalServices wal) {
        try {
            for (Project project : control.catalog().projects()) {
                for (Branch branch : control.catalog().branches(project.id())) {
                    TenantTimelineId timeline = control.projects().timelineOf(branch);
                    pages.attachWal(timeline, wal.addresses(timeline));
                }
            }
        } catch (IOException | RuntimeException e) {
            log.debug("cannot attach timelines to their WAL yet", e);
        }
    }

    /** Runs the gateway. */
    public void gateway() throws IOException {
        PartNetwork network = network(PartRole.GATEWAY);
        GatewayPart gateway =
                GatewayPart.start(
                        config.options(),
                        folder,
                        PartCalls.caller(
                                new PartCalls.Place(
                                        network, places.controlPlane(), PartRole.CONTROL_PLANE),
                                DirectoryCalls.class,
                                RESTART_LIMIT),
                        places);
        open.push(gateway);
        open.push(
                PartCalls.serve(
                        "gateway",
                        binding("gateway", places.gateway()),
                        network.access(PartRole.CONTROL_PLANE),
                        GatewayCalls.class,
                        gateway));
    }

    @Override
    public synchronized void close() {
        open.close();
    }
}
