package dev.sluice.controlplane.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.wal.CatalogConfigurations;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Branches that are not made to their end: with a real catalog, and storage that only counts. */
class ProjectsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    private final Project project =
            new Project("p", "p", TenantId.random(), 17, 1, NOW, NOW, List.of());
    private final Branch main =
            new Branch("br-m", "p", "main", TimelineId.random(), null, null, true, false, NOW, NOW);
    private final TenantTimelineId timeline =
            new TenantTimelineId(project.tenant(), main.timeline());

    @TempDir Path directory;
    private Catalog catalog;
    private FakeStorage storage;
    private Projects projects;

    @BeforeEach
    void open() {
        start();
        catalog.insertProject(
                project, main, new Endpoint("ep-m", "p", main.id(), 300, false, null, NOW, NOW));
        storage.begin(timeline);
        storage.pages.add(timeline);
        storage.wal.add(timeline);
    }

    private void start() {
        catalog = Catalog.open(directory.resolve("catalog"));
        FakeStorage before = storage;
        storage = new FakeStorage(CatalogConfigurations.open(catalog, List.of(1L)));
        if (before != null) {
            storage.pages.addAll(before.pages);
            storage.wal.addAll(before.wal);
        }
        InstantSource clock = InstantSource.fixed(NOW);
        Operations operations = new Operations(catalog, clock);
        Endpoints endpoints =
                new Endpoints(
                        catalog,
                        FakeComputes.ready(),
                        CatalogConfigurations.open(catalog, List.of(1L)),
                        operations,
                        clock,
                        new Endpoints.Listener() {});
        projects =
                new Projects(
                        catalog,
                        storage,
                        storage,
                        _ -> directory,
                        endpoints,
                        new Roles(catalog, clock),
                        operations,
                        new Random(1),
                        clock,
                        300);
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    private void onlyMainIsThere() {
        assertThat(storage.pages).containsExactly(timeline);
        assertThat(storage.wal).containsExactly(timeline);
        assertThat(storage.begun()).containsExactly(timeline);
    }

    @Test
    void whatAKilledRunBeganIsTakenBackByTheNext() {
        projects.branch(main, Optional.of("whole"), Optional.empty());
        storage.onBranching =
                () -> {
                    throw new FakeStorage.Killed();
                };
        assertThatThrownBy(() -> projects.branch(main, Optional.of("half"), Optional.empty()))
                .isInstanceOf(FakeStorage.Killed.class);
        assertThat(storage.pages).hasSize(3);
        catalog.close();

        start();
        projects.clearUnfinished();

        assertThat(catalog.branches("p")).extracting(Branch::name).containsExactly("main", "whole");
        assertThat(storage.pages).hasSize(2).isEqualTo(storage.begun());
        assertThat(storage.wal).isEqualTo(storage.pages);
    }

    @Test
    void whatCannotBeMadeIsTakenBackAtOnce() {
        storage.walFailure = "no majority";
        assertThatThrownBy(() -> projects.branch(main, Optional.of("b"), Optional.empty()))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("no majority");
        onlyMainIsThere();
        assertThatThrownBy(() -> projects.create(Optional.of("q"), 17))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("no majority");
        onlyMainIsThere();
        assertThat(catalog.projects()).containsExactly(project);
    }

    /** Both ask whether the name is taken before either has it. */
    @Test
    void ofTwoThatTakeANameAtOnceOneIsRefused() {
        storage.onBranching =
                () -> {
                    storage.onBranching = () -> {};
                    projects.branch(main, Optional.of("b"), Optional.empty());
                };
        assertThatThrownBy(() -> projects.branch(main, Optional.of("b"), Optional.empty()))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.CONFLICT));
        assertThat(storage.pages).hasSize(2).isEqualTo(storage.begun());
        assertThat(storage.wal).isEqualTo(storage.pages);
    }
}
