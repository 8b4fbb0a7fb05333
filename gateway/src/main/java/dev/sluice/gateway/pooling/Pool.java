package dev.sluice.gateway.pooling;

import dev.sluice.gateway.EndpointMetrics;
import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.pooling.queue.PoolQueue;
import dev.sluice.gateway.pooling.queue.Slot;
import dev.sluice.gateway.pooling.queue.Waiter;
import dev.sluice.gateway.pooling.state.KnownSettings;
import dev.sluice.gateway.pooling.state.SimpleExchange;
import dev.sluice.gateway.pooling.statement.SharedStatement;
import dev.sluice.gateway.pooling.statement.StatementStore;
import dev.sluice.gateway.pooling.statement.StatementWatch;
import dev.sluice.gateway.routing.Route;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server connections that the clients of one endpoint, database and role share. Confined to its
 * event loop unless a method says otherwise.
 */
final class Pool implements PoolQueue.Actions<PooledClient, PooledServer>, EndpointBudget.Member {
    private static final Logger log = LoggerFactory.getLogger(Pool.class);

    /** Queries of a client that does not wait for answers that are done while others wait. */
    static final int SHARE = 32;

    /**
     * Queries of such a client that are sent before the first is answered. What is sent cannot be
     * given to another server connection: who comes to wait has to wait for all of them once.
     */
    static final int AHEAD = 256;

    private static final Duration TICK = Duration.ofMillis(100);

    private final Pools pools;
    private final PoolKey key;
    private final EventLoop loop;
    private final EndpointBudget budget;
    private final StatementStore statements = new StatementStore();
    private final StatementWatch watchOfWholeTexts = new StatementWatch();
    private final PoolCounters counters = new PoolCounters(now());
    private final PoolQueue<PooledClient, PooledServer> queue;
    private final Set<PooledClient> clients = new LinkedHashSet<>();
    private final Set<PooledServer> servers = new LinkedHashSet<>();
    private final KnownSettings known = new KnownSettings();
    private final EndpointMetrics counted;
    private final List<CompletableFuture<Void>> pausing = new ArrayList<>();
    private volatile Route route;
    private ServerLogin login;
    private boolean ticking;
    private boolean retired;
    private boolean starved;
    private @Nullable Diagnostic failure;

    Pool(Pools pools, PoolKey key, EventLoop loop, EndpointBudget budget, ServerLogin login) {
        this.pools = pools;
        this.key = key;
        this.loop = loop;
        this.budget = budget;
        this.login = login;
        this.route = login.route();
        this.counted = pools.context().metrics().endpoint(key.endpointId());
        this.queue = new PoolQueue<>(pools.settings().limits(), this);
        budget.join(this);
        if (pools.isPaused(key)) {
            queue.pause();
        }
    }

    // What it is

    @Override
    public PoolKey key() {
        return key;
    }

    EventLoop loop() {
        return loop;
    }

    /** As the last client came; from any thread. */
    Route route() {
        return route;
    }

    String endpointId() {
        return key.endpointId();
    }

    /** Where its endpoint's clients are counted. */
    EndpointMetrics counted() {
        return counted;
    }

    String database() {
        return key.database();
    }

    String user() {
        return key.role();
    }

    PoolSettings settings() {
        return pools.settings();
    }

    PoolContext context() {
        return pools.context();
    }

    PoolQueue<PooledClient, PooledServer> queue() {
        return queue;
    }

    StatementStore statements() {
        return statements;
    }

    /** For a text that is there from its beginning to its end, and is read at once. */
    StatementWatch watchOfWholeTexts() {
        return watchOfWholeTexts;
    }

    KnownSettings knownSettings() {
        return known;
    }

    PoolCounters counters() {
        return counters;
    }

    Set<PooledClient> clients() {
        return clients;
    }

    Set<PooledServer> servers() {
        return servers;
    }

    long nextServerId() {
        return pools.nextId();
    }

    static long now() {
        return System.nanoTime();
    }

    // Clients come and go

    /**
     * Lets a client in, or refuses it.
     *
     * @return false if this pool is no more: another must be asked
     */
    boolean enter(Entrant entrant, Map<String, String> startup) {
        if (retired) {
            return false;
        }
        if (clients.size() >= settings().maxClients()) {
            entrant.refused(Texts.tooManyClients("max_clients", settings().maxClients()));
            return true;
        }
        if (!budget.takeClient()) {
            entrant.refused(
                    Texts.tooManyClients(
                            "max_clients_per_endpoint", settings().maxClientsPerEndpoint()));
            return true;
        }
        login = entrant.login();
        route = login.route();
        PooledClient client =
                new PooledClient(pools.nextId(), this, entrant, known.session(startup));
        clients.add(client);
        pools.opened(client);
        entrant.channel().closeFuture().addListener(_ -> client.gone());
        client.enter();
        return true;
    }

    void left(PooledClient client) {
        if (clients.remove(client)) {
            budget.returnClient();
            pools.closed(client);
            retireLater();
        }
    }

    /** A pool that nobody has used for a while is forgotten. */
    private void retireLater() {
        if (isUnused()) {
            var _ =
                    loop.schedule(
                            this::retire, settings().idle().toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private boolean isUnused() {
        return clients.isEmpty() && servers.isEmpty() && queue.opening() == 0 && !queue.isPaused();
    }

    private void retire() {
        if (isUnused() && !retired) {
            retired = true;
            budget.leave(this);
            pools.forget(this);
        }
    }

    // What the queue decides

    @Override
    public void assign(Waiter<PooledClient> waiter, Slot<PooledServer> slot) {
        Preparation.begin(this, waiter.client(), slot.server());
    }

    @Override
    public void waits() {
        tickOn();
    }

    @Override
    public boolean open() {
        tickOn();
        starved = !budget.takeServer(this, queue.nextSince(), now());
        if (starved) {
            return false;
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("user", key.role());
        parameters.put("database", key.database());
        var _ =
                context()
                        .connector()
                        .open(
                                loop,
                                new ServerLogin(route, parameters, login.keys()),
                                new Opening(this));
        return true;
    }

    /**
     * A server connection was opened.
     *
     * @param told what the server reports
     */
    void opened(ServerConnection connection, Map<String, String> told) {
        PooledServer server =
                new PooledServer(this, connection, known.none(), known.reported(told));
        servers.add(server);
        connection.channel().pipeline().addLast("pooled", server.output());
        queue.opened(server.slot(), now());
    }

    /** It could not be. */
    void notOpened(Diagnostic why) {
        log.debug("pool {}: no server connection: {}", key, why.message());
        failure = Texts.asError(why);
        budget.returnServer(this);
        queue.openFailed(now());
        retireLater();
    }

    @Override
    public void close(Slot<PooledServer> slot) {
        slot.server().close();
    }

    @Override
    public void refuse(Waiter<PooledClient> waiter, PoolQueue.Refusal why) {
        waiter.client().refused(why);
    }

    @Override
    public void paused() {
        pausing.forEach(each -> each.complete(null));
        pausing.clear();
    }

    /** Why no server connection could be opened. */
    Diagnostic lastFailure() {
        Diagnostic last = failure;
        return last != null
                ? last
                : Texts.error(SqlState.CANNOT_CONNECT_NOW, "the compute could not be started");
    }

    // Server connections come and go

    /** The client's transaction is over. */
    void release(PooledServer server) {
        server.detach();
        if (server.isSpoilt()) {
            discard(server);
        } else if (server.isBeingCancelled()) {
            server.whenNotCancelled(() -> giveBack(server));
        } else {
            giveBack(server);
        }
    }

    private void giveBack(PooledServer server) {
        if (!server.isClosed()) {
            queue.giveBack(server.slot(), now());
        }
    }

    /** It is not to be used again. */
    void discard(PooledServer server) {
        server.close();
        queue.lost(server.slot(), now());
    }

    /**
     * A client was cut off: what it has running is cancelled, which Postgres would only be told
     * when it has done it, in a process that counts for no pool until then. Who says goodbye leaves
     * it to be done, as without a pool.
     */
    void abandoned(PooledServer server) {
        if (!server.isClosed() && !server.isConversing() && server.expected().size() > 0) {
            context().connector().cancel(loop, server.connection(), () -> {});
        }
    }

    /**
     * A client has gone and has left its server connection.
     *
     * @param dirty whether it is not as others may find it
     */
    void leftBehind(PooledServer server, boolean dirty) {
        server.detach();
        if (server.isClosed()) {
            return;
        }
        if (server.isConversing() || server.status() != 'I' || !server.expected().isSettled()) {
            discard(server);
        } else if (dirty) {
            SimpleExchange exchange = SimpleExchange.discardAll();
            server.converse(
                    exchange,
                    () -> {
                        if (server.isClosed()) {
                            return;
                        }
                        if (exchange.isFailed()) {
                            discard(server);
                            return;
                        }
                        server.statementsGone();
                        server.isNow(known.none());
                        release(server);
                    });
        } else {
            release(server);
        }
    }

    /** A statement must be prepared again, on every server connection that has it. */
    void outdated(SharedStatement statement) {
        servers.forEach(server -> server.statements().outdate(statement));
    }

    /** A server connection broke. */
    void lost(PooledServer server) {
        queue.lost(server.slot(), now());
    }

    void serverClosed(PooledServer server) {
        if (servers.remove(server)) {
            budget.returnServer(this);
            retireLater();
        }
    }

    @Override
    public void roomMayBe() {
        loop.execute(() -> {
            queue.grow(now());
            leaveToOthers();
        });
    }

    /** Nobody keeps room for a pool whose clients have been served otherwise, or have gone. */
    private void leaveToOthers() {
        if (starved && !queue.isShort()) {
            starved = false;
            budget.wantsNone(this);
        }
    }

    @Override
    public void giveUp() {
        loop.execute(() -> queue.giveUp(now()));
    }

    @Override
    public boolean isNeededElsewhere(long wait, long now) {
        return budget.isNeeded(this, wait, now);
    }

    private void tickOn() {
        if (!ticking) {
            ticking = true;
            tickLater();
        }
    }

    private void tickLater() {
        var _ = loop.schedule(this::tick, TICK.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void tick() {
        queue.tick(now());
        leaveToOthers();
        counters.tick(now());
        if (servers.isEmpty() && queue.waiting() == 0 && queue.opening() == 0) {
            ticking = false;
        } else {
            tickLater();
        }
    }

    // What operators and the control plane want

    CompletableFuture<Void> pause() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        pausing.add(done);
        queue.pause();
        return done;
    }

    List<PoolMember> clientMembers() {
        long now = now();
        return clients.stream().map(client -> client.member(now)).toList();
    }

    List<PoolMember> serverMembers() {
        return servers.stream().map(PooledServer::member).toList();
    }

    void resume() {
        queue.resume(now());
        pausing.forEach(each -> each.complete(null));
        pausing.clear();
    }

    void reconnect() {
        queue.reconnect(now());
    }

    PoolInfo info() {
        int pinned = 0;
        int active = 0;
        for (PooledClient client : clients) {
            pinned += client.isPinned() ? 1 : 0;
            active += client.server() != null ? 1 : 0;
        }
        return new PoolInfo(
                key.endpointId(),
                key.database(),
                key.role(),
                clients.size(),
                active,
                queue.waiting(),
                pinned,
                queue.busy(),
                queue.idle(),
                queue.opening(),
                (int) servers.stream().filter(PooledServer::isBeingCancelled).count(),
                queue.isPaused(),
                queue.longestWait(now()),
                counters.snapshot(),
                counters.lastMinute(now()));
    }

    /** The limits may be others. */
    void settingsChanged() {
        queue.change(settings().limits());
        queue.grow(now());
    }

    /** Closes the server connections that nobody has; returns whether all are closed then. */
    boolean sleep() {
        queue.closeIdle(Integer.MAX_VALUE);
        return servers.isEmpty() && queue.opening() == 0;
    }
}
