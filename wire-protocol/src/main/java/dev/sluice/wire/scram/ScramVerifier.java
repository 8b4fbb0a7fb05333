package dev.sluice.wire.scram;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a server keeps in place of a password, as in {@code pg_authid.rolpassword}:
 *
 * <pre>
 *   SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey        (the last three in Base64)
 * </pre>
 *
 * <p>Who has it can pose as the server, and can try passwords against it: it is never printed but
 * by {@link #text}.
 */
public final class ScramVerifier {
    /** Postgres's default ({@code scram_iterations}). */
    public static final int DEFAULT_ITERATIONS = 4096;

    private static final int SALT_BYTES = 16;
    private static final Pattern TEXT =
            Pattern.compile("SCRAM-SHA-256\\$([1-9][0-9]{0,9}):([^$]+)\\$([^:]+):([^:]+)");

    private final int iterations;
    private final byte[] salt;
    private final byte[] storedKey;
    private final byte[] serverKey;
    private final boolean doomed;

    private ScramVerifier(
            int iterations, byte[] salt, byte[] storedKey, byte[] serverKey, boolean doomed) {
        this.iterations = iterations;
        this.salt = salt;
        this.storedKey = storedKey;
        this.serverKey = serverKey;
        this.doomed = doomed;
    }

    /**
     * Reads what {@link #text} and Postgres write.
     *
     * @throws IllegalArgumentException if it is not of that form; the message does not repeat it
     */
    public static ScramVerifier parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "not a SCRAM verifier (SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey)");
        }
        try {
            ScramVerifier verifier =
                    new ScramVerifier(
                            Integer.parseInt(matcher.group(1)),
                            ScramHash.base64(matcher.group(2), "salt"),
                            ScramHash.base64(matcher.group(3), "StoredKey"),
                            ScramHash.base64(matcher.group(4), "ServerKey"),
                            false);
            if (verifier.storedKey.length == ScramHash.BYTES
                    && verifier.serverKey.length == ScramHash.BYTES) {
                return verifier;
            }
        } catch (ScramException | NumberFormatException e) {
            throw new IllegalArgumentException("not a SCRAM verifier: a field does not parse", e);
        }
        throw new IllegalArgumentException("not a SCRAM verifier: a key is not 32 bytes long");
    }

    /** Makes the verifier of a password, with a new salt and Postgres's default iterations. */
    public static ScramVerifier create(String password, SecureRandom random) {
        byte[] salt = new byte[SALT_BYTES];
        random.nextBytes(salt);
        return create(password, salt, DEFAULT_ITERATIONS);
    }

    /** Makes the verifier of a password with a given salt. */
    public static ScramVerifier create(String password, byte[] salt, int iterations) {
        if (iterations < 1) {
            throw new IllegalArgumentException(iterations + " iterations");
        }
        byte[] salted =
                ScramHash.saltedPassword(ScramPassword.prepared(password), salt, iterations);
        return new ScramVerifier(
                iterations,
                salt.clone(),
                ScramHash.h(ScramHash.clientKey(salted)),
                ScramHash.serverKey(salted),
                false);
    }

    /**
     * A verifier that nobody can satisfy, for a role that does not exist or may not log in. An
     * exchange with it looks and costs like any other: the salt is the same each time, as a real
     * one would be, and cannot be predicted without {@code secret}.
     *
     * @param secret at least 16 bytes that stay the same over restarts and on all gateways
     */
    public static ScramVerifier doomed(String role, byte[] secret) {
        if (secret.length < 16) {
            throw new IllegalArgumentException("a secret of " + secret.length + " bytes");
        }
        byte[] seed = ScramHash.hmac(secret, role.getBytes(StandardCharsets.UTF_8));
        return new ScramVerifier(
                DEFAULT_ITERATIONS,
                Arrays.copyOf(ScramHash.hmac(seed, "salt"), SALT_BYTES),
                ScramHash.hmac(seed, "stored key"),
                ScramHash.hmac(seed, "server key"),
                true);
    }

    /** Whether a password in clear is the right one. */
    public boolean accepts(String password) {
        return keysOf(password).isPresent();
    }

    /** The keys that a password in clear gives away, if it is the right one. */
    public Optional<ScramKeys> keysOf(String password) {
        byte[] salted =
                ScramHash.saltedPassword(ScramPassword.prepared(password), salt, iterations);
        byte[] clientKey = ScramHash.clientKey(salted);
        boolean client = MessageDigest.isEqual(ScramHash.h(clientKey), storedKey);
        boolean server = MessageDigest.isEqual(ScramHash.serverKey(salted), serverKey);
        return client && server && !doomed
                ? Optional.of(new ScramKeys(clientKey, serverKey))
                : Optional.empty();
    }

    /** The form that Postgres stores and {@code CREATE ROLE ... PASSWORD} takes. Secret. */
    public String text() {
        return "SCRAM-SHA-256$%d:%s$%s:%s"
                .formatted(
                        iterations,
                        ScramHash.base64(salt),
                        ScramHash.base64(storedKey),
                        ScramHash.base64(serverKey));
    }

    int iterations() {
        return iterations;
    }

    byte[] salt() {
        return salt;
    }

    byte[] storedKey() {
        return storedKey;
    }

    byte[] serverKey() {
        return serverKey;
    }

    boolean isDoomed() {
        return doomed;
    }

    @Override
    public String toString() {
        return "ScramVerifier[redacted]";
    }
}
