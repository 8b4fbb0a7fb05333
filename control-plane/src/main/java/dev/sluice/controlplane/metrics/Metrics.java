package dev.sluice.controlplane.metrics;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Endpoints;
import dev.sluice.controlplane.project.Sessions;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.controlplane.prompt.PromptAnswers;
import dev.sluice.controlplane.wal.Offloading;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything that is measured. Wakes are recorded as they happen; what the parts count themselves
 * and the positions of the branches' WAL are asked for when somebody scrapes.
 *
 * <pre>
 *   sluice_wake_seconds{phase}                          histogram of each phase of a compute's start, and "total"
 *   sluice_wal_lsn{branch,what=committed|ingested|durable|offloaded|trimmed}   positions, in bytes of WAL
 *   sluice_wal_lag_bytes{branch,of=ingest|upload}       how far the pageserver is behind the commit LSN
 *   sluice_commit_delay_seconds{branch}, sluice_commit_delays{branch}   time that commits of its running compute
 *                                                       have waited for the pageserver, and how many
 *   sluice_safekeeper_free_bytes{safekeeper}            room on its disk
 *   sluice_safekeeper_disk_full{safekeeper}             1 while it refuses WAL for lack of room
 *   sluice_safekeeper_refused_appends{safekeeper}       how often it has
 *   sluice_safekeeper_syncs_failing{safekeeper}         1 while its disk does not take WAL
 *   sluice_safekeeper_failed_syncs{safekeeper}          how often it has not
 *   sluice_offload_…                                    of the way to the object store: OffloadGauges
 *   sluice_endpoint_active{branch,endpoint}             1 while its compute runs
 *   sluice_gateway_endpoint_sessions{endpoint}, _logins, _wakes, _bytes_from_clients, _bytes_to_clients
 *                                                       a thousand endpoints at most, and endpoint="others"
 *   sluice_gateway_pool_clients{endpoint}, _clients_active, _clients_waiting, _servers_active, _servers_idle,
 *   sluice_gateway_pool_waits{endpoint}, _wait_seconds  its pools together
 *   and every counter of the parts: sluice_gateway_…, sluice_page_…, sluice_redo_…, sluice_ingest_…
 * </pre>
 */
public final class Metrics implements Endpoints.Listener {
    private static final Logger log = LoggerFactory.getLogger(Metrics.class);

    /** Where counters come from. */
    public interface Source extends Supplier<List<Sessions.Counter>> {}

    private record Part(String name, Source source) {}

    private final PrometheusMeterRegistry registry =
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final MultiGauge positions =
            gauge("sluice.wal.lsn", "WAL positions of each branch, in bytes");
    private final MultiGauge lags =
            gauge("sluice.wal.lag.bytes", "how far the pageserver is behind the commit LSN");
    private final MultiGauge active =
            gauge("sluice.endpoint.active", "1 while the endpoint's compute runs");
    private final MultiGauge delays =
            gauge("sluice.commit.delays", "commits that waited for the pageserver");
    private final MultiGauge delaySeconds =
            gauge("sluice.commit.delay.seconds", "time that commits waited for the pageserver");
    private final MultiGauge freeBytes =
            gauge("sluice.safekeeper.free.bytes", "room on a safekeeper's disk");
    private final MultiGauge diskFull =
            gauge("sluice.safekeeper.disk.full", "1 while it refuses WAL for lack of room");
    private final MultiGauge refusedAppends =
            gauge("sluice.safekeeper.refused.appends", "WAL refused for lack of room");
    private final MultiGauge syncsFailing =
            gauge("sluice.safekeeper.syncs.failing", "1 while WAL cannot be made durable");
    private final MultiGauge failedSyncs =
            gauge("sluice.safekeeper.failed.syncs", "attempts to make WAL durable that failed");
    private final OffloadGauges offload = new OffloadGauges(registry);
    private final Map<String, MultiGauge> gauges = new ConcurrentHashMap<>();
    private final List<Part> parts = new ArrayList<>();
    private final PromptAnswers prompt = new PromptAnswers();

    public Metrics() {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        @SuppressWarnings(
                "resource") // lives as long as the registry, which lives as long as the process
        JvmGcMetrics collections = new JvmGcMetrics();
        collections.bindTo(registry);
    }

    /** Adds a part's counters; before the first scrape. */
    public void add(String part, Source source) {
        parts.add(new Part(part, source));
    }

    @Override
    public void started(Endpoint endpoint, Computes.Started compute) {
        long total = 0;
        for (Map.Entry<String, Long> phase : compute.phaseNanos().entrySet()) {
            wake(phase.getKey()).record(phase.getValue(), TimeUnit.NANOSECONDS);
            total += phase.getValue();
        }
        wake("total").record(total, TimeUnit.NANOSECONDS);
    }

    private Timer wake(String phase) {
        return Timer.builder("sluice.wake")
                .description("how long a compute's start took, by phase")
                .tag("phase", phase)
                .publishPercentileHistogram()
                .register(registry);
    }

    /** What {@code /metrics} answers; of a part that does not answer soon, nothing. */
    public String scrape(Catalog catalog, Endpoints endpoints, PageService pages, WalServices wal) {
        List<MultiGauge.Row<?>> lsnRows = new ArrayList<>();
        List<MultiGauge.Row<?>> lagRows = new ArrayList<>();
        List<MultiGauge.Row<?>> activeRows = new ArrayList<>();
        List<MultiGauge.Row<?>> delayRows = new ArrayList<>();
        List<MultiGauge.Row<?>> delaySecondsRows = new ArrayList<>();
        OffloadGauges.Rows offloadRows = offload.rows();
        for (Project project : catalog.projects()) {
            for (Branch branch : catalog.branches(project.id())) {
                TenantTimelineId timeline =
                        new TenantTimelineId(project.tenant(), branch.timeline());
                List<WalServices.Position> said = wal.positions(timeline);
                addPositions(branch, timeline, pages, said, lsnRows, lagRows);
                offloadRows.add(branch, said);
                addCommits(catalog, endpoints, branch, delayRows, delaySecondsRows);
                catalog.endpointOfBranch(branch.id())
                        .ifPresent(endpoint ->
                                activeRows.add(
                                        MultiGauge.Row.of(
                                                Tags.of(
                                                        "branch",
                                                        branch.name(),
                                                        "endpoint",
                                                        endpoint.id()),
                                                endpoints.running(endpoint.id()).isPresent()
                                                        ? 1
                                                        : 0)));
            }
        }
        addSpace(wal);
        offloadRows.register();
        delays.register(delayRows, true);
        delaySeconds.register(delaySecondsRows, true);
        positions.register(lsnRows, true);
        lags.register(lagRows, true);
        active.register(activeRows, true);
        addCounters();
        return registry.scrape();
    }

    private void addSpace(WalServices wal) {
        List<MultiGauge.Row<?>> free = new ArrayList<>();
        List<MultiGauge.Row<?>> full = new ArrayList<>();
        List<MultiGauge.Row<?>> refused = new ArrayList<>();
        List<MultiGauge.Row<?>> failing = new ArrayList<>();
        List<MultiGauge.Row<?>> failed = new ArrayList<>();
        for (SpaceReport report : wal.space()) {
            Tags tags = Tags.of("safekeeper", Long.toString(report.nodeId()));
            free.add(MultiGauge.Row.of(tags, report.usable()));
            full.add(MultiGauge.Row.of(tags, report.full() ? 1 : 0));
            refused.add(MultiGauge.Row.of(tags, report.refused()));
            failing.add(MultiGauge.Row.of(tags, report.failing() ? 1 : 0));
            failed.add(MultiGauge.Row.of(tags, report.failedSyncs()));
        }
        freeBytes.register(free, true);
        diskFull.register(full, true);
        refusedAppends.register(refused, true);
        syncsFailing.register(failing, true);
        failedSyncs.register(failed, true);
    }

    private void addCommits(
            Catalog catalog,
            Endpoints endpoints,
            Branch branch,
            List<MultiGauge.Row<?>> delays,
            List<MultiGauge.Row<?>> delaySeconds) {
        Optional<Endpoint> endpoint = catalog.endpointOfBranch(branch.id());
        if (endpoint.isEmpty()) {
            return;
        }
        try {
            Tags tags = Tags.of("branch", branch.name());
            prompt.of("agent", () -> endpoints.commits(endpoint.get().id()))
                    .ifPresent(commits -> {
                        delays.add(MultiGauge.Row.of(tags, commits.delays()));
                        delaySeconds.add(MultiGauge.Row.of(tags, commits.delayNanos() / 1e9));
                    });
        } catch (IOException e) {
            log.debug("no word of the commits of {}", branch.name(), e);
        }
    }

    private void addPositions(
            Branch branch,
            TenantTimelineId timeline,
            PageService pages,
            List<WalServices.Position> said,
            List<MultiGauge.Row<?>> lsnRows,
            List<MultiGauge.Row<?>> lagRows) {
        Lsn committed =
                said.stream()
                        .map(WalServices.Position::commitLsn)
                        .max(Comparator.naturalOrder())
                        .orElse(Lsn.INVALID);
        lsnRows.add(row(branch, "what", "committed", committed.value()));
        Offloading.of(said)
                .filter(offloading -> offloading.offloaded().isValid())
                .ifPresent(offloading -> {
                    lsnRows.add(row(branch, "what", "offloaded", offloading.offloaded().value()));
                    lsnRows.add(row(branch, "what", "trimmed", offloading.trimmed().value()));
                });
        try {
            PageService.TimelineStatus status =
                    prompt.of("pageserver", () -> pages.status(timeline));
            lsnRows.add(row(branch, "what", "ingested", status.lastRecordLsn().value()));
            lsnRows.add(row(branch, "what", "durable", status.diskConsistentLsn().value()));
            lagRows.add(row(branch, "of", "ingest", lag(committed, status.lastRecordLsn())));
            lagRows.add(row(branch, "of", "upload", lag(committed, status.diskConsistentLsn())));
        } catch (IOException e) {
            log.debug("no positions of {}", timeline, e);
        }
    }

    private static long lag(Lsn ahead, Lsn behind) {
        return Math.max(0, ahead.minus(behind));
    }

    private static MultiGauge.Row<?> row(Branch branch, String key, String value, double number) {
        return MultiGauge.Row.of(Tags.of("branch", branch.name(), key, value), number);
    }

    private void addCounters() {
        Map<String, List<MultiGauge.Row<?>>> byName = new HashMap<>();
        gauges.keySet().forEach(known -> byName.put(known, new ArrayList<>()));
        for (Part part : parts) {
            try {
                for (Sessions.Counter counter : prompt.of(part.name, part.source::get)) {
                    byName.computeIfAbsent(counter.name(), _ -> new ArrayList<>())
                            .add(MultiGauge.Row.of(tags(counter.label()), counter.value()));
                }
            } catch (IOException e) {
                log.debug("no counters of the {}", part.name, e);
            }
        }
        byName.forEach((name, rows) ->
                gauges.computeIfAbsent(name, _ -> gauge(name, "")).register(rows, true));
    }

    private static Tags tags(String label) {
        int equals = label.indexOf('=');
        if (equals >= 0) {
            return Tags.of(label.substring(0, equals), label.substring(equals + 1));
        }
        return label.isEmpty() ? Tags.empty() : Tags.of("kind", label);
    }

    private MultiGauge gauge(String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }
}
