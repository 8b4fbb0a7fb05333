package dev.sluice.gateway.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.scram.ScramVerifier;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Checks passwords that clients send in clear. One check costs thousands of hashes, so few run at a
 * time, and one that succeeded is remembered for a minute: not the password, but a hash of it and
 * of the verifier with a key that nobody knows and that ends with the process. A new password is a
 * new verifier, and counts at once.
 */
public final class Passwords {
    private static final int REMEMBERED = 10_000;
    private static final Duration REMEMBERED_FOR = Duration.ofMinutes(1);

    private final Cache<ByteBuffer, ScramKeys> proved =
            Caffeine.newBuilder().maximumSize(REMEMBERED).expireAfterWrite(REMEMBERED_FOR).build();
    private final Semaphore hashing =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), true);
    private final SecretKeySpec secret;

    public Passwords(SecureRandom random) {
        byte[] key = new byte[32];
        random.nextBytes(key);
        this.secret = new SecretKeySpec(key, "HmacSHA256");
    }

    /** The keys that the password gives away, if it was found right a short while ago. */
    public Optional<ScramKeys> known(ScramVerifier verifier, String password) {
        return Optional.ofNullable(proved.getIfPresent(name(verifier, password)));
    }

    /**
     * The keys that the password gives away.
     *
     * @return completes with nothing if it is wrong
     */
    public CompletableFuture<Optional<ScramKeys>> keys(ScramVerifier verifier, String password) {
        ByteBuffer name = name(verifier, password);
        ScramKeys known = proved.getIfPresent(name);
        if (known != null) {
            return CompletableFuture.completedFuture(Optional.of(known));
        }
        return CompletableFuture.supplyAsync(
                () -> check(name, verifier, password),
                task -> Thread.ofVirtual().name("password").start(task));
    }

    private Optional<ScramKeys> check(ByteBuffer name, ScramVerifier verifier, String password) {
        hashing.acquireUninterruptibly();
        try {
            Optional<ScramKeys> keys = verifier.keysOf(password);
            keys.ifPresent(right -> proved.put(name, right));
            return keys;
        } finally {
            hashing.release();
        }
    }

    private ByteBuffer name(ScramVerifier verifier, String password) {
        try {
            Mac mac = Mac.getInstance(secret.getAlgorithm());
            mac.init(secret);
            mac.update(verifier.text().getBytes(StandardCharsets.US_ASCII));
            mac.update((byte) 0);
            return ByteBuffer.wrap(mac.doFinal(password.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }
}
