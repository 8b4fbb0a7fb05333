package dev.sluice.controlplane.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.project.Refusal;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.MethodOverrideHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves HTTP: {@code /api/v2} to holders of the API key, {@code /metrics} and {@code /healthz} to
 * anybody who can reach the address (this machine, unless set otherwise).
 *
 * <p>Requests block on catalog, storage and computes, so each runs on a virtual thread, off
 * Vert.x's event loops.
 */
public final class ApiServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ApiServer.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_BODY = 1 << 20;

    /** Makes a POST the method that it names, for clients that cannot send that. */
    public static final String METHOD_OVERRIDE = "X-HTTP-METHOD-OVERRIDE";

    /** What a request asks: its path's parameters, query and body. */
    public record Request(RoutingContext context, ObjectNode body) {
        public String path(String name) {
            return Objects.requireNonNull(context.pathParam(name), name);
        }

        public Optional<String> query(String name) {
            return Optional.ofNullable(context.request().getParam(name))
                    .filter(text -> !text.isEmpty());
        }

        /** A field of the object {@code outer} in the body, as text; empty when absent. */
        public Optional<String> text(String outer, String field) {
            JsonNode node = body.path(outer).path(field);
            return node.isValueNode() && !node.isNull()
                    ? Optional.of(node.asText())
                    : Optional.empty();
        }
    }

    /** What a request is answered: a status and a JSON object. */
    public record Answer(int status, ObjectNode body) {
        static Answer ok(String field, JsonNode value) {
            return new Answer(200, object(field, value));
        }

        static ObjectNode object(String field, JsonNode value) {
            return JsonNodeFactory.instance.objectNode().set(field, value);
        }
    }

    /** Answers one kind of request; may block. */
    public interface Handler {
        Answer handle(Request request) throws IOException;
    }

    private final Vertx vertx;
    private final Router router;
    private final byte[] expectedAuthorization;
    private volatile Runnable afterChange = () -> {};
    private @Nullable HttpServer server;

    public ApiServer(String apiKey) {
        this.vertx = Vertx.vertx();
        this.router = Router.router(vertx);
        this.expectedAuthorization = ("Bearer " + apiKey).getBytes(StandardCharsets.UTF_8);
        router.route().handler(BodyHandler.create(false).setBodyLimit(MAX_BODY));
        router.post("/api/v2/*").order(-1).handler(MethodOverrideHandler.create());
        router.get("/healthz")
                .handler(context ->
                        end(context.response().putHeader("Content-Type", "text/plain"), "ok\n"));
        router.route("/api/v2/*").handler(this::authenticate);
    }

    /** Adds a route under {@code /api/v2}; {@code :name} in the path is a parameter. */
    public ApiServer route(HttpMethod method, String path, Handler handler) {
        router.route(method, "/api/v2" + path)
                .handler(context ->
                        Thread.ofVirtual().name("api").start(() -> answer(context, handler)));
        return this;
    }

    /** What is to be done after a request that may have changed something, before its answer. */
    public void afterChange(Runnable action) {
        afterChange = action;
    }

    /** Serves {@code /metrics} from what {@code scrape} returns, in Prometheus's text format. */
    public ApiServer metrics(Supplier<String> scrape) {
        router.get("/metrics")
                .handler(context ->
                        Thread.ofVirtual()
                                .name("metrics")
                                .start(() ->
                                        end(
                                                context.response()
                                                        .putHeader(
                                                                "Content-Type",
                                                                "text/plain; version=0.0.4;"
                                                                        + " charset=utf-8"),
                                                scrape.get())));
        return this;
    }

    /**
     * Starts to listen.
     *
     * @param port 0 for any free one
     * @return the port
     */
    public int listen(String host, int port) throws IOException {
        router.route("/*")
                .last()
                .handler(context ->
                        refuse(context, 404, "no such route: " + context.request().path()));
        try {
            HttpServer started =
                    vertx.createHttpServer(new HttpServerOptions().setHost(host).setPort(port))
                            .requestHandler(router)
                            .listen()
                            .await();
            server = started;
            return started.actualPort();
        } catch (Exception e) {
            // Vert.x throws what the system says, checked or not, undeclared.
            throw new IOException(
                    "cannot serve the API at "
                            + host
                            + ":"
                            + port
                            + ": "
                            + e.getMessage()
                            + " (choose another with --api-port)",
                    e);
        }
    }

    private void authenticate(RoutingContext context) {
        String given = context.request().getHeader("Authorization");
        boolean right =
                given != null
                        && MessageDigest.isEqual(
                                given.getBytes(StandardCharsets.UTF_8), expectedAuthorization);
        if (right) {
            context.next();
        } else {
            refuse(context, 401, "missing or wrong API key");
        }
    }

    private void answer(RoutingContext context, Handler handler) {
        try {
            Answer answer = handle(context, handler);
            if (answer.status() == 204) {
                end(context.response().setStatusCode(204), "");
            } else {
                end(
                        context.response()
                                .setStatusCode(answer.status())
                                .putHeader("Content-Type", "application/json"),
                        answer.body().toString());
            }
        } catch (Refusal e) {
            refuse(context, e.reason().httpStatus(), String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException e) {
            refuse(context, 400, String.valueOf(e.getMessage()));
        } catch (CompletionException | IOException e) {
            log.error("{} {} failed", context.request().method(), context.request().path(), e);
            Throwable cause =
                    e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            refuse(context, 500, String.valueOf(cause.getMessage()));
        } catch (RuntimeException e) {
            log.error("{} {} failed", context.request().method(), context.request().path(), e);
            refuse(context, 500, "internal error: " + e);
        }
    }

    /** One that fails may have changed something, too. */
    private Answer handle(RoutingContext context, Handler handler) throws IOException {
        try {
            return handler.handle(new Request(context, body(context)));
        } finally {
            if (!context.request().method().equals(HttpMethod.GET)) {
                afterChange.run();
            }
        }
    }

    private static ObjectNode body(RoutingContext context) {
        String text = context.body() == null ? null : context.body().asString();
        if (text == null || text.isBlank()) {
            return JsonNodeFactory.instance.objectNode();
        }
        try {
            if (JSON.readTree(text) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "the body is not JSON: " + e.getOriginalMessage(),
                    e);
        }
        throw new Refusal(Refusal.Reason.BAD_REQUEST, "the body is not a JSON object");
    }

    private static void refuse(RoutingContext context, int status, String message) {
        ObjectNode error = JsonNodeFactory.instance.objectNode();
        error.put("request_id", UUID.randomUUID().toString());
        error.put("code", "");
        error.put("message", message);
        end(
                context.response()
                        .setStatusCode(status)
                        .putHeader("Content-Type", "application/json"),
                error.toString());
    }

    /** Sends the answer; a client that is gone by then is no concern of ours. */
    private static void end(HttpServerResponse response, String text) {
        response.end(text).onFailure(e -> log.debug("a client left before its answer", e));
    }

    @Override
    public void close() {
        if (server != null) {
            server.close().await();
        }
        vertx.close().await();
    }
}
