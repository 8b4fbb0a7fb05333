package dev.sluice.gateway;

import java.util.concurrent.atomic.LongAdder;

/** What a gateway has counted of one endpoint since it started. */
public final class EndpointMetrics {
    private final LongAdder logins = new LongAdder();
    private final LongAdder sessionsOpened = new LongAdder();
    private final LongAdder sessionsClosed = new LongAdder();
    private final LongAdder wakes = new LongAdder();
    private final LongAdder bytesFromClients = new LongAdder();
    private final LongAdder bytesToClients = new LongAdder();
    private final LongAdder poolWaits = new LongAdder();
    private final LongAdder poolWaitNanos = new LongAdder();

    EndpointMetrics() {}

    /** Clients that proved who they are, requests over HTTP among them. */
    public long logins() {
        return logins.sum();
    }

    /** Sessions of Postgres's protocol that are open, parked ones among them. */
    public long sessionsOpen() {
        return sessionsOpened.sum() - sessionsClosed.sum();
    }

    /** How often its compute was asked for, to be started if need be. */
    public long wakes() {
        return wakes.sum();
    }

    public long bytesFromClients() {
        return bytesFromClients.sum();
    }

    public long bytesToClients() {
        return bytesToClients.sum();
    }

    /** How often a pooled client was given a server connection, at once or after a while. */
    public long poolWaits() {
        return poolWaits.sum();
    }

    /** How long they waited for it altogether. */
    public long poolWaitNanos() {
        return poolWaitNanos.sum();
    }

    public void loggedIn() {
        logins.increment();
    }

    public void sessionOpened() {
        sessionsOpened.increment();
    }

    public void sessionClosed() {
        sessionsClosed.increment();
    }

    public void woken() {
        wakes.increment();
    }

    public void poolWaited(long nanos) {
        poolWaits.increment();
        poolWaitNanos.add(nanos);
    }

    public void fromClient(int bytes) {
        bytesFromClients.add(bytes);
    }

    public void toClient(int bytes) {
        bytesToClients.add(bytes);
    }
}
