package dev.sluice.controlplane.project;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The computes behind the endpoints: wakes them, suspends them, and knows which state each is in.
 *
 * <p>An endpoint's compute goes {@link State.Idle} → {@link State.Starting} → {@link State.Active}
 * → {@link State.Suspending} → idle. However many ask for it, it starts once: all of them wait for
 * the same start.
 */
public final class Endpoints {
    private static final Logger log = LoggerFactory.getLogger(Endpoints.class);

    /** What an endpoint's compute does. */
    public sealed interface State {
        /** No process. */
        record Idle() implements State {}

        /** On its way up. */
        record Starting(CompletableFuture<Computes.Started> ready) implements State {}

        /** Takes connections. */
        record Active(Computes.Started compute) implements State {}

        /** On its way down. */
        record Suspending(CompletableFuture<Void> done) implements State {}

        /** As the public API names it. */
        default String apiName() {
            return switch (this) {
                case Idle _ -> "idle";
                case Starting _ -> "init";
                case Active _ -> "active";
                case Suspending _ -> "suspending";
            };
        }
    }

    /** Hears what happens to computes; called on the thread that did it. */
    public interface Listener {
        /** Before clients are let in. */
        default void started(Endpoint endpoint, Computes.Started compute) {}

        /**
         * Before an idle compute is suspended: why it cannot be, a line for each reason. None means
         * that nobody needs it now; who comes meanwhile waits, and has it started again.
         */
        default List<String> keeping(Endpoint endpoint) {
            return List.of();
        }

        /** The endpoint will not come back. */
        default void removed(String endpointId) {}

        /** While the compute still answers. */
        default void suspending(Endpoint endpoint, Computes.Started compute) {}

        /** There is no process any more. */
        default void stopped(Endpoint endpoint, boolean cleanly) {}
    }

    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();
        volatile State state = new State.Idle();

        /** The compute ended by itself while it was found out whether it may be suspended. */
        boolean exited;

        /** The endpoint is being deleted, or was: nobody has its compute started any more. */
        boolean removed;
    }

    private final Catalog catalog;
    private final Computes computes;
    private final Configurations configurations;
    private final Operations operations;
    private final InstantSource clock;
    private final Listener listener;
    private final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private volatile boolean closing;

    public Endpoints(
            Catalog catalog,
            Computes computes,
            Configurations configurations,
            Operations operations,
            InstantSource clock,
            Listener listener) {
        this.catalog = catalog;
        this.computes = computes;
        this.configurations = configurations;
        this.operations = operations;
        this.clock = clock;
        this.listener = listener;
        computes.onExit(this::exited);
    }

    public State state(String endpointId) {
        Slot slot = slots.get(endpointId);
        return slot == null ? new State.Idle() : slot.state;
    }

    public Optional<Computes.Started> running(String endpointId) {
        return state(endpointId) instanceof State.Active active
                ? Optional.of(active.compute())
                : Optional.empty();
    }

    /** How the commits of the endpoint's compute get on; empty if none runs. */
    public Optional<Computes.Commits> commits(String endpointId) throws IOException {
        return running(endpointId).isPresent() ? computes.commits(endpointId) : Optional.empty();
    }

    /** The endpoint's compute, started if it is not running. */
    public CompletableFuture<Computes.Started> wake(String endpointId) {
        Slot slot = slots.computeIfAbsent(endpointId, _ -> new Slot());
        slot.lock.lock();
        try {
            return switch (slot.state) {
                case State.Active active -> CompletableFuture.completedFuture(active.compute());
                case State.Starting starting -> starting.ready();
                case State.Suspending suspending ->
                        suspending.done().handle((_, _) -> endpointId).thenCompose(this::wake);
                case State.Idle _ -> begin(endpointId, slot);
            };
        } finally {
            slot.lock.unlock();
        }
    }

    /** As {@link #wake}, waiting for it. */
    public Computes.Started wakeAndWait(String endpointId) {
        try {
            return wake(endpointId).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof Refusal refusal) {
                throw refusal;
            }
            throw e;
        }
    }

    private CompletableFuture<Computes.Started> begin(String endpointId, Slot slot) {
        if (closing) {
            return CompletableFuture.failedFuture(
                    new Refusal(Refusal.Reason.UNAVAILABLE, "the server is shutting down"));
        }
        if (slot.removed) {
            return CompletableFuture.failedFuture(Refusal.notFound("endpoint", endpointId));
        }
        CompletableFuture<Computes.Started> ready = new CompletableFuture<>();
        slot.state = new State.Starting(ready);
        Thread.ofVirtual().name("wake-" + endpointId).start(() -> start(endpointId, slot, ready));
        return ready;
    }

    private void start(String endpointId, Slot slot, CompletableFuture<Computes.Started> ready) {
        try {
            Endpoint endpoint = require(endpointId);
            Computes.Started started =
                    operations.record(
                            endpoint.projectId(),
                            endpoint.branchId(),
                            endpointId,
                            "start_compute",
                            () -> {
                                // On disk before anybody gets in; the disk need not delay the
                                // start.
                                CompletableFuture<Void> noted =
                                        CompletableFuture.runAsync(
                                                () ->
                                                        catalog.setComputeExpected(
                                                                endpointId, true, clock.instant()),
                                                task -> Thread.ofVirtual().start(task));
                                Computes.Started compute = computes.start(order(endpoint));
                                noted.join();
                                return preparedOrAnother(endpoint, compute);
                            });
            settle(slot, new State.Active(started));
            ready.complete(started);
        } catch (RuntimeException e) {
            log.error("cannot start the compute of {}", endpointId, e);
            settle(slot, new State.Idle());
            ready.completeExceptionally(e);
        }
    }

    /**
     * Lets the listener prepare it. One that ended meanwhile, as all do when their agent does, is
     * started again, as it would be if it had ended a moment earlier.
     */
    private Computes.Started preparedOrAnother(Endpoint endpoint, Computes.Started compute)
            throws IOException {
        try {
            listener.started(endpoint, compute);
            return compute;
        } catch (RuntimeException e) {
            Computes.Started now = computes.start(order(endpoint));
            if (now.pid() == compute.pid()) {
                throw stopped(endpoint, e);
            }
            log.warn("{} ended while it was prepared: {}", endpoint.id(), e.getMessage());
            return prepared(endpoint, now);
        }
    }

    private Computes.Started prepared(Endpoint endpoint, Computes.Started compute) {
        try {
            listener.started(endpoint, compute);
            return compute;
        } catch (RuntimeException e) {
            throw stopped(endpoint, e);
        }
    }

    /** A compute that clients are not let into must not stay: nobody would ever suspend it. */
    private RuntimeException stopped(Endpoint endpoint, RuntimeException why) {
        try {
            computes.suspend(endpoint.id());
        } catch (IOException | RuntimeException e) {
            why.addSuppressed(e);
        }
        return why;
    }

    private Computes.Order order(Endpoint endpoint) {
        Branch branch =
                catalog.branch(endpoint.branchId())
                        .orElseThrow(() -> Refusal.notFound("branch", endpoint.branchId()));
        Project project =
                catalog.project(endpoint.projectId())
                        .orElseThrow(() -> Refusal.notFound("project", endpoint.projectId()));
        TenantTimelineId timeline = new TenantTimelineId(project.tenant(), branch.timeline());
        return new Computes.Order(
                endpoint.id(),
                timeline,
                project.pgVersion(),
                project.systemIdentifier(),
                configurations.of(timeline));
    }

    /**
     * Stops the endpoint's compute cleanly and waits for it. Nothing to do when there is none. Who
     * asks for it meanwhile has it started again, and then it stays: were it stopped again, busy
     * clients would have it stopped and started for as long as they are busy.
     */
    public void suspend(String endpointId) {
        Slot slot = slots.computeIfAbsent(endpointId, _ -> new Slot());
        while (true) {
            CompletableFuture<?> pending;
            boolean stopping = false;
            slot.lock.lock();
            try {
                switch (slot.state) {
                    case State.Idle _ -> {
                        return;
                    }
                    case State.Starting starting -> pending = starting.ready();
                    case State.Suspending suspending -> pending = suspending.done();
                    case State.Active active -> {
                        CompletableFuture<Void> done = new CompletableFuture<>();
                        slot.state = new State.Suspending(done);
                        Thread.ofVirtual()
                                .name("suspend-" + endpointId)
                                .start(() -> stop(endpointId, slot, active.compute(), done));
                        pending = done;
                        stopping = true;
                    }
                }
            } finally {
                slot.lock.unlock();
            }
            awaitQuietly(pending);
            if (stopping || state(endpointId) instanceof State.Idle) {
                return;
            }
        }
    }

    /** As {@link #suspend}, again and again until nobody has had it started meanwhile. */
    private void suspendUntilIdle(String endpointId) {
        do {
            suspend(endpointId);
        } while (!(state(endpointId) instanceof State.Idle));
    }

    /**
     * Suspends the endpoint's compute if it runs and nobody needs it. Who asks for it meanwhile
     * waits for the outcome.
     *
     * @return why not; empty if it does not run any more
     */
    public List<String> suspendIfIdle(String endpointId) {
        Slot slot = slots.computeIfAbsent(endpointId, _ -> new Slot());
        CompletableFuture<Void> done = new CompletableFuture<>();
        Computes.Started compute;
        slot.lock.lock();
        try {
            switch (slot.state) {
                case State.Active active -> compute = active.compute();
                case State.Idle _, State.Suspending _ -> {
                    return List.of();
                }
                case State.Starting _ -> {
                    return List.of("it is being started");
                }
            }
            slot.exited = false;
            slot.state = new State.Suspending(done);
        } finally {
            slot.lock.unlock();
        }
        List<String> keeping = keeping(endpointId);
        if (keeping.isEmpty()) {
            stop(endpointId, slot, compute, done);
        } else {
            stay(endpointId, slot, compute, done);
        }
        return keeping;
    }

    private List<String> keeping(String endpointId) {
        try {
            return catalog.endpoint(endpointId).map(listener::keeping).orElse(List.of());
        } catch (RuntimeException e) {
            log.error("cannot tell whether {} may be suspended", endpointId, e);
            return List.of(String.valueOf(e.getMessage()));
        }
    }

    private void stay(
            String endpointId, Slot slot, Computes.Started compute, CompletableFuture<Void> done) {
        boolean exited;
        slot.lock.lock();
        try {
            exited = slot.exited;
            slot.state = exited ? new State.Idle() : new State.Active(compute);
        } finally {
            slot.lock.unlock();
        }
        if (exited) {
            catalog.endpoint(endpointId).ifPresent(endpoint -> listener.stopped(endpoint, false));
        }
        done.complete(null);
    }

    /**
     * Suspends the endpoint's compute for good and deletes what it stands on. Who asks for it
     * meanwhile is told that there is no such endpoint: were it started again, busy clients would
     * put the deletion off, or have a compute without storage.
     *
     * @param deletion if it fails the compute can be started again
     */
    public void remove(String endpointId, Runnable deletion) {
        Slot slot = slots.computeIfAbsent(endpointId, _ -> new Slot());
        setRemoved(slot, true);
        try {
            suspendUntilIdle(endpointId);
            listener.removed(endpointId);
            deletion.run();
        } catch (RuntimeException e) {
            setRemoved(slot, false);
            throw e;
        }
    }

    private static void setRemoved(Slot slot, boolean removed) {
        slot.lock.lock();
        try {
            slot.removed = removed;
        } finally {
            slot.lock.unlock();
        }
    }

    private void stop(
            String endpointId, Slot slot, Computes.Started compute, CompletableFuture<Void> done) {
        boolean clean = false;
        @Nullable Endpoint endpoint = catalog.endpoint(endpointId).orElse(null);
        try {
            if (endpoint != null) {
                Endpoint known = endpoint;
                operations.record(
                        endpoint.projectId(),
                        endpoint.branchId(),
                        endpointId,
                        "suspend_compute",
                        () -> {
                            // However that goes, it must stop: what counts as idle has no process.
                            try {
                                listener.suspending(known, compute);
                            } finally {
                                computes.suspend(endpointId);
                            }
                            return endpointId;
                        });
                catalog.setComputeExpected(endpointId, false, clock.instant());
            }
            clean = true;
        } catch (RuntimeException e) {
            log.error("the compute of {} did not stop cleanly", endpointId, e);
        } finally {
            settle(slot, new State.Idle());
            if (endpoint != null) {
                listener.stopped(endpoint, clean);
            }
            done.complete(null);
        }
    }

    /** A compute ended by itself: the next connection starts another, from storage. */
    private void exited(String endpointId, String why) {
        Slot slot = slots.get(endpointId);
        if (slot == null) {
            return;
        }
        slot.lock.lock();
        try {
            if (!(slot.state instanceof State.Active)) {
                slot.exited = true;
                return;
            }
            slot.state = new State.Idle();
        } finally {
            slot.lock.unlock();
        }
        log.warn("the compute of {} ended: {}", endpointId, why);
        catalog.endpoint(endpointId).ifPresent(endpoint -> listener.stopped(endpoint, false));
    }

    /**
     * Suspends the endpoint's compute if it runs, and compares what it left with the pageserver's
     * pages.
     */
    public Computes.PageCheck checkPages(String endpointId) throws IOException {
        suspendUntilIdle(endpointId);
        return computes.checkPages(endpointId);
    }

    /** Suspends every running compute, several at a time, and starts no more. */
    public void close() {
        closing = true;
        CompletableFuture.allOf(
                        slots.keySet().stream()
                                .map(id ->
                                        CompletableFuture.runAsync(
                                                () -> suspendUntilIdle(id),
                                                task -> Thread.ofVirtual().start(task)))
                                .toArray(CompletableFuture<?>[]::new))
                .join();
    }

    private Endpoint require(String endpointId) {
        return catalog.endpoint(endpointId)
                .orElseThrow(() -> Refusal.notFound("endpoint", endpointId));
    }

    private static void settle(Slot slot, State state) {
        slot.lock.lock();
        try {
            slot.state = state;
        } finally {
            slot.lock.unlock();
        }
    }

    private static void awaitQuietly(CompletableFuture<?> pending) {
        try {
            pending.join();
        } catch (CompletionException e) {
            log.debug("waited for a compute that failed", e);
        }
    }
}
