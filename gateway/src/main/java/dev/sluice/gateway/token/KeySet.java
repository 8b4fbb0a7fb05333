package dev.sluice.gateway.token;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
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
 * again are good for another day. From any thread; blocks while it reads.
 */
final class KeySet {
    private static final Logger log = LoggerFactory.getLogger(KeySet.class);
    static final Duration RENEWED_AFTER = Duration.ofHours(1);
    static final Duration PAUSE = Duration.ofSeconds(30);
    static final Duration GOOD_FOR = Duration.ofHours(24);

    private final KeySource source;
    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private List<JsonWebKey> keys = List.of();
    private Instant read = Instant.MIN;
    private Instant tried = Instant.MIN;

    KeySet(KeySource source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    /** The key that a token is to be checked with, if there is one of its name and kind. */
    Optional<JsonWebKey> keyOf(JsonWebSignature token) throws JoseException, InterruptedException {
        lock.lockInterruptibly();
        try {
            Instant now = clock.instant();
            if (now.isAfter(plus(read, RENEWED_AFTER))) {
                readAgain(now);
            }
            Optional<JsonWebKey> known = select(token);
            if (known.isEmpty()) {
                readAgain(now);
                known = select(token);
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    private static Instant plus(Instant moment, Duration time) {
        return moment.equals(Instant.MIN) ? moment : moment.plus(time);
    }

    private Optional<JsonWebKey> select(JsonWebSignature token) throws JoseException {
        return Optional.ofNullable(new VerificationJwkSelector().select(token, keys));
    }

    private void readAgain(Instant now) throws InterruptedException {
        if (now.isBefore(plus(tried, PAUSE))) {
            return;
        }
        tried = now;
        try {
            keys = new JsonWebKeySet(source.read()).getJsonWebKeys();
            read = now;
        } catch (IOException | JoseException e) {
            log.warn("the keys of tokens at {} cannot be read: {}", source, e.getMessage());
            if (now.isAfter(plus(read, GOOD_FOR))) {
                keys = List.of();
            }
        }
    }
}
