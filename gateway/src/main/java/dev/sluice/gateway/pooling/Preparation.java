package dev.sluice.gateway.pooling;

import dev.sluice.gateway.pooling.state.SettingsExchange;
import dev.sluice.gateway.pooling.state.SimpleExchange;
import dev.sluice.wire.backend.Diagnostic;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Makes the server connection that a client is given ready for it: asks for a sign of life if it
 * was idle for long, and gives it the settings that the client wants. Most are ready as they are.
 */
final class Preparation {
    private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(5);

    private Preparation() {}

    static void begin(Pool pool, PooledClient client, PooledServer server) {
        if (Pool.now() - server.slot().idleSince() > pool.settings().check().toNanos()) {
            SimpleExchange anybodyThere = SimpleExchange.sync();
            var deadline =
                    pool.loop()
                            .schedule(
                                    server::broken, SIGN_OF_LIFE.toMillis(), TimeUnit.MILLISECONDS);
            server.converse(
                    anybodyThere,
                    () -> {
                        deadline.cancel(false);
                        settings(pool, client, server);
                    });
        } else {
            settings(pool, client, server);
        }
    }

    /** Gives a server connection the settings that the client wants. */
    private static void settings(Pool pool, PooledClient client, PooledServer server) {
        if (isUseless(pool, client, server)) {
            return;
        }
        if (server.settings() != client.settings()) {
            SettingsExchange exchange = new SettingsExchange(server.settings(), client.settings());
            if (!exchange.isNothing()) {
                server.converse(exchange, () -> given(pool, client, server, exchange));
                return;
            }
            server.isNow(client.settings());
        }
        client.attached(server, Pool.now());
    }

    private static void given(
            Pool pool, PooledClient client, PooledServer server, SettingsExchange exchange) {
        if (isUseless(pool, client, server)) {
            return;
        }
        Diagnostic error = exchange.error();
        if (error == null) {
            server.isNow(client.settings());
            client.attached(server, Pool.now());
        } else if (server.settings() != pool.knownSettings().none()
                && error.sqlState().startsWith("57")) {
            // a timeout of the client before
            pool.discard(server);
            pool.queue().askAgain(client.place(), Pool.now());
        } else {
            pool.queue().giveBack(server.slot(), Pool.now());
            client.refused(error);
        }
    }

    /** Whether one of the two has gone meanwhile. */
    private static boolean isUseless(Pool pool, PooledClient client, PooledServer server) {
        if (server.isClosed()) {
            if (!client.isEnded()) {
                pool.queue().askAgain(client.place(), Pool.now());
            }
            return true;
        }
        if (client.isEnded()) {
            pool.queue().giveBack(server.slot(), Pool.now());
            return true;
        }
        return false;
    }
}
