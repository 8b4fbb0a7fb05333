package dev.sluice.controlplane.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.controlplane.catalog.SafekeeperCatalog.Safekeeper;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Standing;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafekeeperCatalogTest {
    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());

    @TempDir Path directory;

    @Test
    void aConfigurationIsFollowedByTheNextAndByNoOther() {
        Configuration first = Configuration.first(List.of(1L, 2L, 3L));
        Configuration joint = first.jointWith(List.of(2L, 3L, 4L));
        try (Catalog all = Catalog.open(directory.resolve("catalog"))) {
            SafekeeperCatalog catalog = all.safekeepers();
            catalog.addMembers(List.of(1L, 2L, 3L));
            assertThat(catalog.begin(id)).isEqualTo(first);
            assertThat(catalog.advance(id.timeline(), joint.concluded())).isFalse();
            assertThat(catalog.advance(id.timeline(), joint)).isTrue();
            assertThat(catalog.advance(id.timeline(), first.jointWith(List.of(9L)))).isFalse();
        }
        try (Catalog again = Catalog.open(directory.resolve("catalog"))) {
            assertThat(again.safekeepers().configuration(id.timeline())).contains(joint);
            assertThat(again.safekeepers().configurations()).containsEntry(id, joint);
        }
    }

    @Test
    void newTimelinesAreNotGivenToOneThatLeaves() {
        try (Catalog all = Catalog.open(directory.resolve("catalog"))) {
            SafekeeperCatalog catalog = all.safekeepers();
            catalog.addMembers(List.of(1L, 2L, 3L));
            catalog.beginReplacement(2, 7);
            assertThat(catalog.begin(id).members()).containsExactly(1L, 3L, 7L);
            assertThat(catalog.safekeepers())
                    .containsExactly(
                            new Safekeeper(1, Standing.MEMBER),
                            new Safekeeper(2, Standing.LEAVING),
                            new Safekeeper(3, Standing.MEMBER),
                            new Safekeeper(7, Standing.JOINING));
            catalog.endReplacement(2, 7);
            assertThat(catalog.safekeepers())
                    .extracting(Safekeeper::number)
                    .containsExactly(1L, 3L, 7L);
            assertThat(catalog.lastNumber()).isEqualTo(7);
        }
    }
}
