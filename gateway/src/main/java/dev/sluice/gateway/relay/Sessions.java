package dev.sluice.gateway.relay;

import dev.sluice.gateway.EndpointMetrics;
import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.ParkReport;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.SessionListener;
import dev.sluice.wire.backend.Diagnostic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The sessions that have a compute. */
public final class Sessions {
    private final ConcurrentMap<Long, Session> open = new ConcurrentHashMap<>();
    private final AtomicLong lastId = new AtomicLong();
    private final GatewayMetrics metrics;
    private final SessionListener listener;
    private volatile @Nullable CompletableFuture<Void> emptied;

    public Sessions(GatewayMetrics metrics, SessionListener listener) {
        this.metrics = metrics;
        this.listener = listener;
    }

    public long nextId() {
        return lastId.incrementAndGet();
    }

    /** Keeps the session until its client's connection is closed. */
    public void add(Session session) {
        open.put(session.id(), session);
        EndpointMetrics counted = metrics.endpoint(session.route().endpointId());
        metrics.sessionOpened();
        counted.sessionOpened();
        listener.opened(session.route(), session.id());
        session.client()
                .closeFuture()
                .addListener(_ -> {
                    open.remove(session.id());
                    tellIfEmpty();
                    metrics.sessionClosed();
                    counted.sessionClosed();
                    listener.closed(session.route(), session.id());
                });
    }

    /**
     * Takes the idle sessions of an endpoint off their server connections.
     *
     * @param urgent whether the compute is going to stop in any case: then sessions that cannot be
     *     parked are ended, and busy ones left to their fate; else one such session keeps them all
     * @param keepAwake how long an idle session that cannot be parked keeps its compute
     */
    public CompletableFuture<ParkReport> park(
            String endpointId, boolean urgent, Duration keepAwake) {
        List<Session> concerned =
                open.values().stream()
                        .filter(session -> session.route().endpointId().equals(endpointId))
                        .toList();
        return new ParkingRound(concerned, urgent, keepAwake).run();
    }

    public List<SessionInfo> list() {
        return open.values().stream().map(Session::info).toList();
    }

    /** Completes when there is no session left; ask once, when no new ones can come. */
    public CompletableFuture<Void> whenEmpty() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        emptied = done;
        tellIfEmpty();
        return done;
    }

    private void tellIfEmpty() {
        CompletableFuture<Void> waiting = emptied;
        if (waiting != null && open.isEmpty()) {
            waiting.complete(null);
        }
    }

    /**
     * Ends the sessions that both predicates want, the second asked on the session's own event
     * loop, where its answer cannot change before the session is ended.
     *
     * @return how many were ended, once they all were
     */
    public CompletableFuture<Integer> end(
            Predicate<SessionInfo> wanted, Predicate<SessionInfo> still, Diagnostic lastWords) {
        List<CompletableFuture<Boolean>> ends = new ArrayList<>();
        for (Session session : open.values()) {
            if (wanted.test(session.info())) {
                ends.add(
                        CompletableFuture.supplyAsync(
                                () -> endIf(session, still, lastWords),
                                session.client().eventLoop()));
            }
        }
        return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
                .thenApply(_ -> (int) ends.stream().filter(CompletableFuture::join).count());
    }

    private static boolean endIf(
            Session session, Predicate<SessionInfo> still, Diagnostic lastWords) {
        boolean end = still.test(session.info());
        if (end) {
            session.end(lastWords);
        }
        return end;
    }
}
