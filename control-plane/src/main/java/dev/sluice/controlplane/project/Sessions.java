package dev.sluice.controlplane.project;

import java.util.List;

/** The client sessions that the gateway holds, in this process or another. */
public interface Sessions {

    /**
     * How an endpoint is used.
     *
     * @param open sessions, and clients that wait for the compute
     * @param busy those of them inside a query or a transaction, or waiting
     * @param idleNanos since any of them was last active, or the last one left
     */
    record Use(int open, int busy, long idleNanos) {}

    Use use(String endpointId);

    /**
     * What came of {@link #park}.
     *
     * @param parked sessions that wait without a server connection now
     * @param ended idle sessions that could not
     * @param keeping why the compute is still needed, a line for each session; then nothing was
     *     done
     */
    record Parked(int parked, int ended, List<String> keeping) {
        public Parked {
            keeping = List.copyOf(keeping);
        }
    }

    /**
     * Takes an endpoint's idle sessions off its compute; they come back, as they were, when their
     * clients next ask something.
     *
     * @param urgent whether the compute stops in any case: then idle sessions that cannot be
     *     carried are ended and busy ones left to it; else one of them keeps the compute for all
     */
    Parked park(String endpointId, boolean urgent);

    /** Ends an endpoint's idle sessions with SQLSTATE 57P01, as Postgres's administrator would. */
    void end(String endpointId, String message);

    /**
     * Roles, endpoints or who may connect may have changed: what the gateway remembers of it is not
     * used any more. Returns when that is so, or when it would be so by itself.
     */
    void forgetLogins();

    /** Everything the gateway counts, for {@code /metrics}. */
    List<Counter> counters();

    /**
     * Reads the gateway's configuration and certificates again; open sessions go on.
     *
     * @throws Refusal if they are not right, saying what is wrong; nothing changes then
     */
    void reload();

    /**
     * A number that only grows, or (gauge) the current number of something.
     *
     * @param name as Prometheus likes it, {@code sluice_gateway_bytes_total}
     * @param label what it is the number of: the value of Prometheus's label {@code kind}, or
     *     {@code label=value}; may be empty
     */
    record Counter(String name, boolean gauge, String label, double value) {}
}
