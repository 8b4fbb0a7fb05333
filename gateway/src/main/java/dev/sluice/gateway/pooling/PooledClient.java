package dev.sluice.gateway.pooling;

import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.pooling.queue.PoolQueue;
import dev.sluice.gateway.pooling.queue.Waiter;
import dev.sluice.gateway.pooling.state.ReportedSettings;
import dev.sluice.gateway.pooling.state.SessionSettings;
import dev.sluice.gateway.pooling.state.StateExchange;
import dev.sluice.gateway.transport.Outbound;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NoticeResponse;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client of a pool: which server connection it has at the moment, if any, what it is owed when
 * that breaks, and what it leaves behind. What it sends is read by {@link ClientInput}. Confined to
 * the pool's event loop, but for {@link #info}.
 */
final class PooledClient {
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);
    private static final ReportedSettings NOTHING = new ReportedSettings(Map.of());

    private final long id;
    private final Pool pool;
    private final Channel channel;
    private final Entrant.Who who;
    private final SessionSettings startup;
    private final ClientInput input;
    private final ClientTimes times;
    private final Waiter<PooledClient> place = new Waiter<>(this);

    private @Nullable Entrant entrant;
    private SessionSettings settings;
    private ReportedSettings told;
    private @Nullable PooledServer server;
    private boolean asking;
    private final Pinning pinning = new Pinning();
    private boolean withheld;
    private boolean probing;
    private @Nullable Diagnostic loss;
    private ReportedSettings reportedAtStart;
    private int served;
    private boolean cancelled;
    private boolean ended;
    private volatile SessionInfo.State state = SessionInfo.State.PARKED;

    PooledClient(long id, Pool pool, Entrant entrant, SessionSettings startup) {
        this.id = id;
        this.pool = pool;
        this.entrant = entrant;
        this.channel = entrant.channel();
        this.who = entrant.who();
        this.startup = startup;
        this.settings = startup;
        this.told = NOTHING;
        this.reportedAtStart = NOTHING;
        this.input = new ClientInput(this, pool.statements());
        this.times = new ClientTimes(this);
    }

    ClientInput input() {
        return input;
    }

    ClientTimes times() {
        return times;
    }

    Pool pool() {
        return pool;
    }

    Channel channel() {
        return channel;
    }

    long id() {
        return id;
    }

    Waiter<PooledClient> place() {
        return place;
    }

    SessionSettings settings() {
        return settings;
    }

    @Nullable PooledServer server() {
        return server;
    }

    boolean isPinned() {
        return pinning.isPinned();
    }

    Pinning pinning() {
        return pinning;
    }

    boolean isEnded() {
        return ended;
    }

    /** Whether it has a server connection, waits for one, or is being asked about. */
    boolean isBusy() {
        PooledServer has = server;
        return place.isWaiting()
                || input.isHolding()
                || probing
                || (has != null && !(has.status() == 'I' && has.expected().isSettled()))
                || (has != null && !isPinned());
    }

    /** Why it needs its compute; empty if it does not. */
    String needsServer(long now, long keepAwake) {
        boolean overdue = now - times.lastActivity() >= keepAwake;
        if (isBusy()) {
            PooledServer has = server;
            boolean open = has != null && has.expected().isSettled() && !place.isWaiting();
            return open && overdue ? "" : open ? "an open transaction" : "busy";
        }
        return isPinned() && !overdue ? String.join("; ", pinning.reasons()) : "";
    }

    // It comes in

    /**
     * What servers report about these settings is known from a client before, or is asked of one:
     * the first client of its kind finds out whether they are right.
     */
    void enter() {
        ReportedSettings known = startup.reported();
        if (known != null) {
            welcome(known);
            return;
        }
        long now = System.nanoTime();
        times.asks(now);
        state = SessionInfo.State.ACTIVE;
        place.prefer(settings);
        pool.queue().ask(place, now);
    }

    private void welcome(ReportedSettings reported) {
        Entrant entering = entrant;
        entrant = null;
        told = reported;
        reportedAtStart = reported;
        if (entering != null) {
            entering.welcome(reported.values(), input, new ClientCancelling(this));
        }
    }

    /**
     * What waits for a server connection is not run: one that is being made ready for this client
     * is given back then.
     */
    void cancelWaiting() {
        if (!input.isHolding() || entrant != null || ended) {
            return;
        }
        if (place.isWaiting()) {
            pool.queue().withdraw(place);
            refused(Texts.cancelled());
        } else {
            cancelled = true;
        }
    }

    // What it sends

    /**
     * A message needs a server connection.
     *
     * @return the client's; null if it has to wait, or is being refused
     */
    @Nullable PooledServer wantServer() {
        PooledServer has = server;
        if (has != null) {
            return probing ? null : has;
        }
        Diagnostic lost = loss;
        if (lost != null) {
            loss = null;
            input.standIn().refuse(lost, false);
            return null;
        }
        if (place.isWaiting() || asking) {
            return null;
        }
        long now = System.nanoTime();
        asking = true;
        times.asks(now);
        state = SessionInfo.State.ACTIVE;
        place.prefer(settings);
        pool.queue().ask(place, now);
        asking = false;
        return server;
    }

    /** Whether its next statement is going to fail, since its transaction is lost. */
    boolean hasLoss() {
        return loss != null;
    }

    /**
     * Whether others wait and this one has had its share.
     *
     * @param due what was sent, and is not answered
     */
    boolean shouldYield(int due) {
        return served + due >= Pool.SHARE && pool.queue().waiting() > 0;
    }

    // The server connection comes and goes

    /** A server connection with the right settings is this client's until it is given back. */
    void attached(PooledServer to, long now) {
        if (entrant != null) {
            settings.reports(to.reported());
            state = SessionInfo.State.PARKED;
            welcome(to.reported());
            pool.release(to);
            return;
        }
        if (cancelled) {
            pool.release(to);
            refused(Texts.cancelled());
            return;
        }
        server = to;
        served = 0;
        to.attach(this, now);
        times.attached(now);
        if (told != to.reported()) {
            tell(to.reported());
        }
        reportedAtStart = to.reported();
        if (!to.channel().isWritable()) {
            channel.config().setAutoRead(false);
        }
        if (!asking) {
            input.resume();
        }
    }

    private void tell(ReportedSettings now) {
        ByteBuf out = channel.alloc().buffer();
        now.values()
                .forEach((name, value) -> {
                    if (!value.equals(told.values().get(name))) {
                        Texts.parameter(out, name, value);
                    }
                });
        told = now;
        Outbound.write(channel, out);
    }

    /** It gets no server connection for what it has sent. */
    void refused(PoolQueue.Refusal why) {
        pool.counters().refused();
        switch (why) {
            case WAITED_TOO_LONG ->
                    refused(
                            Texts.waitedTooLong(
                                    pool.settings().patience(),
                                    pool.servers().size(),
                                    pool.settings().size()));
            case NO_SERVER -> refusedFor(pool.lastFailure());
        }
    }

    /**
     * A client that could not log in now is ended, and an application's own pool replaces it: its
     * database, branch or role is gone, and every statement would fail for as long as it stays.
     */
    private void refusedFor(Diagnostic failure) {
        if (entrant == null && Texts.isOfLogin(failure)) {
            end(Texts.asFatal(failure));
        } else {
            refused(failure);
        }
    }

    /** As {@link #refused(PoolQueue.Refusal)}, for another reason. */
    void refused(Diagnostic why) {
        cancelled = false;
        state = SessionInfo.State.PARKED;
        Entrant entering = entrant;
        if (entering != null) {
            ended = true;
            entering.refused(Texts.asFatal(why));
            leave(false);
            return;
        }
        input.standIn().refuse(why, false);
        input.resume();
    }

    /** The server is ready for the next query. */
    void readyReceived(byte status, long now) {
        served++;
        times.ready(status, now);
        input.readyReceived();
        PooledServer has = server;
        if (status != 'I' && has != null && has.expected().isSettled()) {
            // in a transaction there is nothing to be given up
            served = 0;
        }
        state = status == 'I' ? SessionInfo.State.IDLE : SessionInfo.State.IN_TRANSACTION;
    }

    /** Whether the session may not be what it was when the transaction began. */
    boolean mayHaveLeftSomething(ReportedSettings now) {
        return pinning.isSuspicious() || now != reportedAtStart;
    }

    /** The last ReadyForQuery was kept back until it is known what is left. */
    void readyWithheld() {
        withheld = true;
    }

    /** Everything is answered, and no transaction is open. */
    void transactionOver() {
        PooledServer has = server;
        if (has == null || probing || ended) {
            return;
        }
        if (mayHaveLeftSomething(has.reported())) {
            probe(has);
            return;
        }
        if (input.isInMessage()) {
            return;
        }
        if (isPinned()) {
            input.resume();
            return;
        }
        release(has);
        input.resume();
    }

    private void release(PooledServer has) {
        server = null;
        state = SessionInfo.State.PARKED;
        told = has.reported();
        input.portalsGone();
        pool.release(has);
    }

    private void probe(PooledServer has) {
        probing = true;
        pinning.asking();
        StateExchange exchange =
                new StateExchange(
                        input.texts().customSettings(settings.values().keySet()), pool.user());
        has.converse(exchange, () -> probed(has, exchange));
    }

    private void probed(PooledServer has, StateExchange exchange) {
        probing = false;
        if (ended || server != has) {
            if (server != has && withheld) {
                sendReady('I');
            }
            return;
        }
        // Postgres says TimeZone where the client may have said timezone
        Map<String, String> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        found.putAll(exchange.settings());
        // a custom setting is empty on the server then, which knows nothing of how it began
        boolean reset = input.texts().takeReset();
        startup.values()
                .forEach((name, value) ->
                        found.merge(
                                name, value, (now, began) -> reset && now.isEmpty() ? began : now));
        settings = pool.knownSettings().session(found);
        has.isNow(pool.knownSettings().session(exchange.settings()));
        reportedAtStart = has.reported();
        told = has.reported();
        if (settings.reported() == null && settings == has.settings()) {
            settings.reports(has.reported());
        }
        if (pinning.found(exchange.reasons())) {
            pool.counters().pinned();
            send(new NoticeResponse(Texts.pinned(pinning.reasons()))::encode);
        }
        if (withheld) {
            sendReady('I');
        }
        channel.flush();
        transactionOver();
    }

    private void sendReady(char status) {
        withheld = false;
        ByteBuf out = channel.alloc().buffer();
        Texts.ready(out, (byte) status);
        Outbound.send(channel, out);
    }

    /**
     * The server has deallocated every prepared statement.
     *
     * @param all whether everything else is gone, too
     */
    void statementsGone(boolean all) {
        input.statements().clear();
        if (all) {
            pinning.discarded();
        }
    }

    void undone(PooledServer of, byte kind, @Nullable Object subject, boolean byItself) {
        input.undone(of, kind, subject, byItself);
    }

    // The server connection breaks

    /**
     * The server connection is closed.
     *
     * @param why what it said last
     * @param inMessage whether the client has been sent the beginning of a message
     */
    void serverLost(PooledServer lost, @Nullable Diagnostic why, boolean inMessage) {
        server = null;
        boolean wasPinned = isPinned();
        pinning.serverLost();
        probing = false;
        state = SessionInfo.State.PARKED;
        if (ended) {
            return;
        }
        if (inMessage) {
            end(null);
            return;
        }
        Diagnostic told = Texts.lost(why);
        if (withheld) {
            // its last statement was answered before
            sendReady('I');
            loss = wasPinned ? told : null;
        } else if (!input.serverLost(lost, told) && (lost.status() != 'I' || wasPinned)) {
            loss = told;
        }
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
        input.resume();
    }

    void serverIsWritable(boolean writable) {
        if (writable && input.holdsTooMuch()) {
            return;
        }
        channel.config().setAutoRead(writable);
    }

    // The client goes away

    /** Its connection is closed, without a goodbye. */
    void gone() {
        if (!ended) {
            ended = true;
            leave(true);
        }
    }

    /** Ends the client's connection, with last words if it can be told. */
    void end(@Nullable Diagnostic lastWords) {
        if (ended) {
            return;
        }
        ended = true;
        if (lastWords != null) {
            send(new ErrorResponse(lastWords)::encode);
        }
        Transport.closeAfterFlush(channel, LAST_WORDS);
        leave(false);
    }

    /** What the client sent is not the protocol. */
    void broken(Throwable cause) {
        end(
                Diagnostic.of(
                        Diagnostic.Severity.FATAL,
                        SqlState.PROTOCOL_VIOLATION,
                        String.valueOf(cause.getMessage())));
    }

    private void leave(boolean abruptly) {
        pool.queue().withdraw(place);
        PooledServer has = server;
        server = null;
        if (has != null) {
            if (abruptly) {
                pool.abandoned(has);
            }
            pool.leftBehind(has, isPinned() || pinning.isSuspicious() || probing);
        }
        input.close();
        pool.left(this);
    }

    private void send(Consumer<ByteBuf> message) {
        if (channel.isActive()) {
            ByteBuf bytes = channel.alloc().buffer();
            message.accept(bytes);
            Outbound.write(channel, bytes);
        }
    }

    SessionInfo info() {
        return new SessionInfo(
                id, pool.route(), pool.database(), pool.user(), state, times.lastActivity());
    }

    /** For SHOW CLIENTS. */
    PoolMember member(long now) {
        PooledServer has = server;
        InetSocketAddress address = who.address();
        long wait = place.isWaiting() ? now - place.since() : 0;
        return new PoolMember(
                pool.user(),
                pool.database(),
                place.isWaiting() ? "waiting" : has != null ? "active" : "idle",
                address == null ? "" : address.getHostString(),
                address == null ? 0 : address.getPort(),
                times.connectedAtMillis(),
                times.askedAtMillis(now),
                wait,
                id,
                has == null ? 0 : has.id(),
                0,
                who.tls(),
                who.applicationName(),
                input.statements().size());
    }
}
