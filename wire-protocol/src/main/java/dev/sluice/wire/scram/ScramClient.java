package dev.sluice.wire.scram;

import dev.sluice.wire.SqlState;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one exchange: {@link #first}, {@link #respond}, {@link #verify}, once each
 * and in this order.
 *
 * <p>It starts from a password, or from the {@link ScramKeys} that a {@link ScramServer} learned:
 * so a proxy logs in to the server behind it as the role that logged in to the proxy.
 */
public final class ScramClient {
    /** A hostile server must not be able to keep us hashing. */
    private static final int MAX_ITERATIONS = 10_000_000;

    /** Where the keys come from, once the server has named salt and iterations. */
    private interface Credentials {
        ScramKeys keys(byte[] salt, int iterations);
    }

    private final Credentials credentials;
    private final @Nullable ChannelBinding binding;
    private final String clientNonce;
    private byte @Nullable [] expectedSignature;

    private ScramClient(
            Credentials credentials, @Nullable ChannelBinding binding, String clientNonce) {
        this.credentials = credentials;
        this.binding = binding;
        this.clientNonce = clientNonce;
    }

    /**
     * @param binding the TLS connection's, to use SCRAM-SHA-256-PLUS; null for SCRAM-SHA-256
     */
    public static ScramClient withPassword(
            String password, @Nullable ChannelBinding binding, SecureRandom random) {
        return withPassword(password, binding, ScramServer.nonce(random));
    }

    static ScramClient withPassword(
            String password, @Nullable ChannelBinding binding, String nonce) {
        byte[] prepared = ScramPassword.prepared(password);
        return new ScramClient(
                (salt, iterations) -> {
                    byte[] salted = ScramHash.saltedPassword(prepared, salt, iterations);
                    return new ScramKeys(ScramHash.clientKey(salted), ScramHash.serverKey(salted));
                },
                binding,
                nonce);
    }

    /**
     * @param binding the TLS connection's, to use SCRAM-SHA-256-PLUS; null for SCRAM-SHA-256
     */
    public static ScramClient withKeys(
            ScramKeys keys, @Nullable ChannelBinding binding, SecureRandom random) {
        return new ScramClient((_, _) -> keys, binding, ScramServer.nonce(random));
    }

    /** The mechanism to name in SASLInitialResponse. */
    public ScramMechanism mechanism() {
        return binding == null ? ScramMechanism.SCRAM_SHA_256 : ScramMechanism.SCRAM_SHA_256_PLUS;
    }

    /** The client-first message. */
    public byte[] first() {
        return bytes((binding == null ? "n,," : "p=" + ChannelBinding.TYPE + ",,") + bare());
    }

    private String bare() {
        return "n=,r=" + clientNonce;
    }

    /**
     * Takes the server-first message; the result is the client-final message.
     *
     * @throws ScramException if the message is malformed or not an answer to ours
     */
    public byte[] respond(byte[] serverFirst) {
        ScramAttributes attributes = new ScramAttributes(serverFirst);
        String nonce = attributes.value('r');
        if (!nonce.startsWith(clientNonce) || nonce.length() == clientNonce.length()) {
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION,
                    "invalid SCRAM response",
                    "The server's nonce does not continue ours.");
        }
        byte[] salt = ScramHash.base64(attributes.value('s'), "salt");
        int iterations = iterations(attributes.value('i'));
        ScramKeys keys = credentials.keys(salt, iterations);
        String channel = binding == null ? ScramHash.base64(bytes("n,,")) : binding.attribute();
        String withoutProof = "c=" + channel + ",r=" + nonce;
        String authMessage = bare() + "," + attributes.from(0) + "," + withoutProof;
        byte[] signature = ScramHash.hmac(ScramHash.h(keys.clientKey()), authMessage);
        expectedSignature = ScramHash.hmac(keys.serverKey(), authMessage);
        return bytes(
                withoutProof
                        + ",p="
                        + ScramHash.base64(ScramHash.xor(keys.clientKey(), signature)));
    }

    private static int iterations(String text) {
        try {
            int iterations = Integer.parseInt(text);
            if (iterations >= 1 && iterations <= MAX_ITERATIONS) {
                return iterations;
            }
        } catch (NumberFormatException e) {
            throw ScramException.malformed("Malformed iteration count.");
        }
        throw ScramException.malformed("Iteration count out of range.");
    }

    /**
     * Takes the server-final message.
     *
     * @throws ScramException if the server did not prove that it knows the role's verifier
     */
    public void verify(byte[] serverFinal) {
        byte[] expected = expectedSignature;
        if (expected == null) {
            throw new IllegalStateException("nothing has been answered yet");
        }
        ScramAttributes attributes = new ScramAttributes(serverFinal);
        if (attributes.peek() == 'e') {
            throw new ScramException(
                    SqlState.INVALID_PASSWORD,
                    "the server refused the SCRAM exchange",
                    attributes.value('e'));
        }
        byte[] signature = ScramHash.base64(attributes.value('v'), "server signature");
        if (!MessageDigest.isEqual(signature, expected)) {
            throw new ScramException(
                    SqlState.INVALID_AUTHORIZATION,
                    "the server's SCRAM signature is wrong",
                    "It does not know this role's verifier.");
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
