package dev.sluice.gateway.relay;

import dev.sluice.gateway.SessionInfo;
import dev.sluice.gateway.parking.Ping;
import dev.sluice.gateway.parking.PingWatch;
import dev.sluice.wire.backend.TransactionStatus;

/**
 * What a session is doing, from the types of the messages that pass. Pure; confined to one thread.
 *
 * <p>Query, FunctionCall and Sync are each answered by one ReadyForQuery, so what is open is a
 * count. Two things bend it. Messages of the extended protocol open an implicit transaction that
 * only a Sync ends, so any of them since the last Sync keeps the session active. And while a server
 * takes COPY data it ignores Sync: those sent between Execute and the end of the data get no answer
 * (the manual, "COPY Operations").
 */
final class SessionActivity {
    private final PingWatch pings = new PingWatch();
    private int unanswered;
    private int syncsSinceExecute;
    private boolean unsynced;
    private boolean terminated;
    private TransactionStatus status = TransactionStatus.IDLE;

    /** The client has begun to send a message. */
    void clientSent(byte type, int bodyLength) {
        pings.sent(type, bodyLength, isSettled());
        switch (type) {
            case 'Q', 'F' -> {
                unanswered++;
                unsynced = false;
            }
            case 'S' -> {
                unanswered++;
                syncsSinceExecute++;
                unsynced = false;
            }
            case 'E' -> {
                syncsSinceExecute = 0;
                unsynced = true;
            }
            case 'P', 'B', 'D', 'C', 'H' -> unsynced = true;
            case 'c', 'f' -> {
                unanswered -= syncsSinceExecute;
                syncsSinceExecute = 0;
            }
            case 'X' -> terminated = true;
            default -> {
                // COPY data belongs to a query that is counted; the rest is the server's to refuse
            }
        }
    }

    /** The server is ready for the next query. */
    void serverReady(TransactionStatus now) {
        status = now;
        unanswered = Math.max(0, unanswered - 1);
        if (unanswered == 0) {
            syncsSinceExecute = 0;
        }
    }

    /**
     * Whether all that the client has sent since nothing was open is {@link Ping}s, answered or
     * not.
     */
    boolean isPinging() {
        return pings.isPinging();
    }

    /** Nothing is open: the pings that the client sent, if any, were answered without a server. */
    void pingsAnswered() {
        unanswered = 0;
        syncsSinceExecute = 0;
    }

    /** Whether nothing waits for a Sync. */
    boolean isSynced() {
        return !unsynced;
    }

    private boolean isSettled() {
        return unanswered == 0 && !unsynced;
    }

    /** Whether the client has said goodbye. */
    boolean isTerminated() {
        return terminated;
    }

    SessionInfo.State state() {
        if (!isSettled()) {
            return SessionInfo.State.ACTIVE;
        }
        return status == TransactionStatus.IDLE
                ? SessionInfo.State.IDLE
                : SessionInfo.State.IN_TRANSACTION;
    }
}
