package dev.sluice.controlplane.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.project.Configurations;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three real safekeepers, some of which are away. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SafekeeperWalServicesTest {
    private static final Lsn START = Lsn.parse("0/15000A8");

    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());
    private final Map<Long, Safekeeper> running = new TreeMap<>();

    @TempDir Path directory;
    private Catalog catalog;
    private Configurations configurations;
    private SafekeeperWalServices wal;

    @BeforeEach
    void threeAreThere() throws IOException {
        catalog = Catalog.open(directory.resolve("catalog"));
        configurations = CatalogConfigurations.open(catalog, List.of(1L, 2L, 3L));
        wal = new SafekeeperWalServices(this::place, configurations);
        for (long number = 1; number <= 3; number++) {
            start(number);
        }
    }

    @AfterEach
    void stop() throws IOException {
        for (Safekeeper safekeeper : running.values()) {
            safekeeper.close();
        }
        catalog.close();
    }

    private PartAddress place(long number) {
        return new PartAddress.Unix(directory.resolve("s" + number));
    }

    private void start(long number) throws IOException {
        running.put(
                number,
                Safekeeper.start(
                        new SafekeeperConfig(
                                number,
                                directory.resolve(Long.toString(number)),
                                place(number),
                                List.of(),
                                this::place)));
    }

    private void stop(long number) throws IOException {
        Objects.requireNonNull(running.remove(number)).close();
    }

    private boolean has(long number) throws IOException {
        return !new SafekeeperClient(place(number)).timelines().isEmpty();
    }

    @Test
    void aMajorityIsEnoughToMakeATimeline() throws IOException {
        stop(1);
        wal.begin(id);
        wal.create(id, 42, 17, START);
        assertThat(wal.commitLsn(id)).isEqualTo(START);
        assertThat(has(2)).isTrue();
        assertThat(has(3)).isTrue();
    }

    @Test
    void withoutAMajorityNothingIsLeftOfIt() throws IOException {
        stop(1);
        stop(2);
        wal.begin(id);
        assertThatThrownBy(() -> wal.create(id, 42, 17, START))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("a majority of the safekeepers must answer: safekeeper 1: ")
                .hasMessageContaining("safekeeper 2: ");
        assertThat(wal.begun()).containsExactly(id);
        wal.takeBack(id);
        assertThat(has(3)).isFalse();
        assertThat(wal.begun()).isEmpty();
        wal.takeBack(id);
        wal.delete(id);
    }

    @Test
    void aDeletionNeedsAllOfThemAndMayBeTriedAgain() throws IOException {
        wal.begin(id);
        wal.create(id, 42, 17, START);
        stop(3);
        assertThatThrownBy(() -> wal.requireDeletable(id))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("all of its safekeepers must answer: safekeeper 3: ");
        assertThat(has(1)).isTrue();
        assertThatThrownBy(() -> wal.delete(id)).isInstanceOf(IOException.class);
        start(3);
        wal.requireDeletable(id);
        wal.delete(id);
        assertThat(has(3)).isFalse();
        wal.requireDeletable(id);
        wal.delete(id);
    }
}
