package dev.sluice.gateway.pooling;

import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.pooling.queue.Slot;
import dev.sluice.gateway.pooling.state.ReportedSettings;
import dev.sluice.gateway.pooling.state.SessionSettings;
import dev.sluice.gateway.pooling.statement.Expectations;
import dev.sluice.gateway.pooling.statement.ServerStatements;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.Terminate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A server connection of a pool: which client it has at the moment, the settings and statements
 * that are there, and conversations of the gateway's own with it. What it says is read by {@link
 * ServerOutput}. Confined to the pool's event loop.
 */
final class PooledServer {
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    /** What the unnamed statement is after a conversation of ours. */
    static final UnnamedStatement UNKNOWN = UnnamedStatement.none(0, null);

    private final Pool pool;
    private final ServerConnection connection;
    private final Channel channel;
    private final Slot<PooledServer> slot = new Slot<>(this);
    private final ServerStatements statements;
    private final Expectations expected;
    private final ServerOutput output = new ServerOutput(this);

    private SessionSettings settings;
    private ReportedSettings reported;
    private @Nullable PooledClient client;
    private @Nullable UnnamedStatement unnamed;
    private @Nullable Exchange exchange;
    private @Nullable Runnable exchanged;
    private byte status = 'I';
    private @Nullable Diagnostic lastWords;
    private boolean closed;
    private boolean spoilt;
    private int cancels;
    private @Nullable Runnable whenNotCancelled;
    private final long id;
    private final long openedAtNanos = System.nanoTime();
    private final long openedAt = System.currentTimeMillis();
    private long assignedAtMillis = openedAt;

    PooledServer(
            Pool pool,
            ServerConnection connection,
            SessionSettings settings,
            ReportedSettings reported) {
        this.pool = pool;
        this.id = pool.nextServerId();
        this.connection = connection;
        this.channel = connection.channel();
        this.settings = settings;
        this.reported = reported;
        this.statements = new ServerStatements(pool.statements());
        this.expected = new Expectations(this::undone);
        slot.mark(settings);
    }

    Pool pool() {
        return pool;
    }

    /** The handler that reads what it says. */
    ServerOutput output() {
        return output;
    }

    Slot<PooledServer> slot() {
        return slot;
    }

    ServerConnection connection() {
        return connection;
    }

    Channel channel() {
        return channel;
    }

    Expectations expected() {
        return expected;
    }

    ServerStatements statements() {
        return statements;
    }

    SessionSettings settings() {
        return settings;
    }

    ReportedSettings reported() {
        return reported;
    }

    void isNow(SessionSettings now) {
        settings = now;
        slot.mark(now);
    }

    /** The server has told the value of a setting. */
    void reports(String name, String value) {
        reported = pool.knownSettings().reported(reported.with(name, value));
    }

    @Nullable PooledClient client() {
        return client;
    }

    /** The transaction status that the server last told. */
    byte status() {
        return status;
    }

    void statusIs(byte told) {
        status = told;
    }

    long id() {
        return id;
    }

    /** It has a statement with a name that is not ours: nobody else must find that. */
    void spoil() {
        spoilt = true;
    }

    /** Whether it is good for the client of the moment only. */
    boolean isSpoilt() {
        return spoilt || expected.isDoubtful();
    }

    boolean isClosed() {
        return closed;
    }

    /** Whether the unnamed statement is this one. */
    boolean hasUnnamed(UnnamedStatement statement) {
        return statement.equals(unnamed);
    }

    boolean hasNoUnnamed() {
        return unnamed == null;
    }

    void unnamedIs(@Nullable UnnamedStatement statement) {
        unnamed = statement;
    }

    /** From now on what the server says is for this client. */
    void attach(PooledClient to, long now) {
        client = to;
        assignedAtMillis = openedAt + (now - openedAtNanos) / 1_000_000;
    }

    /** What the server says is for nobody. */
    void detach() {
        client = null;
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    private void undone(byte kind, @Nullable Object subject, boolean byItself) {
        PooledClient of = client;
        if (of != null) {
            of.undone(this, kind, subject, byItself);
        }
    }

    /** Holds a conversation of ours; nothing else may be under way. */
    void converse(Exchange with, Runnable then) {
        exchange = with;
        exchanged = then;
        if (unnamed != null) {
            unnamed = UNKNOWN;
        }
        ByteBuf question = channel.alloc().buffer();
        with.ask(question);
        Outbound.send(channel, question);
    }

    boolean isConversing() {
        return exchange != null;
    }

    /** The transaction is over and everything is answered, unless the client is in the middle. */
    void finish() {
        PooledClient to = client;
        if (to != null && !closed && status == 'I' && expected.isSettled()) {
            to.transactionOver();
        }
    }

    /** The server has deallocated all that it had. */
    void statementsGone() {
        statements.clear(statement ->
                expected.isExpected(Expectations.INJECTED_PARSE, statement)
                        || expected.isExpected(Expectations.PARSE, statement));
    }

    /** A message that answers a conversation of ours, if one is held. */
    void answered(byte type, ByteBuf body) {
        Exchange with = exchange;
        if (with == null) {
            throw new WireFormatException(
                    "message of type " + FrameHeader.typeName(type) + " unasked");
        }
        if (with.answered(type, body)) {
            exchanged();
        }
    }

    private void exchanged() {
        Runnable then = exchanged;
        exchange = null;
        exchanged = null;
        if (then != null) {
            // after what is being read has been dealt with
            channel.eventLoop().execute(then);
        }
    }

    /**
     * A cancel request for what runs here is on its way: nobody else gets it before it has gone.
     */
    void cancelBegins() {
        cancels++;
    }

    void cancelEnds() {
        cancels--;
        Runnable then = whenNotCancelled;
        if (cancels == 0 && then != null) {
            whenNotCancelled = null;
            then.run();
        }
    }

    boolean isBeingCancelled() {
        return cancels > 0;
    }

    void whenNotCancelled(Runnable then) {
        if (cancels == 0) {
            then.run();
        } else {
            whenNotCancelled = then;
        }
    }

    /** For SHOW SERVERS. */
    PoolMember member() {
        PooledClient of = client;
        BackendKeyData key = connection.key();
        return new PoolMember(
                pool.user(),
                pool.database(),
                cancels > 0 ? "being_canceled" : slot.isIdle() ? "idle" : "active",
                "",
                0,
                openedAt,
                assignedAtMillis,
                0,
                id,
                of == null ? 0 : of.id(),
                key == null ? 0 : key.processId(),
                "",
                "",
                statements.size());
    }

    /** Says goodbye and closes. */
    void close() {
        if (!closed) {
            closed = true;
            if (channel.isActive()) {
                ByteBuf goodbye = channel.alloc().buffer();
                new Terminate().encode(goodbye);
                Outbound.write(channel, goodbye);
            }
            Transport.closeAfterFlush(channel, LAST_WORDS);
            over();
        }
    }

    /** The server has said that it ends the session, and why. */
    void lastWords(Diagnostic fatal) {
        lastWords = fatal;
    }

    /** It is of no use: it gives no sign of life, or does not speak the protocol. */
    void broken() {
        if (!closed) {
            closed = true;
            Outbound.close(channel);
            lost();
        }
    }

    /** Its connection is closed. */
    void closedByServer() {
        if (!closed) {
            closed = true;
            lost();
        }
    }

    private void over() {
        output.close();
        statements.clear(_ -> false);
        pool.serverClosed(this);
    }

    private void lost() {
        Runnable then = exchanged;
        exchange = null;
        exchanged = null;
        PooledClient of = client;
        over();
        pool.lost(this);
        if (of != null) {
            of.serverLost(this, lastWords, output.isInMessage());
            client = null;
        } else if (then != null) {
            then.run();
        }
    }
}
