package dev.sluice.gateway.pooling;

import dev.sluice.gateway.EndpointMetrics;
import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.compute.ServerLogin;
import dev.sluice.gateway.pooling.queue.PoolQueue;
import dev.sluice.gateway.pooling.queue.Slot;
import dev.sluice.gateway.pooling.queue.Waiter;
import dev.sluice.gateway.pooling.state.ReportedSettings;
import dev.sluice.gateway.pooling.state.SessionSettings;
import dev.sluice.gateway.pooling.state.SettingsExchange;
import dev.sluice.gateway.pooling.state.SimpleExchange;
import dev.sluice.gateway.pooling.statement.StatementStore;
import dev.sluice.gateway.routing.Route;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ParameterStatus;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
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

    /** Queries of a client that does not wait for answers, while others wait. */
    static final int SHARE = 32;

    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(5);

    /** How many different sets of settings are remembered. */
    private static final int MAX_INTERNED = 1000;

    private final Pools pools;
    private final PoolKey key;
    private final EventLoop loop;
    private final EndpointBudget budget;
    private final StatementStore statements = new StatementStore();
    private final PoolCounters counters = new PoolCounters();
    private final PoolQueue<PooledClient, PooledServer> queue;
    private final Set<PooledClient> clients = new LinkedHashSet<>();
    private final Set<PooledServer> servers = new LinkedHashSet<>();
    private final Map<Map<String, String>, SessionSettings> settingsByValues = lru();
    private final Map<Map<String, String>, ReportedSettings> reportedByValues = lru();
    private final EndpointMetrics counted;
    private final SessionSettings bare = new SessionSettings(Map.of());
    private final List<CompletableFuture<Void>> pausing = new ArrayList<>();
    private volatile Route route;
    private ServerLogin login;
    private boolean ticking;
    private PoolInfo.Counters lastMinute = PoolInfo.Counters.NONE;
    private PoolInfo.Counters beforeMinute = PoolInfo.Counters.NONE;
    private long minuteBegan = now();
    private boolean retired;
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
        settingsByValues.put(Map.of(), bare);
        budget.join(this);
        if (pools.isPaused(key)) {
            queue.pause();
        }
    }

    private static <V> Map<Map<String, String>, V> lru() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Map<String, String>, V> eldest) {
                return size() > MAX_INTERNED;
            }
        };
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

    SessionSettings intern(Map<String, String> values) {
        return settingsByValues.computeIfAbsent(
                Map.copyOf(values), _ -> new SessionSettings(values));
    }

    ReportedSettings internReported(Map<String, String> values) {
        return reportedByValues.computeIfAbsent(
                Map.copyOf(values), _ -> new ReportedSettings(values));
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
            entrant.refused(Texts.tooManyClients(settings().maxClients()));
            return true;
        }
        if (!budget.takeClient()) {
            entrant.refused(Texts.tooManyClients(settings().maxClientsPerEndpoint()));
            return true;
        }
        login = entrant.login();
        route = login.route();
        PooledClient client = new PooledClient(pools.nextId(), this, entrant, intern(startup));
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
        PooledClient client = waiter.client();
        PooledServer server = slot.server();
        if (now() - slot.idleSince() > settings().check().toNanos()) {
            SimpleExchange anybodyThere = SimpleExchange.sync();
            var deadline =
                    loop.schedule(server::giveUp, SIGN_OF_LIFE.toMillis(), TimeUnit.MILLISECONDS);
            server.converse(
                    anybodyThere,
                    () -> {
                        deadline.cancel(false);
                        prepare(client, server);
                    });
        } else {
            prepare(client, server);
        }
    }

    /** Gives a server connection the settings that the client wants. */
    private void prepare(PooledClient client, PooledServer server) {
        if (isUseless(client, server)) {
            return;
        }
        if (server.settings() != client.settings()) {
            SettingsExchange exchange = new SettingsExchange(server.settings(), client.settings());
            if (!exchange.isNothing()) {
                server.converse(exchange, () -> prepared(client, server, exchange));
                return;
            }
            server.isNow(client.settings());
        }
        client.attached(server, now());
    }

    private void prepared(PooledClient client, PooledServer server, SettingsExchange exchange) {
        if (isUseless(client, server)) {
            return;
        }
        Diagnostic error = exchange.error();
        if (error == null) {
            server.isNow(client.settings());
            client.attached(server, now());
        } else if (server.settings() != bare && error.sqlState().startsWith("57")) {
            // a timeout of the client before
            discard(server);
            queue.askAgain(client.place(), now());
        } else {
            queue.giveBack(server.slot(), now());
            client.refused(error);
        }
    }

    /** Whether one of the two has gone meanwhile. */
    private boolean isUseless(PooledClient client, PooledServer server) {
        if (server.isClosed()) {
            if (!client.isEnded()) {
                queue.askAgain(client.place(), now());
            }
            return true;
        }
        if (client.isEnded()) {
            queue.giveBack(server.slot(), now());
            return true;
        }
        return false;
    }

    @Override
    public boolean open() {
        tickOn();
        if (!budget.takeServer(this)) {
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
                                new Opening());
        return true;
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
        Diagnostic known = failure;
        return known != null
                ? known
                : Texts.error(SqlState.CANNOT_CONNECT_NOW, "the compute could not be started");
    }

    // Server connections come and go

    /** The client's transaction is over. */
    void release(PooledServer server) {
        server.detach();
        if (server.expected().isDoubtful()) {
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

    private void discard(PooledServer server) {
        server.close();
        queue.lost(server.slot(), now());
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
                        server.isNow(bare);
                        release(server);
                    });
        } else {
            release(server);
        }
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
        loop.execute(() -> queue.grow(now()));
    }

    @Override
    public void giveUpIdle() {
        loop.execute(() -> {
            if (queue.waiting() == 0) {
                queue.closeIdle(1);
            }
        });
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
        var _ = lastMinute();
        if (servers.isEmpty() && queue.waiting() == 0) {
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

    private PoolInfo.Counters lastMinute() {
        long now = now();
        if (now - minuteBegan >= MINUTE) {
            PoolInfo.Counters counted = counters.snapshot();
            // a minute in which nobody looked, and nothing happened, counts as the last one
            long minutes = (now - minuteBegan) / MINUTE;
            lastMinute = minutes == 1 ? counted.minus(beforeMinute) : PoolInfo.Counters.NONE;
            beforeMinute = counted;
            minuteBegan += minutes * MINUTE;
        }
        return lastMinute;
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
                lastMinute());
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

    private final class Opening implements ComputeConnector.Passenger {
        private final Map<String, String> told = new TreeMap<>();

        @Override
        public void told(BackendMessage message) {
            if (message instanceof ParameterStatus status) {
                told.put(status.name(), status.value());
            }
        }

        @Override
        public void ready(ServerConnection connection) {
            PooledServer server =
                    new PooledServer(Pool.this, connection, bare, internReported(told));
            servers.add(server);
            connection.channel().pipeline().addLast("pooled", server);
            queue.opened(server.slot(), now());
        }

        @Override
        public void refused(Diagnostic diagnostic) {
            failed(diagnostic);
        }

        @Override
        public void notWoken(Throwable cause) {
            context().metrics().wakeFailed();
            failed(context().diagnose().apply(cause));
        }

        @Override
        public void unreachable(Throwable cause) {
            context().metrics().wakeFailed();
            failed(
                    Texts.error(SqlState.CANNOT_CONNECT_NOW, "Couldn't connect to compute node")
                            .withHint("It may be restarting: try again."));
        }

        private void failed(Diagnostic why) {
            log.debug("pool {}: no server connection: {}", key, why.message());
            failure = Texts.asError(why);
            budget.returnServer(Pool.this);
            queue.openFailed(now());
            retireLater();
        }
    }
}
