package dev.sluice.gateway.pooling;

/** What a pool has counted since it was made; confined to its event loop. Times in nanoseconds. */
final class PoolCounters {
    private long assignments;
    private long transactions;
    private long queries;
    private long received;
    private long sent;
    private long transactionTime;
    private long queryTime;
    private long waitTime;
    private long clientParses;
    private long serverParses;
    private long binds;
    private long pins;
    private long refusals;

    /** A copy that does not change. */
    PoolInfo.Counters snapshot() {
        return new PoolInfo.Counters(
                assignments,
                transactions,
                queries,
                received,
                sent,
                transactionTime,
                queryTime,
                waitTime,
                clientParses,
                serverParses,
                binds,
                pins,
                refusals);
    }

    void assigned(long waited) {
        assignments++;
        waitTime += waited;
    }

    void transaction(long took) {
        transactions++;
        transactionTime += took;
    }

    void query(long took) {
        queries++;
        queryTime += took;
    }

    void received(int bytes) {
        received += bytes;
    }

    void sent(int bytes) {
        sent += bytes;
    }

    void clientParse() {
        clientParses++;
    }

    void serverParse() {
        serverParses++;
    }

    void bind() {
        binds++;
    }

    void pinned() {
        pins++;
    }

    void refused() {
        refusals++;
    }
}
