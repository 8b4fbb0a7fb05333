package dev.sluice.controlplane.project;

import dev.sluice.autoscaler.idle.IdlePolicy;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the {@link IdlePolicy} about every running compute, as often as its answers say, and
 * suspends accordingly.
 */
public final class IdleWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(IdleWatch.class);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(1);
    private static final Duration SHORTEST_WAIT = Duration.ofMillis(20);

    /** Before a compute that its sessions need is looked at again. */
    private static final Duration KEPT_WAIT = Duration.ofSeconds(5);

    private final Catalog catalog;
    private final Endpoints endpoints;
    private final Sessions sessions;
    private final LongSupplier nanoClock;
    private final Map<String, Long> readySince = new ConcurrentHashMap<>();
    private final Map<String, Kept> kept = new ConcurrentHashMap<>();

    /** What kept a compute from being suspended, and when that was found. */
    private record Kept(List<String> reasons, long when) {}

    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(
                    task -> Thread.ofPlatform().daemon().name("idle-watch").unstarted(task));

    public IdleWatch(
            Catalog catalog, Endpoints endpoints, Sessions sessions, LongSupplier nanoClock) {
        this.catalog = catalog;
        this.endpoints = endpoints;
        this.sessions = sessions;
        this.nanoClock = nanoClock;
    }

    public void start() {
        schedule(LONGEST_WAIT);
    }

    private void schedule(Duration wait) {
        var _ = timer.schedule(this::lookAtAll, wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void lookAtAll() {
        Duration next = LONGEST_WAIT;
        try {
            for (Project project : catalog.projects()) {
                for (Endpoint endpoint : catalog.endpoints(project.id())) {
                    Duration wait = look(endpoint);
                    next = wait.compareTo(next) < 0 ? wait : next;
                }
            }
        } catch (RuntimeException e) {
            log.error("cannot look for idle computes", e);
        }
        if (!timer.isShutdown()) {
            schedule(next.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : next);
        }
    }

    /** Suspends the endpoint's compute if it is due; otherwise says when to look again. */
    private Duration look(Endpoint endpoint) {
        switch (endpoints.state(endpoint.id())) {
            case Endpoints.State.Idle _, Endpoints.State.Starting _ -> {
                readySince.remove(endpoint.id());
                return LONGEST_WAIT;
            }
            case Endpoints.State.Suspending _ -> {
                return LONGEST_WAIT;
            }
            case Endpoints.State.Active _ -> {
                // is looked at
            }
        }
        long now = nanoClock.getAsLong();
        Kept keeping = kept.get(endpoint.id());
        if (keeping != null && now - keeping.when() < KEPT_WAIT.toNanos()) {
            return LONGEST_WAIT;
        }
        long ready = readySince.computeIfAbsent(endpoint.id(), _ -> now);
        Sessions.Use use = sessions.use(endpoint.id());
        long idle = Math.min(use.idleNanos(), now - ready);
        IdlePolicy policy = new IdlePolicy(Duration.ofSeconds(endpoint.suspendTimeoutSeconds()));
        return switch (policy.decide(new IdlePolicy.Activity(use.busy(), now - idle), now)) {
            case IdlePolicy.Decision.Stay _ -> LONGEST_WAIT;
            case IdlePolicy.Decision.Wait wait -> wait.until();
            case IdlePolicy.Decision.Suspend _ -> {
                Thread.ofVirtual().start(() -> suspend(endpoint));
                yield LONGEST_WAIT;
            }
        };
    }

    private void suspend(Endpoint endpoint) {
        List<String> reasons = endpoints.suspendIfIdle(endpoint.id());
        if (reasons.isEmpty()) {
            kept.remove(endpoint.id());
            log.info(
                    "{} was idle for {} s and is suspended",
                    endpoint.id(),
                    endpoint.suspendTimeoutSeconds());
            return;
        }
        Kept before = kept.put(endpoint.id(), new Kept(reasons, nanoClock.getAsLong()));
        if (before == null || !before.reasons().equals(reasons)) {
            log.info("{} is idle but needed: {}", endpoint.id(), String.join("; ", reasons));
        }
    }

    @Override
    public void close() {
        timer.shutdown();
    }
}
