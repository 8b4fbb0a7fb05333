package dev.sluice.gateway.pooling;

import dev.sluice.gateway.compute.ServerConnection;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Holds the server connection that runs something for a client; called from any thread. */
final class ClientCancelling implements Cancelling {
    private final PooledClient client;

    ClientCancelling(PooledClient client) {
        this.client = client;
    }

    @Override
    public void hold(Consumer<@Nullable Held> then) {
        client.pool()
                .loop()
                .execute(() -> {
                    PooledServer server = client.server();
                    if (server == null) {
                        client.cancelWaiting();
                    }
                    if (server == null || server.isClosed() || server.expected().size() == 0) {
                        then.accept(null);
                        return;
                    }
                    server.cancelBegins();
                    then.accept(new OfServer(client.pool(), server));
                });
    }

    private record OfServer(Pool pool, PooledServer of) implements Held {
        @Override
        public ServerConnection server() {
            return of.connection();
        }

        @Override
        public void release() {
            pool.loop().execute(of::cancelEnds);
        }
    }
}
