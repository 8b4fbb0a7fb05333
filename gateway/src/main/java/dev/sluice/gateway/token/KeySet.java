package dev.sluice.gateway.token;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.VerificationJwkSelector;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A provider's keys, read when they are needed and again after an hour, or when a token names one
 * that is not among them; but not more than twice a minute, whoever asks. Keys that cannot be read
 * again are good for another day. From any thread.
 *
 * <p>Only who needs keys that are not there waits for a reading: the first, one with a new name,
 * and one who comes after a long time in which nobody came, since keys may have been withdrawn in
 * it. Otherwise a provider that hangs would hold up everybody, twice a minute.
 */
final class KeySet {
    private static final Logger log = LoggerFactory.getLogger(KeySet.class);
    static final Duration RENEWED_AFTER = Duration.ofHours(1);
    static final Duration WAITED_FOR_AFTER = Duration.ofHours(2);
    static final Duration PAUSE = Duration.ofSeconds(30);
    static final Duration GOOD_FOR = Duration.ofHours(24);

    private final KeySource source;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private Instant tried = Instant.MIN;
    private CompletableFuture<Void> reading = CompletableFuture.completedFuture(null);
    private volatile Published published = new Published(List.of(), Instant.MIN);
    private volatile boolean unreadable;

    /**
     * @param at when they were read
     */
    private record Published(List<JsonWebKey> keys, Instant at) {
        boolean areOlder(Duration age, Instant now) {
            return at.equals(Instant.MIN) || now.isAfter(at.plus(age));
        }

        Optional<JsonWebKey> select(JsonWebSignature token, Instant now) throws JoseException {
            return areOlder(GOOD_FOR, now)
                    ? Optional.empty()
                    : Optional.ofNullable(new VerificationJwkSelector().select(token, keys));
        }
    }

    KeySet(KeySource source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    /** The key that a token is to be checked with, if there is one of its name and kind. */
    Optional<JsonWebKey> keyOf(JsonWebSignature token) throws JoseException, InterruptedException {
        Instant now = clock.instant();
        Published before = published;
        Optional<JsonWebKey> known = before.select(token, now);
        if (known.isPresent() && !before.areOlder(RENEWED_AFTER, now)) {
            return known;
        }
        boolean failedBefore = unreadable;
        CompletableFuture<Void> renewal = readAgain(now);
        if (known.isPresent() && (failedBefore || !before.areOlder(WAITED_FOR_AFTER, now))) {
            return known;
        }
        try {
            renewal.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("reading the keys of tokens at " + source, e);
        }
        return published.select(token, now);
    }

    /** Whether they could not be read when that was tried last: newer ones are not known then. */
    boolean isUnreadable() {
        return unreadable;
    }

    /** The reading that is under way, or the last one where it is too early for another. */
    private CompletableFuture<Void> readAgain(Instant now) {
        lock.lock();
        try {
            boolean early = !tried.equals(Instant.MIN) && now.isBefore(tried.plus(PAUSE));
            if (reading.isDone() && !early) {
                tried = now;
                reading =
                        CompletableFuture.runAsync(
                                () -> read(now), Thread.ofVirtual().name("token-keys")::start);
            }
            return reading;
        } finally {
            lock.unlock();
        }
    }

    private void read(Instant now) {
        try {
            published = new Published(new JsonWebKeySet(source.read()).getJsonWebKeys(), now);
            unreadable = false;
        } catch (IOException | JoseException e) {
            log.warn("the keys of tokens at {} cannot be read: {}", source, e.getMessage());
            unreadable = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
