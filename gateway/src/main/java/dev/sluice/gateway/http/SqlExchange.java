package dev.sluice.gateway.http;

import dev.sluice.gateway.HttpConfig;
import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.http.memory.MemoryBudget;
import dev.sluice.gateway.http.pool.Lease;
import dev.sluice.gateway.http.pool.Results;
import dev.sluice.gateway.http.pool.ServerConnections;
import dev.sluice.gateway.http.pool.SqlErrorException;
import dev.sluice.gateway.http.sql.BadRequestException;
import dev.sluice.gateway.http.sql.ErrorJson;
import dev.sluice.gateway.http.sql.ResultWriter;
import dev.sluice.gateway.http.sql.SqlQuery;
import dev.sluice.gateway.http.sql.SqlRequest;
import dev.sluice.gateway.session.GatewayServices;
import dev.sluice.gateway.transport.Peer;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.RowDescription;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@code POST /sql}, from its head to the end of its answer, on a thread of its own. The client
 * is let in by the headers before its body is read. When it leaves early, its statement is
 * cancelled.
 */
final class SqlExchange {
    private static final Logger log = LoggerFactory.getLogger(SqlExchange.class);

    /** The status of everything that is told with an SQLSTATE: the driver reads it in no other. */
    private static final int SQL_ERROR = 400;

    /**
     * HTTP/2's code (RFC 9113, section 7) for an answer that is broken off. Without one it would be
     * NO_ERROR, which clients take for the answer's regular end.
     */
    private static final long INTERNAL_ERROR = 0x2;

    private static final int REQUEST_TIMEOUT = 408;
    private static final int REQUEST_TOO_LARGE = 413;
    private static final int RESPONSE_TOO_LARGE = 507;

    private final GatewayServices services;
    private final HttpConfig config;
    private final Logins logins;
    private final ServerConnections connections;
    private final ConnectionWatch watch;
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final RequestBody body;
    private final MemoryBudget.Share memory;
    private final String requestId;
    private final Peer peer;
    private final long id;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private volatile @Nullable Login login;
    private @Nullable Lease lease;
    private boolean abandoned;
    private volatile boolean shutDown;

    /** On the request's event loop, before it returns. */
    SqlExchange(
            GatewayServices services,
            HttpConfig config,
            Logins logins,
            ServerConnections connections,
            ConnectionWatch watch,
            MemoryBudget.Share forBody,
            MemoryBudget.Share forAnswer,
            HttpServerRequest request,
            String requestId,
            Peer peer) {
        this.services = services;
        this.config = config;
        this.logins = logins;
        this.connections = connections;
        this.watch = watch;
        this.request = request;
        this.response = request.response();
        this.requestId = requestId;
        this.peer = peer;
        this.id = services.sessions().nextId();
        this.body = new RequestBody(request, config.limits().requestBytes(), forBody);
        this.memory = forAnswer;
        response.exceptionHandler(e -> log.debug("answering a client failed", e));
    }

    /** What runs here, if a client was let in and is not answered yet. */
    Optional<SessionInfo> info() {
        Login who = login;
        return who == null
                ? Optional.empty()
                : Optional.of(
                        new SessionInfo(
                                id,
                                who.key().route(),
                                who.database(),
                                who.role(),
                                SessionInfo.State.ACTIVE,
                                System.nanoTime()));
    }

    /** Completes when all is done. */
    CompletableFuture<Void> done() {
        return done;
    }

    /** Nobody waits for the answer any more. */
    void abandon() {
        if (response.ended()) {
            return;
        }
        Lease running;
        synchronized (this) {
            abandoned = true;
            running = lease;
        }
        if (running != null) {
            Thread.ofVirtual().name("sql-cancel").start(running::cancel);
        }
    }

    /** The gateway closes: what still runs is cancelled, and its client told why. */
    void shutDown() {
        shutDown = true;
        abandon();
    }

    private synchronized void running(@Nullable Lease now) throws AnswerStream.ClientGoneException {
        lease = now;
        if (abandoned && now != null) {
            throw new AnswerStream.ClientGoneException("the client left", null);
        }
    }

    /** Does it all; never throws. */
    void run() {
        try {
            answer();
        } catch (BadRequestException e) {
            fail(e.diagnostic());
        } catch (SqlErrorException e) {
            boolean cancelled = e.diagnostic().sqlState().equals(SqlState.QUERY_CANCELED.code());
            fail(shutDown && cancelled ? GatewayServices.shutDown() : e.diagnostic());
        } catch (WireFormatException e) {
            log.info("a compute broke the protocol: {}", e.getMessage());
            fail(error(SqlState.PROTOCOL_VIOLATION, String.valueOf(e.getMessage())));
        } catch (RequestBody.TooLargeException e) {
            refuse(REQUEST_TOO_LARGE, e);
        } catch (AnswerStream.TooLargeException e) {
            refuse(RESPONSE_TOO_LARGE, e);
        } catch (AnswerStream.ClientGoneException e) {
            log.debug("not answered", e);
            if (response.headWritten()) {
                leave();
            } else {
                refuse(REQUEST_TIMEOUT, e);
            }
        } catch (InterruptedException | IOException | RuntimeException e) {
            fail(services.diagnostic(e));
        } finally {
            body.discard();
            memory.release();
            done.complete(null);
        }
    }

    private static Diagnostic error(SqlState state, String message) {
        return Diagnostic.of(Diagnostic.Severity.ERROR, state, message);
    }

    private void answer() throws SqlErrorException, IOException, InterruptedException {
        SqlHeaders headers = SqlHeaders.of(request);
        Login who = logins.login(headers.connection(), headers.token(), peer, requestId);
        SqlRequest sql =
                SqlRequest.parse(body.read(config.pool().patience(), config.requestTimeout()));
        response.putHeader("Content-Type", "application/json");
        if (sql.isBatch()) {
            headers.echo(response);
        }
        AnswerStream out =
                new AnswerStream(
                        response,
                        config.limits().heldBytes(),
                        config.limits().responseBytes(),
                        config.requestTimeout(),
                        memory);
        try (ResultWriter writer = new ResultWriter(out, headers.rawText(), sql.isBatch())) {
            if (sql.queries().isEmpty()) {
                writer.finish();
                out.end();
                return;
            }
            login = who;
            services.listener().opened(who.key().route(), id);
            try (Lease lent = connections.lend(who.key(), who.keys())) {
                running(lent);
                if (who.claims().isPresent()) {
                    lent.run(claims(who.claims().get()), Results.NONE, false);
                }
                execute(lent, headers, sql, writer);
                writer.finish();
                lent.finishing();
                out.end();
            } finally {
                running(null);
                login = null;
                services.listener().closed(who.key().route(), id);
            }
            out.awaitEnd();
        }
    }

    /** For policies of the database to go by, as PostgREST has it; reset with the session. */
    private static SqlQuery claims(String json) {
        return new SqlQuery(
                "select pg_catalog.set_config('request.jwt.claims', $1, false)",
                List.of(json),
                null);
    }

    private static void execute(
            Lease lease, SqlHeaders headers, SqlRequest sql, ResultWriter writer)
            throws SqlErrorException, IOException, InterruptedException {
        if (!sql.isBatch()) {
            SqlQuery query = sql.queries().getFirst();
            lease.run(query, new Writing(writer, headers, query), true);
            return;
        }
        lease.run(headers.batch().begin());
        try {
            for (SqlQuery query : sql.queries()) {
                lease.run(query, new Writing(writer, headers, query), false);
            }
            lease.run("COMMIT");
        } catch (SqlErrorException e) {
            rollBack(lease);
            throw e;
        }
    }

    /** So that the connection can be used again; if that fails too, it is closed. */
    private static void rollBack(Lease lease) throws IOException, InterruptedException {
        try {
            if (lease.isInTransaction()) {
                lease.run("ROLLBACK");
            }
        } catch (SqlErrorException e) {
            log.debug("a transaction could not be rolled back", e);
        }
    }

    /** A result on its way into the answer. */
    private record Writing(ResultWriter writer, SqlHeaders headers, SqlQuery query)
            implements Results {
        @Override
        public void columns(List<RowDescription.Field> columns) throws IOException {
            Boolean own = query.arrayMode();
            writer.begin(columns, own == null ? headers.arrayMode() : own);
        }

        @Override
        public void row(List<@Nullable ByteBuf> values) throws IOException {
            writer.row(values);
        }

        @Override
        public void complete(String tag) throws IOException {
            writer.end(tag);
        }
    }

    private void fail(Diagnostic diagnostic) {
        end(SQL_ERROR, Buffer.buffer(ErrorJson.of(diagnostic)), false);
    }

    private void refuse(int status, IOException why) {
        end(
                status,
                Buffer.buffer(
                        ErrorJson.of(
                                error(new SqlState("54000"), String.valueOf(why.getMessage())))),
                true);
    }

    /** The client does not take its answer, or is gone: nothing is kept for it. */
    private void leave() {
        if (request.version() == HttpVersion.HTTP_2) {
            var _ = response.reset(INTERNAL_ERROR);
        } else {
            watch.cut(request.connection());
        }
    }

    /** An answer that was begun can only be broken off: its status was sent. */
    private void end(int status, Buffer text, boolean close) {
        if (response.closed() || response.ended()) {
            return;
        }
        if (response.headWritten()) {
            log.debug("an answer was broken off: {}", text);
            var _ = response.reset(INTERNAL_ERROR);
            return;
        }
        if (close && request.version() != HttpVersion.HTTP_2) {
            response.putHeader("Connection", "close");
        }
        response.setStatusCode(status)
                .putHeader("Content-Type", "application/json")
                .end(text)
                .onFailure(e -> log.debug("a client left before its answer", e));
    }
}
