package dev.sluice.gateway.http;

import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.http.memory.MemoryBudget;
import dev.sluice.gateway.http.pool.ServerConnections;
import dev.sluice.gateway.session.GatewayServices;
import dev.sluice.gateway.transport.Peer;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.SocketAddress;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server behind the gateway's port, on a Unix socket that connections are handed over to.
 * Connection strings carry passwords: no header is ever logged.
 */
public final class HttpDoor implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(HttpDoor.class);
    private static final int MAX_HEAD = 16 << 10;
    private static final int PREFLIGHT_SECONDS = 86_400;
    private static final long LOOK_MILLIS = 1000;

    /** How long statements may go on when the gateway closes. */
    private static final Duration DRAIN = Duration.ofSeconds(3);

    private final GatewayServices services;
    private final HttpConfig config;
    private final Vertx vertx;
    private final Logins logins;
    private final ServerConnections connections;
    private final MemoryBudget bodies;
    private final MemoryBudget answers;
    private final ConnectionWatch watch;
    private final WebSocketDoor webSockets;
    private final Set<SqlExchange> running = ConcurrentHashMap.newKeySet();
    private final HttpServer server;

    private HttpDoor(GatewayServices services, HttpConfig config) {
        this.services = services;
        this.config = config;
        this.vertx =
                Vertx.vertx(
                        new VertxOptions()
                                .setPreferNativeTransport(true)
                                .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors()));
        this.logins = new Logins(services);
        // Each has its own: one that is held by clients that do not read is no hindrance to others.
        this.bodies = new MemoryBudget(config.memoryBytes() / 2);
        this.answers = new MemoryBudget(config.memoryBytes() / 4);
        MemoryBudget rows = new MemoryBudget(config.memoryBytes() / 2);
        this.connections = new ServerConnections(services, config, rows);
        this.watch =
                new ConnectionWatch(
                        config.keepAlive(),
                        number -> services.http().ifPresent(http -> http.cut(number)));
        this.webSockets = new WebSocketDoor(vertx, services, config);
        this.server =
                vertx.createHttpServer(options())
                        .connectionHandler(watch::opened)
                        .requestHandler(this::request);
        vertx.setPeriodic(LOOK_MILLIS, _ -> watch.closeIdle());
    }

    private static HttpServerOptions options() {
        HttpServerOptions options =
                new HttpServerOptions()
                        .setUseProxyProtocol(true)
                        .setHandle100ContinueAutomatically(true)
                        .setMaxHeaderSize(MAX_HEAD);
        // HTTP/2 would take half of that, and end the connection with all of its streams at more.
        options.getInitialSettings().setMaxHeaderListSize(MAX_HEAD);
        return options;
    }

    /** The socket that connections are handed over to. */
    public static Path socket(HttpConfig config) {
        return config.sockets().resolve("http");
    }

    /**
     * Starts to serve.
     *
     * @throws IOException if it cannot listen
     */
    public static HttpDoor start(GatewayServices services, HttpConfig config) throws IOException {
        HttpDoor door = new HttpDoor(services, config);
        try {
            // Left behind by a process that was killed.
            Files.deleteIfExists(socket(config));
            door.webSockets.listen();
            door.server
                    .listen(SocketAddress.domainSocketAddress(socket(config).toString()))
                    .await();
            return door;
        } catch (Exception e) {
            door.close();
            throw new IOException(
                    "the gateway cannot serve HTTP at " + socket(config) + ": " + e.getMessage(),
                    e);
        }
    }

    private void request(HttpServerRequest request) {
        HttpConnection connection = request.connection();
        Peer peer = watch.peer(connection);
        if (request.canUpgradeToWebSocket()) {
            watch.upgraded(connection);
            services.metrics().webSocketOpened();
            webSockets.accept(request, peer);
            return;
        }
        Runnable over = watch.requestBegun(connection);
        services.metrics().httpRequest();
        request.response().endHandler(_ -> over.run());
        // A stream that is reset never gets to the end of its answer.
        request.response().closeHandler(_ -> over.run());
        switch (request.path()) {
            case "/sql" -> sql(request, peer, over);
            case "/healthz" ->
                    end(request.response().putHeader("Content-Type", "text/plain"), "ok\n");
            case null, default -> refuse(request.response(), 404, "no such path");
        }
    }

    private void sql(HttpServerRequest request, Peer peer, Runnable over) {
        HttpServerResponse response = request.response();
        String id = UUID.randomUUID().toString();
        response.putHeader("Access-Control-Allow-Origin", "*")
                .putHeader("Access-Control-Expose-Headers", SqlHeaders.EXPOSED)
                .putHeader("neon-request-id", id);
        if (request.method().equals(HttpMethod.OPTIONS)) {
            response.putHeader("Allow", "OPTIONS, POST")
                    .putHeader("Access-Control-Allow-Methods", "OPTIONS, POST")
                    .putHeader("Access-Control-Allow-Headers", SqlHeaders.ALLOWED)
                    .putHeader("Access-Control-Max-Age", Integer.toString(PREFLIGHT_SECONDS));
            end(response, "");
        } else if (request.method().equals(HttpMethod.POST)) {
            SqlExchange exchange =
                    new SqlExchange(
                            services,
                            config,
                            logins,
                            connections,
                            watch,
                            bodies.share(),
                            answers.share(),
                            request,
                            id,
                            peer);
            response.closeHandler(_ -> {
                over.run();
                exchange.abandon();
            });
            running.add(exchange);
            Thread.ofVirtual()
                    .name("sql")
                    .start(() -> {
                        try {
                            exchange.run();
                        } finally {
                            running.remove(exchange);
                        }
                    });
        } else {
            response.putHeader("Allow", "OPTIONS, POST");
            refuse(response, 405, "query is not supported");
        }
    }

    private static void refuse(HttpServerResponse response, int status, String message) {
        end(
                response.setStatusCode(status).putHeader("Content-Type", "application/json"),
                "{\"message\":\"" + message + "\"}");
    }

    private static void end(HttpServerResponse response, String text) {
        response.end(text).onFailure(e -> log.debug("a client left before its answer", e));
    }

    private void awaitRunning() {
        try {
            CompletableFuture.allOf(
                            running.stream()
                                    .map(SqlExchange::done)
                                    .toArray(CompletableFuture[]::new))
                    .get(DRAIN.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            log.info("{} statements over HTTP still run", running.size());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The statements that run now, each as a session of its own. */
    public List<SessionInfo> sessions() {
        return running.stream().map(SqlExchange::info).flatMap(Optional::stream).toList();
    }

    /** Closes an endpoint's server connections that nobody uses: its compute is about to stop. */
    public void closeIdle(String endpointId) {
        connections.closeIdle(endpointId);
    }

    /** Server connections, in use or not. */
    public int serverConnections() {
        return connections.open();
    }

    /** Stops serving; what runs is given a few seconds to finish, and is cancelled. */
    @Override
    public void close() {
        connections.close();
        awaitRunning();
        running.forEach(SqlExchange::shutDown);
        awaitRunning();
        webSockets.close();
        vertx.close().await();
    }
}
