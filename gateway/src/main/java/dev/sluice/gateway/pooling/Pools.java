package dev.sluice.gateway.pooling;

import dev.sluice.gateway.ParkReport;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.pooling.state.StartupSettings;
import dev.sluice.wire.backend.Diagnostic;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pools of a gateway, each on an event loop of its own choice. Safe for use by many threads.
 */
public final class Pools {
    private final PoolContext context;
    private final LongSupplier ids;
    private final ConcurrentMap<PoolKey, Pool> pools = new ConcurrentHashMap<>();
    private final ConcurrentMap<String, EndpointBudget> budgets = new ConcurrentHashMap<>();
    private final ConcurrentMap<Long, PooledClient> clients = new ConcurrentHashMap<>();
    private final Set<Paused> paused = ConcurrentHashMap.newKeySet();
    private volatile PoolSettings settings;
    private volatile @Nullable CompletableFuture<Void> emptied;

    /**
     * @param ids of sessions, unique in the gateway
     */
    public Pools(PoolSettings settings, PoolContext context, LongSupplier ids) {
        this.settings = settings;
        this.context = context;
        this.ids = ids;
    }

    PoolContext context() {
        return context;
    }

    public PoolSettings settings() {
        return settings;
    }

    long nextId() {
        return ids.getAsLong();
    }

    /** Other settings from now on. */
    public void change(PoolSettings now) {
        settings = now;
        pools.values().forEach(pool -> pool.loop().execute(pool::settingsChanged));
    }

    /**
     * Takes a client to its pool: moves its connection to the pool's event loop, and lets it in or
     * refuses it there. Call on the connection's event loop, while it is not read.
     */
    public void enter(Entrant entrant) {
        StartupSettings.Read startup = StartupSettings.of(entrant.login().parameters());
        if (startup.refused().isPresent()) {
            entrant.refused(Texts.noSetting(startup.refused().get()));
            return;
        }
        Channel channel = entrant.channel();
        PoolKey key =
                new PoolKey(
                        entrant.login().route().endpointId(), entrant.database(), entrant.role());
        Pool pool =
                pools.computeIfAbsent(
                        key,
                        _ ->
                                new Pool(
                                        this,
                                        key,
                                        channel.eventLoop(),
                                        budget(key),
                                        entrant.login()));
        move(
                channel,
                pool.loop(),
                () -> {
                    if (channel.isOpen() && !pool.enter(entrant, startup.values())) {
                        enter(entrant);
                    }
                });
    }

    private EndpointBudget budget(PoolKey key) {
        return budgets.computeIfAbsent(key.endpointId(), _ -> new EndpointBudget(this::settings));
    }

    /** A client is served by its pool's thread alone from here on. */
    private static void move(Channel channel, EventLoop to, Runnable then) {
        if (to.equals(channel.eventLoop())) {
            then.run();
            return;
        }
        channel.deregister()
                .addListener((ChannelFuture left) -> {
                    if (!channel.isOpen()) {
                        return;
                    }
                    to.register(channel)
                            .addListener((ChannelFuture arrived) -> {
                                if (arrived.isSuccess()) {
                                    then.run();
                                } else {
                                    var _ = channel.close();
                                }
                            });
                });
    }

    void opened(PooledClient client) {
        clients.put(client.id(), client);
        context.metrics().sessionOpened();
        client.pool().counted().sessionOpened();
        context.listener().opened(client.pool().route(), client.id());
    }

    void closed(PooledClient client) {
        clients.remove(client.id());
        context.metrics().sessionClosed();
        client.pool().counted().sessionClosed();
        context.listener().closed(client.pool().route(), client.id());
        tellIfEmpty();
    }

    /** Forgets all of them: their clients have left, and their event loops are about to stop. */
    public void close() {
        pools.clear();
    }

    void forget(Pool pool) {
        pools.remove(pool.key(), pool);
    }

    /** The clients, as they were a moment ago. */
    public List<SessionInfo> sessions() {
        return clients.values().stream().map(PooledClient::info).toList();
    }

    /** Completes when there is no client left; ask once, when no new ones can come. */
    public CompletableFuture<Void> whenEmpty() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        emptied = done;
        tellIfEmpty();
        return done;
    }

    private void tellIfEmpty() {
        CompletableFuture<Void> waiting = emptied;
        if (waiting != null && clients.isEmpty()) {
            waiting.complete(null);
        }
    }

    /**
     * Ends clients.
     *
     * @param still asked on the client's own event loop, where its answer cannot change before the
     *     client is ended
     * @return how many were ended, once they all were
     */
    public CompletableFuture<Integer> end(Predicate<SessionInfo> still, Diagnostic lastWords) {
        List<CompletableFuture<Boolean>> ends = new ArrayList<>();
        for (PooledClient client : clients.values()) {
            if (still.test(client.info())) {
                ends.add(
                        CompletableFuture.supplyAsync(
                                () -> {
                                    boolean end = !client.isEnded() && still.test(client.info());
                                    if (end) {
                                        client.end(lastWords);
                                    }
                                    return end;
                                },
                                client.pool().loop()));
            }
        }
        return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
                .thenApply(_ -> (int) ends.stream().filter(CompletableFuture::join).count());
    }

    /**
     * Why an endpoint's pools need its compute: a line for each client that is busy, or keeps a
     * server connection and has not been idle for {@code keepAwake}.
     */
    public CompletableFuture<List<String>> keeping(String endpointId, Duration keepAwake) {
        return onEach(
                        of(endpointId),
                        pool -> {
                            List<String> reasons = new ArrayList<>();
                            long now = Pool.now();
                            for (PooledClient client : pool.clients()) {
                                String why = client.needsServer(now, keepAwake.toNanos());
                                if (!why.isEmpty()) {
                                    reasons.add("pooled session " + client.id() + ": " + why);
                                }
                            }
                            return reasons;
                        })
                .thenApply(all -> all.stream().flatMap(List::stream).toList());
    }

    /**
     * Takes an endpoint's pools off its compute: closes the server connections that nobody uses,
     * and ends idle clients that cannot do without theirs.
     *
     * @return what was done; {@code keeping} says who became busy meanwhile
     */
    public CompletableFuture<ParkReport> sleep(String endpointId) {
        return onEach(
                        of(endpointId),
                        pool -> {
                            int ended = 0;
                            for (PooledClient client : List.copyOf(pool.clients())) {
                                if (client.isPinned() && !client.isBusy()) {
                                    client.end(Texts.ended(client.pinning().reasons()));
                                    ended++;
                                }
                            }
                            boolean asleep = pool.sleep();
                            return new ParkReport(
                                    pool.clients().size(),
                                    ended,
                                    asleep ? List.of() : List.of("a pool has just become active"));
                        })
                .thenApply(reports -> {
                    int parked = 0;
                    int ended = 0;
                    List<String> keeping = new ArrayList<>();
                    for (ParkReport report : reports) {
                        parked += report.parked();
                        ended += report.ended();
                        keeping.addAll(report.keeping());
                    }
                    return new ParkReport(parked, ended, keeping);
                });
    }

    /** All pools, each as it was a moment ago. */
    public CompletableFuture<List<PoolInfo>> infos() {
        return onEach(all(), Pool::info);
    }

    /** The pools of an endpoint. */
    public CompletableFuture<List<PoolInfo>> infos(String endpointId) {
        return onEach(of(endpointId), Pool::info);
    }

    /** The clients of an endpoint's pools. */
    public CompletableFuture<List<PoolMember>> clients(String endpointId) {
        return onEach(of(endpointId), Pool::clientMembers).thenApply(Pools::flat);
    }

    /** The server connections of an endpoint's pools. */
    public CompletableFuture<List<PoolMember>> servers(String endpointId) {
        return onEach(of(endpointId), Pool::serverMembers).thenApply(Pools::flat);
    }

    private static List<PoolMember> flat(List<List<PoolMember>> all) {
        return all.stream().flatMap(List::stream).toList();
    }

    /**
     * Lets nobody begin a transaction in an endpoint's pools, of one database or of all.
     *
     * @return completes when those that were open are over, or are resumed
     */
    public CompletableFuture<Void> pause(String endpointId, Optional<String> database) {
        paused.add(new Paused(endpointId, database));
        return onEach(of(endpointId, database), Pool::pause)
                .thenCompose(all -> CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)));
    }

    /** Undoes {@link #pause}; without a database, all that was paused. */
    public CompletableFuture<Void> resume(String endpointId, Optional<String> database) {
        paused.removeIf(each ->
                each.endpointId().equals(endpointId)
                        && (database.isEmpty() || each.database().equals(database)));
        return onEach(
                        of(endpointId, database),
                        pool -> {
                            if (!isPaused(pool.key())) {
                                pool.resume();
                            }
                            return true;
                        })
                .thenAccept(_ -> {});
    }

    /** Closes every server connection there is now, when nobody uses it. */
    public CompletableFuture<Void> reconnect(String endpointId, Optional<String> database) {
        return onEach(
                        of(endpointId, database),
                        pool -> {
                            pool.reconnect();
                            return true;
                        })
                .thenAccept(_ -> {});
    }

    boolean isPaused(PoolKey key) {
        return paused.stream()
                .anyMatch(each ->
                        each.endpointId().equals(key.endpointId())
                                && each.database()
                                        .map(database -> database.equals(key.database()))
                                        .orElse(true));
    }

    private record Paused(String endpointId, Optional<String> database) {}

    private Collection<Pool> of(String endpointId, Optional<String> database) {
        return of(endpointId).stream()
                .filter(pool -> database.map(pool.database()::equals).orElse(true))
                .toList();
    }

    Collection<Pool> of(String endpointId) {
        return pools.values().stream()
                .filter(pool -> pool.endpointId().equals(endpointId))
                .toList();
    }

    Collection<Pool> all() {
        return List.copyOf(pools.values());
    }

    /** Asks each pool on its event loop. */
    static <T> CompletableFuture<List<T>> onEach(
            Collection<Pool> pools, Function<Pool, T> question) {
        List<CompletableFuture<T>> answers =
                pools.stream()
                        .map(pool ->
                                CompletableFuture.supplyAsync(
                                        () -> question.apply(pool), pool.loop()))
                        .toList();
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .thenApply(_ -> answers.stream().map(CompletableFuture::join).toList());
    }
}
