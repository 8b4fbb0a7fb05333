package dev.sluice.gateway.pooling;

import java.util.concurrent.TimeUnit;

/** What a pool has counted since it was made; confined to its event loop. Times in nanoseconds. */
final class PoolCounters {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private PoolInfo.Counters lastMinute = PoolInfo.Counters.NONE;
    private PoolInfo.Counters beforeMinute = PoolInfo.Counters.NONE;
    private long minuteBegan;
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

    PoolCounters(long now) {
        minuteBegan = now;
    }

    /** Time has passed. */
    void tick(long now) {
        if (now - minuteBegan >= MINUTE) {
            PoolInfo.Counters counted = snapshot();
            // a minute in which nobody looked, and nothing happened, counts as the last one
            long minutes = (now - minuteBegan) / MINUTE;
            lastMinute = minutes == 1 ? counted.minus(beforeMinute) : PoolInfo.Counters.NONE;
            beforeMinute = counted;
            minuteBegan += minutes * MINUTE;
        }
    }

    /** What was counted in the last whole minute that was measured. */
    PoolInfo.Counters lastMinute(long now) {
        tick(now);
        return lastMinute;
    }

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
