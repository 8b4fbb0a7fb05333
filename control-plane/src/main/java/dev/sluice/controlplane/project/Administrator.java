package dev.sluice.controlplane.project;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The administrator's connection to an endpoint's compute: made when it is first needed and again
 * when it broke, and one for all. Whoever makes it does so while the others wait: were each to make
 * one, all but the last would find theirs closed under their hands.
 */
final class Administrator {
    private static final Logger log = LoggerFactory.getLogger(Administrator.class);

    private final Opening opening;
    private @Nullable Connection connection;

    /** How one is made. */
    interface Opening {
        Connection open(Computes.Started compute) throws SQLException;
    }

    /** What is done with it. */
    interface Use<T> {
        T with(Connection connection) throws SQLException;
    }

    Administrator(Opening opening) {
        this.opening = opening;
    }

    /** Does something with it, alone. Blocks. */
    synchronized <T> T use(Computes.Started compute, Use<T> use) throws SQLException {
        Connection open = connection;
        if (open == null || open.isClosed()) {
            open = opening.open(compute);
            connection = open;
        }
        return use.with(open);
    }

    /** Closes it when nobody uses it any more. The next use makes another. */
    synchronized void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException e) {
                log.debug("closing an administrator's connection", e);
            }
        }
    }
}
