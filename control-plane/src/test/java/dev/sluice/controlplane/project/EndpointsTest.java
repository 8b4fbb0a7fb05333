package dev.sluice.controlplane.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Operation;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.parts.DirectoryCalls;
import dev.sluice.controlplane.routing.Routes;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TimelineId;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EndpointsTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final String EP = "ep-1";

    @TempDir Path directory;
    private Catalog catalog;

    @BeforeEach
    void open() {
        catalog = Catalog.open(directory.resolve("catalog"));
        addProject("p", EP);
    }

    private void addProject(String id, String endpointId) {
        Branch main =
                new Branch(
                        "br-" + id,
                        id,
                        "main",
                        TimelineId.random(),
                        null,
                        null,
                        true,
                        false,
                        NOW,
                        NOW);
        catalog.insertProject(
                new Project(id, id, TenantId.random(), 17, 1, NOW, NOW, List.of()),
                main,
                new Endpoint(endpointId, id, main.id(), 300, false, null, NOW, NOW));
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    private Endpoints endpoints(Computes computes) {
        return endpoints(computes, new Endpoints.Listener() {});
    }

    private Endpoints endpoints(Computes computes, Endpoints.Listener listener) {
        InstantSource clock = InstantSource.fixed(NOW);
        return new Endpoints(
                catalog,
                computes,
                Configurations.always(Configuration.first(List.of(1L))),
                new Operations(catalog, clock),
                clock,
                listener);
    }

    @Test
    void howeverManyAskItStartsOnce() {
        CountDownLatch gate = new CountDownLatch(1);
        FakeComputes computes = new FakeComputes(gate);
        Endpoints endpoints = endpoints(computes);
        List<CompletableFuture<Computes.Started>> wakes = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            wakes.add(endpoints.wake(EP));
        }
        assertThat(endpoints.state(EP)).isInstanceOf(Endpoints.State.Starting.class);
        gate.countDown();
        assertThat(wakes).allSatisfy(wake -> assertThat(wake.join().endpointId()).isEqualTo(EP));
        assertThat(computes.calls).containsExactly("start " + EP);
        assertThat(catalog.endpoint(EP)).map(Endpoint::computeExpected).contains(true);
    }

    @Test
    void aFailedStartIsToldAndTheNextAskStartsAgain() {
        FakeComputes computes = FakeComputes.ready();
        Endpoints endpoints = endpoints(computes);
        computes.failWith("no quorum");
        assertThatThrownBy(() -> endpoints.wakeAndWait(EP))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("no quorum");
        assertThat(endpoints.state(EP)).isEqualTo(new Endpoints.State.Idle());
        computes.failWith(null);
        assertThat(endpoints.wakeAndWait(EP).pid()).isEqualTo(1);
        assertThat(catalog.operations("p", 10))
                .extracting(Operation::status)
                .contains("failed", "finished");
    }

    @Test
    void aComputeThatEndsWithItsAgentWhileItIsPreparedIsStartedAgain() {
        FakeComputes computes = FakeComputes.ready();
        AtomicInteger prepared = new AtomicInteger();
        Endpoints.Listener reads =
                new Endpoints.Listener() {
                    @Override
                    public void started(Endpoint endpoint, Computes.Started compute) {
                        if (prepared.incrementAndGet() == 1) {
                            computes.vanish();
                            throw new Refusal(Refusal.Reason.FAILED, "cannot read the roles");
                        }
                    }
                };
        assertThat(endpoints(computes, reads).wakeAndWait(EP).pid()).isEqualTo(2);
        assertThat(prepared).hasValue(2);
    }

    @Test
    void aComputeThatRunsAndCannotBePreparedIsNotTriedAgain() {
        AtomicInteger prepared = new AtomicInteger();
        Endpoints.Listener reads =
                new Endpoints.Listener() {
                    @Override
                    public void started(Endpoint endpoint, Computes.Started compute) {
                        prepared.incrementAndGet();
                        throw new Refusal(Refusal.Reason.FAILED, "cannot read the roles");
                    }
                };
        Endpoints endpoints = endpoints(FakeComputes.ready(), reads);
        assertThatThrownBy(() -> endpoints.wakeAndWait(EP)).hasMessageContaining("the roles");
        assertThat(prepared).hasValue(1);
    }

    @Test
    void suspendWaitsForAStartUnderWay() {
        CountDownLatch gate = new CountDownLatch(1);
        FakeComputes computes = new FakeComputes(gate);
        Endpoints endpoints = endpoints(computes);
        CompletableFuture<Computes.Started> wake = endpoints.wake(EP);
        Thread suspend = Thread.ofVirtual().start(() -> endpoints.suspend(EP));
        gate.countDown();
        wake.join();
        assertThat(suspend).satisfies(Thread::join);
        assertThat(computes.calls).containsExactly("start " + EP, "suspend " + EP);
        assertThat(endpoints.state(EP)).isEqualTo(new Endpoints.State.Idle());
        assertThat(catalog.endpoint(EP)).map(Endpoint::computeExpected).contains(false);
    }

    /** As when its roles cannot be read: it would be taken for idle and run on, unknown to all. */
    @Test
    void aComputeWhoseListenerFailsIsStoppedNevertheless() {
        FakeComputes computes = FakeComputes.ready();
        AtomicBoolean startsFail = new AtomicBoolean();
        List<Boolean> clean = new ArrayList<>();
        Endpoints endpoints =
                endpoints(
                        computes,
                        new Endpoints.Listener() {
                            @Override
                            public void started(Endpoint endpoint, Computes.Started compute) {
                                if (startsFail.get()) {
                                    throw new IllegalStateException("cannot read the roles");
                                }
                            }

                            @Override
                            public void suspending(Endpoint endpoint, Computes.Started compute) {
                                throw new IllegalStateException("cannot read the roles");
                            }

                            @Override
                            public void stopped(Endpoint endpoint, boolean cleanly) {
                                clean.add(cleanly);
                            }
                        });
        endpoints.wakeAndWait(EP);
        endpoints.suspend(EP);
        assertThat(computes.calls).containsExactly("start " + EP, "suspend " + EP);
        assertThat(endpoints.state(EP)).isEqualTo(new Endpoints.State.Idle());
        // Its roles are asked for at the next start.
        assertThat(clean).containsExactly(false);
        assertThat(catalog.endpoint(EP)).map(Endpoint::computeExpected).contains(true);

        startsFail.set(true);
        assertThatThrownBy(() -> endpoints.wakeAndWait(EP)).hasMessageContaining("roles");
        assertThat(computes.calls).endsWith("start " + EP, "suspend " + EP);
        assertThat(endpoints.state(EP)).isEqualTo(new Endpoints.State.Idle());
    }

    @Test
    void aComputeThatClientsAskForWhileItIsSuspendedIsStartedAgainAndStays() {
        FakeComputes computes = FakeComputes.ready();
        Endpoints endpoints = endpoints(computes);
        endpoints.wakeAndWait(EP);
        AtomicInteger clients = new AtomicInteger(5);
        computes.whileStopping(() -> {
            if (clients.getAndDecrement() > 0) {
                var _ = endpoints.wake(EP);
            }
        });
        endpoints.suspend(EP);
        endpoints.wakeAndWait(EP);
        assertThat(computes.calls).containsExactly("start " + EP, "suspend " + EP, "start " + EP);
    }

    @Test
    void aComputeThatIsRemovedIsStoppedOnceWhoeverAsksForIt() {
        FakeComputes computes = FakeComputes.ready();
        Endpoints endpoints = endpoints(computes);
        endpoints.wakeAndWait(EP);
        List<CompletableFuture<Computes.Started>> clients = new ArrayList<>();
        computes.whileStopping(() -> clients.add(endpoints.wake(EP)));
        endpoints.remove(EP, () -> clients.add(endpoints.wake(EP)));
        clients.add(endpoints.wake(EP));
        assertThat(computes.calls).containsExactly("start " + EP, "suspend " + EP);
        assertThat(clients)
                .hasSize(3)
                .allSatisfy(client ->
                        assertThatThrownBy(client::join)
                                .hasRootCauseInstanceOf(Refusal.class)
                                .hasMessageContaining("endpoint not found"));
    }

    @Test
    void aComputeWhoseDeletionFailsCanBeStartedAgain() {
        FakeComputes computes = FakeComputes.ready();
        Endpoints endpoints = endpoints(computes);
        assertThatThrownBy(() ->
                        endpoints.remove(
                                EP,
                                () -> {
                                    throw new IllegalStateException("no pageserver");
                                }))
                .hasMessage("no pageserver");
        assertThat(endpoints.wakeAndWait(EP).endpointId()).isEqualTo(EP);
    }

    @Test
    void aComputeThatDiesIsStartedByTheNextAskAndItsRolesAreInDoubt() {
        FakeComputes computes = FakeComputes.ready();
        Endpoints endpoints = endpoints(computes);
        endpoints.wakeAndWait(EP);
        computes.die(EP);
        assertThat(endpoints.running(EP)).isEmpty();
        assertThat(catalog.endpoint(EP)).map(Endpoint::computeExpected).contains(true);
        endpoints.wakeAndWait(EP);
        assertThat(computes.calls).containsExactly("start " + EP, "start " + EP);
    }

    @Test
    void closingSuspendsAllAndStartsNoMore() {
        FakeComputes computes = FakeComputes.ready();
        Endpoints endpoints = endpoints(computes);
        endpoints.wakeAndWait(EP);
        endpoints.close();
        assertThat(computes.calls).containsExactly("start " + EP, "suspend " + EP);
        assertThatThrownBy(() -> endpoints.wakeAndWait(EP)).hasMessageContaining("shutting down");
    }

    @Test
    void aClientNeedNotNameAnEndpointOfTheOnlyProject() {
        Endpoints endpoints = endpoints(FakeComputes.ready());
        Routes routes =
                new Routes(catalog, endpoints, new Roles(catalog, InstantSource.fixed(NOW)));
        DirectoryCalls.Found found = new DirectoryCalls.Found(EP, "p", List.of());
        assertThat(routes.route(new DirectoryCalls.Wish(null, null, "db", "role")))
                .isEqualTo(found);
        assertThat(routes.route(new DirectoryCalls.Wish(null, "main", "db", "role")))
                .isEqualTo(found);
        assertThat(routes.route(new DirectoryCalls.Wish(EP, null, "db", "role"))).isEqualTo(found);
        assertThat(routes.route(new DirectoryCalls.Wish(EP + "-pooler", null, "db", "role")))
                .isEqualTo(found);
        assertThatThrownBy(
                        () -> routes.route(new DirectoryCalls.Wish("ep-none", null, "db", "role")))
                .hasMessageContaining("ep-none");
        assertThatThrownBy(() -> routes.route(new DirectoryCalls.Wish(null, "none", "db", "role")))
                .hasMessageContaining("none");

        addProject("q", "ep-2");
        assertThatThrownBy(() -> routes.route(new DirectoryCalls.Wish(null, null, "db", "role")))
                .isInstanceOf(Refusal.class);
    }
}
