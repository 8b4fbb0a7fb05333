package dev.sluice.gateway.compute;

import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.routing.Route;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Asks for each endpoint's compute once at a time: whoever asks while a question is open gets its
 * answer. Nothing is remembered after the answer.
 */
public final class WakeFlights {
    private final ConcurrentMap<String, CompletableFuture<ComputeAddress>> flights =
            new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Directory directory;
    private final Duration timeout;
    private final GatewayMetrics metrics;

    /**
     * @param timeout after which a question that has no answer fails with {@link
     *     java.util.concurrent.TimeoutException}, so that the next client asks anew
     */
    public WakeFlights(Directory directory, Duration timeout, GatewayMetrics metrics) {
        this.directory = directory;
        this.timeout = timeout;
        this.metrics = metrics;
    }

    /** How many wait for an answer now. */
    public int waiting() {
        return waiting.get();
    }

    public CompletableFuture<ComputeAddress> wake(Route route) {
        waiting.incrementAndGet();
        return flight(route).whenComplete((_, _) -> waiting.decrementAndGet());
    }

    private CompletableFuture<ComputeAddress> flight(Route route) {
        CompletableFuture<ComputeAddress> mine = new CompletableFuture<>();
        CompletableFuture<ComputeAddress> flying = flights.putIfAbsent(route.endpointId(), mine);
        if (flying != null) {
            return flying;
        }
        CompletableFuture<ComputeAddress> landed =
                mine.whenComplete((_, _) -> flights.remove(route.endpointId(), mine));
        metrics.endpoint(route.endpointId()).woken();
        mine.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
        try {
            directory
                    .wake(route)
                    .whenComplete((address, failure) -> {
                        if (failure == null) {
                            mine.complete(address);
                        } else {
                            mine.completeExceptionally(failure);
                        }
                    });
        } catch (RuntimeException e) {
            mine.completeExceptionally(e);
        }
        return landed;
    }
}
