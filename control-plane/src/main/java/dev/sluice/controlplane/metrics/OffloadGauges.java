package dev.sluice.controlplane.metrics;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.controlplane.wal.Offloading;
import dev.sluice.walservice.client.OffloadReport;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.List;

/**
 * How WAL gets to the object store; nothing of branches that have none.
 *
 * <pre>
 *   sluice_offload_pending_segments{branch}            committed and not there yet
 *   sluice_offload_elected{branch,safekeeper}          1 of the safekeeper that brings them there
 *   sluice_offload_uploaded_segments{branch,safekeeper}   since the safekeeper was started
 *   sluice_offload_failures{branch,safekeeper}         attempts that failed since
 * </pre>
 */
final class OffloadGauges {
    private final MultiGauge pending;
    private final MultiGauge elected;
    private final MultiGauge uploaded;
    private final MultiGauge failures;

    OffloadGauges(MeterRegistry registry) {
        pending =
                gauge(
                        registry,
                        "sluice.offload.pending.segments",
                        "segments of committed WAL that are not in the object store yet");
        elected =
                gauge(
                        registry,
                        "sluice.offload.elected",
                        "1 of the safekeeper that brings a branch's WAL to the object store");
        uploaded =
                gauge(
                        registry,
                        "sluice.offload.uploaded.segments",
                        "segments that a safekeeper has brought there since it was started");
        failures =
                gauge(registry, "sluice.offload.failures", "attempts to offload WAL that failed");
    }

    private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }

    /** Those of one scrape. */
    Rows rows() {
        return new Rows();
    }

    /** What the gauges are to show. */
    final class Rows {
        private final List<MultiGauge.Row<?>> pendingRows = new ArrayList<>();
        private final List<MultiGauge.Row<?>> electedRows = new ArrayList<>();
        private final List<MultiGauge.Row<?>> uploadedRows = new ArrayList<>();
        private final List<MultiGauge.Row<?>> failureRows = new ArrayList<>();

        /**
         * @param said by the branch's safekeepers
         */
        void add(Branch branch, List<WalServices.Position> said) {
            Offloading.of(said)
                    .ifPresent(offloading -> {
                        pendingRows.add(
                                MultiGauge.Row.of(
                                        Tags.of("branch", branch.name()), offloading.pending()));
                        said.forEach(position -> add(branch, position));
                    });
        }

        private void add(Branch branch, WalServices.Position position) {
            Tags tags =
                    Tags.of(
                            "branch",
                            branch.name(),
                            "safekeeper",
                            Long.toString(position.safekeeper()));
            OffloadReport report = position.offload();
            electedRows.add(MultiGauge.Row.of(tags, report.elected() ? 1 : 0));
            uploadedRows.add(MultiGauge.Row.of(tags, report.uploaded()));
            failureRows.add(MultiGauge.Row.of(tags, report.failures()));
        }

        void register() {
            pending.register(pendingRows, true);
            elected.register(electedRows, true);
            uploaded.register(uploadedRows, true);
            failures.register(failureRows, true);
        }
    }
}
