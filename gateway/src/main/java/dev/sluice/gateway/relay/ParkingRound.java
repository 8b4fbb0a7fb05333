package dev.sluice.gateway.relay;

import dev.sluice.gateway.ParkReport;
import dev.sluice.gateway.parking.Obstacle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Parks the sessions of an endpoint, all or none: a compute is not stopped for some of its sessions
 * while others keep it. Each session decides on its own event loop.
 */
final class ParkingRound {
    /** One that does not answer the probe by then keeps its compute. */
    private static final Duration PROBE = Duration.ofSeconds(10);

    private final Collection<Session> sessions;
    private final boolean urgent;
    private final Duration keepAwake;

    /**
     * @param urgent whether the compute is going to stop in any case
     * @param keepAwake how long an idle session that cannot be parked keeps its compute
     */
    ParkingRound(Collection<Session> sessions, boolean urgent, Duration keepAwake) {
        this.sessions = sessions;
        this.urgent = urgent;
        this.keepAwake = keepAwake;
    }

    CompletableFuture<ParkReport> run() {
        return onEach(sessions, this::prepare).thenCompose(this::decide);
    }

    private CompletableFuture<Readiness> prepare(Session session) {
        return session.parking()
                .prepare()
                .completeOnTimeout(new Readiness.Late(), PROBE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private CompletableFuture<ParkReport> decide(Map<Session, Readiness> readiness) {
        if (urgent) {
            return carryOut(readiness);
        }
        List<String> keeping = new ArrayList<>();
        readiness.forEach((session, is) -> {
            String why = reasonToStay(session, is);
            if (!why.isEmpty()) {
                keeping.add("session " + session.id() + ": " + why);
            }
        });
        if (!keeping.isEmpty()) {
            return release(readiness, keeping);
        }
        return onEach(
                        readiness.keySet(),
                        session ->
                                CompletableFuture.completedFuture(
                                        !(readiness.get(session) instanceof Readiness.Ready)
                                                || session.parking().isStillReady()))
                .thenCompose(still ->
                        still.containsValue(false)
                                ? release(readiness, List.of("a client has just become active"))
                                : carryOut(readiness));
    }

    /** Why a session keeps its compute awake; empty if it does not. */
    private String reasonToStay(Session session, Readiness readiness) {
        return switch (readiness) {
            case Readiness.Ready _, Readiness.Away _ -> "";
            case Readiness.Busy _ -> "busy";
            case Readiness.Late _ -> "does not answer";
            case Readiness.Unable unable ->
                    isOverdue(session) ? "" : Obstacle.describe(unable.obstacles());
        };
    }

    private boolean isOverdue(Session session) {
        long idle = System.nanoTime() - session.info().lastActivityNanos();
        return idle >= keepAwake.toNanos();
    }

    private CompletableFuture<ParkReport> release(
            Map<Session, Readiness> readiness, List<String> keeping) {
        return onEach(
                        readiness.keySet(),
                        session -> {
                            session.parking().release();
                            return CompletableFuture.completedFuture(true);
                        })
                .thenApply(_ -> new ParkReport(0, 0, keeping));
    }

    private CompletableFuture<ParkReport> carryOut(Map<Session, Readiness> readiness) {
        return onEach(
                        readiness.keySet(),
                        session ->
                                CompletableFuture.completedFuture(
                                        carryOut(
                                                session,
                                                java.util.Objects.requireNonNull(
                                                        readiness.get(session)))))
                .thenApply(done ->
                        new ParkReport(
                                count(done, Done.PARKED), count(done, Done.ENDED), List.of()));
    }

    private enum Done {
        PARKED,
        ENDED,
        NOTHING
    }

    private static int count(Map<Session, Done> done, Done wanted) {
        return (int) done.values().stream().filter(wanted::equals).count();
    }

    private static Done carryOut(Session session, Readiness readiness) {
        return switch (readiness) {
            case Readiness.Ready _ -> session.parking().park() ? Done.PARKED : Done.NOTHING;
            case Readiness.Unable unable -> {
                if (session.parking().isIdleNow()) {
                    session.end(LastWords.cannotBeCarried(unable.obstacles()));
                    yield Done.ENDED;
                }
                yield Done.NOTHING;
            }
            case Readiness.Away _, Readiness.Busy _, Readiness.Late _ -> Done.NOTHING;
        };
    }

    private static <T> CompletableFuture<Map<Session, T>> onEach(
            Collection<Session> sessions, Function<Session, CompletableFuture<T>> step) {
        Map<Session, CompletableFuture<T>> steps =
                sessions.stream()
                        .collect(
                                Collectors.toMap(
                                        Function.identity(),
                                        session ->
                                                CompletableFuture.completedFuture(session)
                                                        .thenComposeAsync(
                                                                step,
                                                                session.client().eventLoop())));
        return CompletableFuture.allOf(steps.values().toArray(CompletableFuture[]::new))
                .thenApply(_ ->
                        steps.entrySet().stream()
                                .collect(
                                        Collectors.toMap(
                                                Map.Entry::getKey,
                                                entry -> entry.getValue().join())));
    }
}
