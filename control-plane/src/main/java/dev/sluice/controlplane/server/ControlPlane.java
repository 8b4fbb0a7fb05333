package dev.sluice.controlplane.server;

import dev.sluice.controlplane.api.ApiServer;
import dev.sluice.controlplane.api.Connections;
import dev.sluice.controlplane.api.ProjectRoutes;
import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.naming.Names;
import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Configurations;
import dev.sluice.controlplane.project.Endpoints;
import dev.sluice.controlplane.project.IdleWatch;
import dev.sluice.controlplane.project.Operations;
import dev.sluice.controlplane.project.Projects;
import dev.sluice.controlplane.project.Roles;
import dev.sluice.controlplane.project.Sessions;
import dev.sluice.controlplane.project.Templates;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.controlplane.wal.Safekeepers;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control plane: the catalog, what is done to it, and the computes that it has running. */
public final class ControlPlane implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);
    private static final int PG_VERSION = 17;
    private static final Duration RECOVERY_PAUSE = Duration.ofSeconds(10);

    private final Catalog catalog;
    private final Safekeepers safekeepers;
    private final PageService pages;
    private final WalServices wal;
    private final Sessions sessions;
    private final Operations operations;
    private final Roles roles;
    private final Endpoints endpoints;
    private final Projects projects;
    private final IdleWatch idleWatch;
    private final Names names;
    private final Map<String, Long> recoveries = new ConcurrentHashMap<>();

    /**
     * @param wakes hears of starts and stops too, for metrics
     */
    public ControlPlane(
            Catalog catalog,
            Safekeepers safekeepers,
            PageService pages,
            WalServices wal,
            Configurations configurations,
            Computes computes,
            Templates templates,
            Sessions sessions,
            Endpoints.Listener wakes,
            int suspendAfterSeconds) {
        InstantSource clock = InstantSource.system();
        SecureRandom random = new SecureRandom();
        this.catalog = catalog;
        this.safekeepers = safekeepers;
        this.pages = pages;
        this.wal = wal;
        this.sessions = sessions;
        this.operations = new Operations(catalog, clock);
        this.roles = new Roles(catalog, clock);
        this.endpoints =
                new Endpoints(
                        catalog, computes, configurations, operations, clock, listeners(wakes));
        this.projects =
                new Projects(
                        catalog,
                        pages,
                        wal,
                        templates,
                        endpoints,
                        roles,
                        operations,
                        random,
                        clock,
                        suspendAfterSeconds);
        this.idleWatch = new IdleWatch(catalog, endpoints, sessions, System::nanoTime);
        this.names = new Names(random);
    }

    /** Sessions leave before the compute stops, and roles are read in between. */
    private Endpoints.Listener listeners(Endpoints.Listener wakes) {
        return new Endpoints.Listener() {
            @Override
            public void started(Endpoint endpoint, Computes.Started compute) {
                roles.started(endpoint, compute);
                wakes.started(endpoint, compute);
            }

            @Override
            public List<String> keeping(Endpoint endpoint) {
                return sessions.park(endpoint.id(), false).keeping();
            }

            @Override
            public void suspending(Endpoint endpoint, Computes.Started compute) {
                sessions.park(endpoint.id(), true);
                roles.suspending(endpoint, compute);
                wakes.suspending(endpoint, compute);
            }

            @Override
            public void removed(String endpointId) {
                sessions.end(endpointId, "terminating connection because its branch was deleted");
            }

            @Override
            public void stopped(Endpoint endpoint, boolean cleanly) {
                roles.stopped(endpoint, cleanly);
                wakes.stopped(endpoint, cleanly);
                if (!cleanly) {
                    recover(endpoint);
                }
            }
        };
    }

    /**
     * Starts a compute again that ended by itself: roles may have been made in it that only it can
     * tell of. One that ends again right away is left to the next client.
     */
    private void recover(Endpoint endpoint) {
        long now = System.nanoTime();
        Long before = recoveries.put(endpoint.id(), now);
        if (before == null || now - before > RECOVERY_PAUSE.toNanos()) {
            wakeToReadRoles(endpoint);
        }
    }

    private void wakeToReadRoles(Endpoint endpoint) {
        log.info("{} was not stopped cleanly: waking it to read its roles", endpoint.id());
        CompletableFuture<Computes.Started> wake = endpoints.wake(endpoint.id());
        var _ =
                wake.exceptionally(e -> {
                    log.error("cannot wake {}", endpoint.id(), e);
                    throw new CompletionException(e);
                });
    }

    /**
     * Takes up what the catalog knows: every timeline's WAL flows to the pageserver again, computes
     * that may have died unasked are woken to read their roles, and an empty catalog gets its first
     * project.
     */
    public void begin(Progress progress) throws IOException {
        projects.clearUnfinished();
        Set<TenantTimelineId> walOf = wal.begun();
        Set<TenantTimelineId> pagesOf =
                pages.timelines().stream()
                        .map(PageService.TimelineStatus::id)
                        .collect(Collectors.toSet());
        for (Project project : catalog.projects()) {
            for (Branch branch : catalog.branches(project.id())) {
                TenantTimelineId timeline = projects.timelineOf(branch);
                if (walOf.contains(timeline) && pagesOf.contains(timeline)) {
                    pages.attachWal(timeline, wal.addresses(timeline));
                } else {
                    log.error(
                            "branch \"{}\" of {} is not whole, as when its deletion is cut short: delete it again",
                            branch.name(),
                            project.id());
                }
            }
        }
        if (catalog.projects().isEmpty()) {
            progress.step("making the first project");
            projects.create(Optional.of("sluice"), PG_VERSION);
        }
        for (Project project : catalog.projects()) {
            projects.ensureOwner(projects.defaultBranch(project));
            for (Endpoint endpoint : catalog.endpoints(project.id())) {
                if (endpoint.computeExpected()
                        && endpoints.state(endpoint.id()) instanceof Endpoints.State.Idle) {
                    wakeToReadRoles(endpoint);
                }
            }
        }
        idleWatch.start();
        safekeepers.resume();
    }

    /** Adds the control plane's routes to the API. */
    void addTo(ApiServer api, Connections connections, StatusRoutes.Parts parts) {
        new ProjectRoutes(catalog, projects, endpoints, roles, operations, names, connections)
                .addTo(api);
        new StatusRoutes(catalog, projects, endpoints, pages, wal, sessions, parts).addTo(api);
        new InspectRoutes(projects, pages, wal).addTo(api);
        new SafekeeperRoutes(safekeepers).addTo(api);
        api.afterChange(sessions::forgetLogins);
    }

    /**
     * The connection string that {@code sluice up} prints: of the default branch of the oldest
     * project.
     */
    public String firstConnectionString(Connections connections) {
        Project project = catalog.projects().getFirst();
        Branch branch = projects.defaultBranch(project);
        return connections.uri(
                projects.endpointOf(branch),
                projects.owner(branch, Optional.empty(), Optional.empty()),
                false);
    }

    public Catalog catalog() {
        return catalog;
    }

    public Projects projects() {
        return projects;
    }

    public Endpoints endpoints() {
        return endpoints;
    }

    public Roles roles() {
        return roles;
    }

    /** Suspends all computes, cleanly. */
    @Override
    public void close() {
        safekeepers.close();
        idleWatch.close();
        endpoints.close();
    }
}
