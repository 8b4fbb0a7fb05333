package dev.sluice.gateway.pooling;

/**
 * A client or a server connection of a pool, as it was a moment ago.
 *
 * @param address empty where it is not known
 * @param requestedAtMillis when it last asked for, or was last given to, somebody
 * @param waitNanos how long it waits now
 * @param id unique among clients, and among server connections
 * @param link the id of the other side, or 0
 * @param processId of the server's process, as far as it is known
 * @param tls the protocol's version, or empty
 */
public record PoolMember(
        String role,
        String database,
        String state,
        String address,
        int port,
        long connectedAtMillis,
        long requestedAtMillis,
        long waitNanos,
        long id,
        long link,
        int processId,
        String tls,
        String applicationName,
        int preparedStatements) {}
