package dev.sluice.controlplane.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.api.ApiServer;
import dev.sluice.controlplane.api.ApiServer.Answer;
import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Endpoints;
import dev.sluice.controlplane.project.Projects;
import dev.sluice.controlplane.project.Sessions;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.controlplane.prompt.PromptAnswers;
import dev.sluice.controlplane.wal.Offloading;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sluice's own routes beside the public API's: what {@code sluice status} and {@code sluice
 * inspect} ask.
 */
final class StatusRoutes {
    private static final Logger log = LoggerFactory.getLogger(StatusRoutes.class);

    /**
     * One part of the server.
     *
     * @param data where it keeps what; empty for nothing
     */
    record Part(String part, long pid, String state, String address, String data) {}

    /** The running server's parts, and the server itself. */
    record Parts(
            Supplier<ServerInfo> server,
            DataFolder folder,
            Path computes,
            Supplier<List<Part>> all) {}

    private final Catalog catalog;
    private final Projects projects;
    private final Endpoints endpoints;
    private final PageService pages;
    private final WalServices wal;
    private final Sessions sessions;
    private final Parts parts;
    private final PromptAnswers prompt = new PromptAnswers();

    StatusRoutes(
            Catalog catalog,
            Projects projects,
            Endpoints endpoints,
            PageService pages,
            WalServices wal,
            Sessions sessions,
            Parts parts) {
        this.catalog = catalog;
        this.projects = projects;
        this.endpoints = endpoints;
        this.pages = pages;
        this.wal = wal;
        this.sessions = sessions;
        this.parts = parts;
    }

    void addTo(ApiServer api) {
        api.route(HttpMethod.GET, "/sluice/status", _ -> new Answer(200, status()))
                .route(HttpMethod.POST, "/sluice/reload", _ -> reload())
                .route(
                        HttpMethod.POST,
                        "/projects/:project_id/branches/:branch_id/check_pages",
                        request ->
                                checkPages(
                                        projects.branch(
                                                projects.project(request.path("project_id")),
                                                request.path("branch_id"))));
    }

    private Answer reload() {
        sessions.reload();
        return new Answer(200, JsonNodeFactory.instance.objectNode());
    }

    private ObjectNode status() {
        ObjectNode status = JsonNodeFactory.instance.objectNode();
        ServerInfo server = parts.server().get();
        status.putObject("server")
                .put("pid", server.pid())
                .put("host", server.host())
                .put("port", server.port())
                .put("api_url", server.apiUrl())
                .put("ca_certificate", server.caCertificate())
                .put("data", parts.folder().root().toString())
                .put("computes", parts.computes().toString())
                .put("log", parts.folder().serverLog().toString());
        var partsArray = status.putArray("parts");
        for (Part part : parts.all().get()) {
            partsArray
                    .addObject()
                    .put("part", part.part())
                    .put("pid", part.pid())
                    .put("state", part.state())
                    .put("address", part.address())
                    .put("data", part.data());
        }
        space(status);
        var branches = status.putArray("branches");
        for (Project project : catalog.projects()) {
            for (Branch branch : catalog.branches(project.id())) {
                branches.add(branch(project, branch));
            }
        }
        return status;
    }

    private void space(ObjectNode status) {
        var safekeepers = status.putArray("safekeepers");
        var warnings = status.putArray("warnings");
        for (SpaceReport report : wal.space()) {
            safekeepers
                    .addObject()
                    .put("safekeeper", report.nodeId())
                    .put("directory", report.directory())
                    .put("disk", report.full() ? "full" : report.isLow() ? "low" : "ok")
                    .put("free_bytes", report.usable())
                    .put("total_bytes", report.total())
                    .put("reserve_bytes", report.reserve())
                    .put("refused_appends", report.refused())
                    .put("syncs", report.failing() ? "failing" : "ok")
                    .put("failed_syncs", report.failedSyncs());
            if (report.failing()) {
                warnings.add(
                        String.format(
                                "safekeeper %d cannot make WAL durable in %s: look after that disk,"
                                        + " or sluice safekeepers replace %d",
                                report.nodeId(), report.directory(), report.nodeId()));
            }
            if (report.isLow()) {
                warnings.add(
                        String.format(
                                "safekeeper %d %s: %d MiB free in %s, %d MiB are kept free",
                                report.nodeId(),
                                report.full() ? "takes no WAL" : "is short of space",
                                report.usable() >> 20,
                                report.directory(),
                                report.reserve() >> 20));
            }
        }
    }

    private ObjectNode branch(Project project, Branch branch) {
        Endpoint endpoint = projects.endpointOf(branch);
        Endpoints.State state = endpoints.state(endpoint.id());
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("project_id", project.id());
        node.put("id", branch.id());
        node.put("name", branch.name());
        node.put("default", branch.isDefault());
        if (branch.parentId() != null) {
            node.put(
                    "parent",
                    catalog.branch(branch.parentId()).map(Branch::name).orElse(branch.parentId()));
        }
        if (branch.parentLsn() != null) {
            node.put("parent_lsn", branch.parentLsn().toString());
        }
        node.put("tenant_id", project.tenant().toString());
        node.put("timeline_id", branch.timeline().toString());
        node.put("endpoint_id", endpoint.id());
        node.put("state", state.apiName());
        node.put("suspend_timeout_seconds", endpoint.suspendTimeoutSeconds());
        sessions(endpoint, node);
        positions(new TenantTimelineId(project.tenant(), branch.timeline()), node);
        if (state instanceof Endpoints.State.Active active) {
            compute(active.compute(), node.putObject("compute"));
            commits(endpoint, branch, node);
        }
        return node;
    }

    private void sessions(Endpoint endpoint, ObjectNode node) {
        try {
            node.put("sessions", prompt.of("gateway", () -> sessions.use(endpoint.id())).open());
        } catch (IOException e) {
            log.debug("no word of the sessions of {}", endpoint.id(), e);
        }
    }

    private void positions(TenantTimelineId timeline, ObjectNode node) {
        List<WalServices.Position> positions = wal.positions(timeline);
        Lsn commit =
                positions.stream()
                        .map(WalServices.Position::commitLsn)
                        .max(Comparator.naturalOrder())
                        .orElse(Lsn.INVALID);
        node.put("commit_lsn", commit.toString());
        Offloading.of(positions).ifPresent(offloading -> offloading(offloading, node));
        var safekeepers = node.putArray("safekeepers");
        for (WalServices.Position position : positions) {
            safekeepers
                    .addObject()
                    .put("safekeeper", position.safekeeper())
                    .put("term", position.term())
                    .put("flush_lsn", position.flushLsn().toString())
                    .put("commit_lsn", position.commitLsn().toString())
                    .put("local_start_lsn", position.localStart().toString())
                    .put("uploaded_segments", position.offload().uploaded())
                    .put("failed_uploads", position.offload().failures());
        }
        try {
            PageService.TimelineStatus ingested =
                    prompt.of("pageserver", () -> pages.status(timeline));
            node.put("ingested_lsn", ingested.lastRecordLsn().toString());
            node.put("disk_consistent_lsn", ingested.diskConsistentLsn().toString());
            node.put("size_bytes", ingested.sizeBytes());
            if (ingested.ingestFailure() != null) {
                notIngested(ingested.ingestFailure(), node);
            }
        } catch (IOException e) {
            notIngested(String.valueOf(e.getMessage()), node);
        }
    }

    private static void notIngested(String why, ObjectNode node) {
        node.put("ingest_error", why);
        node.withArray("warnings")
                .add(
                        "WAL of branch %s is not taken in by the pageserver: %s"
                                .formatted(node.path("name").asText(), why));
    }

    private static void offloading(Offloading offloading, ObjectNode node) {
        if (offloading.offloaded().isValid()) {
            node.put("offloaded_lsn", offloading.offloaded().toString());
            node.put("trimmed_lsn", offloading.trimmed().toString());
        }
        ObjectNode told = node.putObject("offload");
        told.put("pending_segments", offloading.pending());
        var elected = told.putArray("safekeepers");
        offloading.elected().forEach(elected::add);
        if (!offloading.failure().isEmpty()) {
            told.put("failure", offloading.failure());
            node.withArray("warnings")
                    .add(
                            "WAL of branch %s is not offloaded: %s"
                                    .formatted(node.path("name").asText(), offloading.failure()));
        }
    }

    private void commits(Endpoint endpoint, Branch branch, ObjectNode node) {
        try {
            Optional<Computes.Commits> running =
                    prompt.of("agent", () -> endpoints.commits(endpoint.id()));
            if (running.isEmpty()) {
                return;
            }
            Computes.Commits commits = running.get();
            ObjectNode told = node.putObject("commits");
            told.put("pageserver_lag_bytes", commits.lagBytes());
            if (commits.lagLimitBytes() != Long.MAX_VALUE) {
                told.put("pageserver_lag_limit_bytes", commits.lagLimitBytes());
            }
            told.put("held_back", commits.heldBack());
            told.put("delays", commits.delays());
            told.put("delay_seconds", commits.delayNanos() / 1e9);
            var away = told.putArray("safekeepers_away");
            commits.safekeepersAway().forEach(away::add);
            var warnings = node.withArray("warnings");
            if (commits.heldBack()) {
                warnings.add(
                        String.format(
                                "commits of branch %s wait: the pageserver is %d MiB of WAL behind,"
                                        + " the limit is %d MiB",
                                branch.name(),
                                commits.lagBytes() >> 20,
                                commits.lagLimitBytes() >> 20));
            }
            commits.safekeepersAway()
                    .forEach(each -> warnings.add("branch " + branch.name() + ": " + each));
        } catch (IOException e) {
            node.put("commits_error", e.getMessage());
        }
    }

    private static void compute(Computes.Started compute, ObjectNode node) {
        node.put("pid", compute.pid());
        node.put("data_directory", compute.dataDirectory());
        node.put("socket_directory", compute.socketDirectory());
        node.put("port", compute.port());
        node.put("start_lsn", compute.startLsn().toString());
        ObjectNode phases = node.putObject("wake_ms");
        compute.phaseNanos().forEach((phase, nanos) -> phases.put(phase, nanos / 1e6));
    }

    private Answer checkPages(Branch branch) throws IOException {
        Endpoint endpoint = projects.endpointOf(branch);
        Computes.PageCheck check = endpoints.checkPages(endpoint.id());
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("lsn", check.lsn().toString());
        node.put("blocks", check.blocks());
        node.put("relations", check.relations());
        node.put("slru_blocks", check.slruBlocks());
        var differences = node.putArray("differences");
        check.differences().forEach(differences::add);
        return new Answer(200, node);
    }
}
