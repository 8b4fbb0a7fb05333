package dev.sluice.gateway.pooling;

import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.ServerConnection;
import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ParameterStatus;
import java.util.Map;
import java.util.TreeMap;

/** A server connection of a pool on its way, its compute being started first if need be. */
final class Opening implements ComputeConnector.Passenger {
    private final Pool pool;
    private final Map<String, String> told = new TreeMap<>();

    Opening(Pool pool) {
        this.pool = pool;
    }

    @Override
    public void told(BackendMessage message) {
        if (message instanceof ParameterStatus status) {
            told.put(status.name(), status.value());
        }
    }

    @Override
    public void ready(ServerConnection connection) {
        pool.opened(connection, told);
    }

    @Override
    public void refused(Diagnostic diagnostic) {
        pool.notOpened(diagnostic);
    }

    @Override
    public void notWoken(Throwable cause) {
        pool.context().metrics().wakeFailed();
        pool.notOpened(pool.context().diagnose().apply(cause));
    }

    @Override
    public void unreachable(Throwable cause) {
        pool.context().metrics().wakeFailed();
        pool.notOpened(
                Texts.error(SqlState.CANNOT_CONNECT_NOW, "Couldn't connect to compute node")
                        .withHint("It may be restarting: try again."));
    }
}
