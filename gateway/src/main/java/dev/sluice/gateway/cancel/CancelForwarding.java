package dev.sluice.gateway.cancel;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * What one gateway of a fleet tells the others, and believes of what they tell. From any thread.
 *
 * <p>A request is sent on at most once, to one gateway, which looks for the session among its own
 * and nowhere else: nothing goes round, and one small packet never becomes two. How many are on
 * their way at once is bounded; more are dropped, as Postgres drops one that comes too late.
 */
public final class CancelForwarding {
    private static final int ON_THEIR_WAY = 256;
    private static final int SEEN = 100_000;

    /** How far apart the clocks of two gateways may be, and how long a request may take. */
    private static final Duration FRESH = Duration.ofMinutes(1);

    private final Semaphore places = new Semaphore(ON_THEIR_WAY);
    private final Cache<ByteBuffer, Boolean> seen =
            Caffeine.newBuilder().maximumSize(SEEN).expireAfterWrite(FRESH.multipliedBy(2)).build();
    private final SecureRandom random;
    private final InstantSource clock;

    public CancelForwarding(SecureRandom random, InstantSource clock) {
        this.random = random;
        this.clock = clock;
    }

    /** Where a request belongs that is for none of this gateway's sessions, if that is known. */
    public static Optional<InetSocketAddress> owner(CancelPeers peers, CancelRequest request) {
        return Optional.ofNullable(peers.others().get(GatewayNumber.of(request.processId())));
    }

    /** Takes one of the places for requests on their way; {@link #arrived} gives it back. */
    public boolean tryDepart() {
        return places.tryAcquire();
    }

    public void arrived() {
        places.release();
    }

    public void encode(CancelPeers peers, CancelRequest request, ByteBuf out) {
        ForwardedCancel.encode(
                peers.secret(), peers.number(), clock.instant(), request, random, out);
    }

    /**
     * Reads what another gateway sent.
     *
     * @return null if more must come
     * @throws WireFormatException if it is not to be believed
     */
    public @Nullable CancelRequest read(CancelPeers peers, ByteBuf in) {
        ForwardedCancel forwarded = ForwardedCancel.read(in, peers.secret());
        if (forwarded == null) {
            return null;
        }
        Instant now = clock.instant();
        if (Duration.between(forwarded.sent(), now).abs().compareTo(FRESH) > 0) {
            throw new WireFormatException(
                    "a cancel request that gateway %d forwarded at %s, and it is %s here"
                            .formatted(forwarded.from(), forwarded.sent(), now));
        }
        if (seen.asMap().putIfAbsent(forwarded.nonce(), true) != null) {
            throw new WireFormatException(
                    "a cancel request that gateway " + forwarded.from() + " forwarded once before");
        }
        return forwarded.request();
    }
}
