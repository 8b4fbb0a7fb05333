package dev.sluice.controlplane.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @TempDir Path directory;

    private final Project project =
            new Project("misty-sea-1", "shop", TenantId.random(), 17, -5L, NOW, NOW, List.of());
    private final Branch main =
            new Branch(
                    "br-a-b-1",
                    project.id(),
                    "main",
                    TimelineId.random(),
                    null,
                    null,
                    true,
                    false,
                    NOW,
                    NOW);
    private final Branch dev =
            new Branch(
                    "br-a-b-2",
                    project.id(),
                    "dev",
                    TimelineId.random(),
                    main.id(),
                    Lsn.parse("0/16B3748"),
                    false,
                    true,
                    NOW.plusSeconds(1),
                    NOW.plusSeconds(1));

    private static Endpoint endpoint(Branch branch, String id) {
        return new Endpoint(id, branch.projectId(), branch.id(), 300, false, null, NOW, NOW);
    }

    private Catalog open() {
        return Catalog.open(directory.resolve("catalog"));
    }

    private void fill(Catalog catalog) {
        catalog.insertProject(project, main, endpoint(main, "ep-1"));
        catalog.insertBranch(
                dev,
                endpoint(dev, "ep-2"),
                List.of(new Role(main.id(), "owner", "SCRAM-SHA-256$x", "secret", false, NOW, NOW)),
                List.of(new Database(0, main.id(), "shop", "owner", NOW, NOW)));
    }

    @Test
    void holdsWhatItWasToldOverAReopening() {
        try (Catalog catalog = open()) {
            fill(catalog);
        }
        try (Catalog catalog = open()) {
            assertThat(catalog.projects()).containsExactly(project);
            assertThat(catalog.branches(project.id())).containsExactly(main, dev);
            assertThat(catalog.branchByName(project.id(), "dev")).contains(dev);
            assertThat(catalog.endpoint("ep-2")).contains(endpoint(dev, "ep-2"));
            assertThat(catalog.role(dev.id(), "owner")).map(Role::password).contains("secret");
            assertThat(catalog.databases(dev.id()))
                    .extracting(Database::name)
                    .containsExactly("shop");
        }
    }

    @Test
    void aCopyOfTheFileAtAnyMomentAfterACallHoldsTheCall() throws Exception {
        try (Catalog catalog = open()) {
            fill(catalog);
            // What kill -9 leaves: the file as it is, never closed.
            Files.copy(directory.resolve("catalog.mv.db"), directory.resolve("copy.mv.db"));
        }
        try (Catalog copy = Catalog.open(directory.resolve("copy"))) {
            assertThat(copy.branches(project.id())).containsExactly(main, dev);
        }
    }

    @Test
    void refusesTwoBranchesOfOneName() {
        try (Catalog catalog = open()) {
            fill(catalog);
            Branch again =
                    new Branch(
                            "br-a-b-3",
                            project.id(),
                            "dev",
                            TimelineId.random(),
                            null,
                            null,
                            false,
                            false,
                            NOW,
                            NOW);
            assertThatThrownBy(() ->
                            catalog.insertBranch(
                                    again, endpoint(again, "ep-3"), List.of(), List.of()))
                    .isInstanceOf(CatalogException.class);
            assertThat(catalog.endpoint("ep-3")).isEmpty();
        }
    }

    @Test
    void replacingRolesForgetsTheOldOnesAndThatTheyWereStale() {
        try (Catalog catalog = open()) {
            fill(catalog);
            Role fresh = new Role(dev.id(), "app", null, null, true, NOW, NOW);
            catalog.replaceRolesAndDatabases(dev.id(), List.of(fresh), List.of());
            assertThat(catalog.roles(dev.id())).containsExactly(fresh);
            assertThat(catalog.databases(dev.id())).isEmpty();
            assertThat(catalog.branch(dev.id())).map(Branch::rolesStale).contains(false);
        }
    }

    @Test
    void aDatabaseThatIsStillThereKeepsItsIdAndItsTime() {
        try (Catalog catalog = open()) {
            fill(catalog);
            Database before = catalog.databases(dev.id()).getFirst();
            Instant later = NOW.plusSeconds(60);
            catalog.replaceRolesAndDatabases(
                    dev.id(),
                    List.of(),
                    List.of(
                            new Database(0, dev.id(), "shop", "app", later, later),
                            new Database(0, dev.id(), "new", "app", later, later)));
            assertThat(catalog.databases(dev.id()))
                    .extracting(
                            Database::id, Database::name, Database::ownerName, Database::createdAt)
                    .contains(tuple(before.id(), "shop", "app", NOW))
                    .hasSize(2);
            catalog.replaceRolesAndDatabases(dev.id(), List.of(), List.of());
            assertThat(catalog.databases(dev.id())).isEmpty();
        }
    }

    @Test
    void deletingABranchTakesItsEndpointAndRolesAlong() {
        try (Catalog catalog = open()) {
            fill(catalog);
            catalog.deleteBranch(dev.id());
            assertThat(catalog.endpoint("ep-2")).isEmpty();
            assertThat(catalog.roles(dev.id())).isEmpty();
            assertThat(catalog.branches(project.id())).containsExactly(main);
        }
    }

    @Test
    void listsOperationsNewestFirst() {
        try (Catalog catalog = open()) {
            fill(catalog);
            for (int i = 0; i < 3; i++) {
                Instant at = NOW.plusSeconds(i);
                catalog.insertOperation(
                        new Operation(
                                UUID.randomUUID(),
                                project.id(),
                                null,
                                "ep-1",
                                "op" + i,
                                "finished",
                                null,
                                at,
                                at,
                                i));
            }
            assertThat(catalog.operations(project.id(), 2))
                    .extracting(Operation::action)
                    .containsExactly("op2", "op1");
        }
    }

    @Test
    void secretsAreNotPrinted() {
        Role role = new Role("b", "owner", "SCRAM-SHA-256$x", "secret", false, NOW, NOW);
        assertThat(role.toString()).doesNotContain("secret").doesNotContain("SCRAM");
    }
}
