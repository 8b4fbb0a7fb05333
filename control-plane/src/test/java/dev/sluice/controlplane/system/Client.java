package dev.sluice.controlplane.system;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * One driver, connected, that goes through what its protocol can do as often as it is told; the
 * compute may be suspended between two rounds.
 */
interface Client extends AutoCloseable {
    /** Which features a client runs. */
    enum Mode {
        /** All of them. */
        SESSION,
        /** Those that need no state of a session outside of transactions. */
        POOLED,
        /** A few quick ones, to find the session as it was. */
        IDLE
    }

    /**
     * Runs each feature once.
     *
     * @return their names, in order
     */
    List<String> round() throws Exception;

    @Override
    void close() throws IOException, SQLException;
}
