package dev.sluice.gateway.door;

import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.SqlState;
import java.net.InetAddress;
import java.util.function.LongSupplier;

/**
 * Counts who comes and how often. From any thread.
 *
 * <p>A network that has guessed wrong too often for an endpoint is turned away before it may guess
 * again; who knows the password from elsewhere is not held up by it.
 */
public final class Visitors {
    private record Guesser(AddressRange network, String endpointId) {}

    /** A client cancels a statement now and then, not by the hundred. */
    private static final RateLimit FORWARDED_CANCELS = new RateLimit(20, 100);

    private final RateLimiter<AddressRange> forwardedCancels;
    private final RateLimiter<String> attempts;
    private final RateLimiter<Guesser> wrongPasswords;

    public Visitors(DoorRules rules, LongSupplier nanoClock) {
        this.forwardedCancels = new RateLimiter<>(FORWARDED_CANCELS, nanoClock);
        this.attempts = new RateLimiter<>(rules.attempts(), nanoClock);
        this.wrongPasswords = new RateLimiter<>(rules.wrongPasswords(), nanoClock);
    }

    /**
     * Somebody wants to log in.
     *
     * @throws RoutingException if there were too many
     */
    public void arrive(InetAddress client, String endpointId) {
        if (!attempts.tryCount(endpointId)) {
            throw new RoutingException(
                    SqlState.TOO_MANY_CONNECTIONS,
                    "Too many connections to this endpoint. Please try again later.",
                    "Share connections in a pool; -pooler host names have one.");
        }
        if (wrongPasswords.isExhausted(guesser(client, endpointId))) {
            throw new RoutingException(
                    SqlState.TOO_MANY_CONNECTIONS,
                    "Too many connections attempts",
                    "Too many wrong passwords came from this network: wait a minute.");
        }
    }

    /** Whether a network may have one more cancel request sent on to another gateway now. */
    public boolean mayForwardCancel(InetAddress client) {
        return forwardedCancels.tryCount(AddressRange.networkOf(client));
    }

    public void wrongPassword(InetAddress client, String endpointId) {
        boolean _ = wrongPasswords.tryCount(guesser(client, endpointId));
    }

    private static Guesser guesser(InetAddress client, String endpointId) {
        return new Guesser(AddressRange.networkOf(client), endpointId);
    }
}
