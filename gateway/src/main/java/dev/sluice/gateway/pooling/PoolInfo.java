package dev.sluice.gateway.pooling;

/**
 * A pool as it was a moment ago, and what it has counted since it was made. Times in nanoseconds.
 *
 * @param active clients that have a server connection
 * @param waiting clients that wait for one
 * @param pinned clients that keep theirs beyond their transactions
 * @param used server connections that a client has
 * @param idle server connections that nobody has
 * @param opening server connections on their way
 * @param cancelling server connections for which a cancel request is under way
 * @param longestWait of the clients that wait now
 * @param lastMinute what was counted in the last whole minute that was measured
 */
public record PoolInfo(
        String endpointId,
        String database,
        String role,
        int clients,
        int active,
        int waiting,
        int pinned,
        int used,
        int idle,
        int opening,
        int cancelling,
        boolean paused,
        long longestWait,
        Counters counters,
        Counters lastMinute) {

    /** Server connections, those on their way included. */
    public int servers() {
        return used + idle + opening;
    }

    /** What was counted. */
    public record Counters(
            long assignments,
            long transactions,
            long queries,
            long received,
            long sent,
            long transactionTime,
            long queryTime,
            long waitTime,
            long clientParses,
            long serverParses,
            long binds,
            long pins,
            long refusals) {
        /** Nothing. */
        public static final Counters NONE = new Counters(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        public Counters plus(Counters more) {
            return combined(more, 1);
        }

        Counters minus(Counters before) {
            return combined(before, -1);
        }

        private Counters combined(Counters other, int sign) {
            return new Counters(
                    assignments + sign * other.assignments,
                    transactions + sign * other.transactions,
                    queries + sign * other.queries,
                    received + sign * other.received,
                    sent + sign * other.sent,
                    transactionTime + sign * other.transactionTime,
                    queryTime + sign * other.queryTime,
                    waitTime + sign * other.waitTime,
                    clientParses + sign * other.clientParses,
                    serverParses + sign * other.serverParses,
                    binds + sign * other.binds,
                    pins + sign * other.pins,
                    refusals + sign * other.refusals);
        }
    }
}
