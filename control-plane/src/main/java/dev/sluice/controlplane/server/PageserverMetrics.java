package dev.sluice.controlplane.server;

import dev.sluice.controlplane.project.Sessions;
import dev.sluice.storage.pageserver.PageserverCounters;
import java.util.List;

/** The pageserver's counters under the names that {@code /metrics} gives them. */
final class PageserverMetrics {
    private PageserverMetrics() {}

    static List<Sessions.Counter> of(PageserverCounters counters) {
        return List.of(
                counter("sluice.page.requests", counters.pageRequests()),
                counter("sluice.page.reads", counters.pagesRead()),
                counter("sluice.page.read.seconds", counters.pageReadNanos() / 1e9),
                counter("sluice.page.read.errors", counters.pageReadErrors()),
                counter("sluice.redo.changes", counters.changesRedone()),
                counter("sluice.redo.seconds", counters.redoNanos() / 1e9),
                counter("sluice.ingest.records", counters.recordsIngested()),
                counter("sluice.ingest.wal.bytes", counters.walBytesIngested()),
                counter("sluice.base.backups", counters.baseBackups()));
    }

    private static Sessions.Counter counter(String name, double value) {
        return new Sessions.Counter(name, false, "", value);
    }
}
