package dev.sluice.gateway.door;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;

/**
 * One {@link RateLimit} for each of many keys. A key that was not seen for as long as its bucket
 * takes to run empty is forgotten; so are the least used beyond a bound.
 *
 * @param <K> what is counted apart
 */
final class RateLimiter<K> {
    private static final int KEYS_MAX = 100_000;

    private final RateLimit limit;
    private final LongSupplier nanoClock;
    private final Cache<K, RateLimit.Bucket> buckets;

    RateLimiter(RateLimit limit, LongSupplier nanoClock) {
        this.limit = limit;
        this.nanoClock = nanoClock;
        this.buckets =
                Caffeine.newBuilder()
                        .maximumSize(KEYS_MAX)
                        .expireAfterWrite(
                                Duration.ofMillis(
                                        1
                                                + (long)
                                                        Math.ceil(
                                                                1000
                                                                        * limit.burst()
                                                                        / limit.perSecond())))
                        .ticker(nanoClock::getAsLong)
                        .executor(Runnable::run)
                        .build();
    }

    /** Counts one more, unless that would be too many. */
    boolean tryCount(K key) {
        AtomicBoolean counted = new AtomicBoolean();
        long now = nanoClock.getAsLong();
        buckets.asMap()
                .compute(
                        key,
                        (_, known) -> {
                            RateLimit.Bucket bucket =
                                    known == null ? RateLimit.Bucket.empty(now) : known;
                            RateLimit.Bucket poured = bucket.pour(limit, now);
                            counted.set(poured != null);
                            return poured == null ? bucket : poured;
                        });
        return counted.get();
    }

    /** Whether {@link #tryCount} would refuse now. */
    boolean isExhausted(K key) {
        RateLimit.Bucket bucket = buckets.getIfPresent(key);
        return bucket != null && bucket.isFull(limit, nanoClock.getAsLong());
    }
}
