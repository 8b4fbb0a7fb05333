package dev.sluice.wire.scram;

import dev.sluice.wire.SqlState;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of one exchange (RFC 5802; the checks and texts of Postgres's {@code
 * auth-scram.c}): {@link #challenge}, then {@link #verify}, once each. Every deviation is a {@link
 * ScramException}; a wrong password is an empty result, and is told apart from a role that does not
 * exist by nothing.
 */
public final class ScramServer {
    private static final int NONCE_BYTES = 18;

    private final ScramVerifier verifier;
    private final @Nullable ChannelBinding offered;
    private final boolean bindingInUse;
    private final String serverNonce;

    private @Nullable Challenged challenged;

    private record Challenged(String nonce, String firstMessages, String expectedBinding) {}

    /**
     * The client has proved that it knows the password.
     *
     * @param serverFinal what to send in AuthenticationSASLFinal
     * @param keys what the proof gave away: enough to log in elsewhere as this role
     */
    public record Success(String serverFinal, ScramKeys keys) {}

    /**
     * @param mechanism what the client chose
     * @param offered the binding that the connection has, if SCRAM-SHA-256-PLUS was offered
     * @throws ScramException if the mechanism was not offered
     */
    public ScramServer(
            String mechanism,
            ScramVerifier verifier,
            @Nullable ChannelBinding offered,
            SecureRandom random) {
        this(mechanism, verifier, offered, nonce(random));
    }

    ScramServer(
            String mechanism,
            ScramVerifier verifier,
            @Nullable ChannelBinding offered,
            String serverNonce) {
        this.bindingInUse = ScramMechanism.of(mechanism) == ScramMechanism.SCRAM_SHA_256_PLUS;
        if (bindingInUse && offered == null) {
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION,
                    "client selected an invalid SASL authentication mechanism",
                    "");
        }
        this.verifier = verifier;
        this.offered = offered;
        this.serverNonce = serverNonce;
    }

    static String nonce(SecureRandom random) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        return ScramHash.base64(nonce);
    }

    /** Takes the client-first message; the result is the server-first message. */
    public byte[] challenge(byte[] clientFirst) {
        if (challenged != null) {
            throw new IllegalStateException("the challenge has been sent");
        }
        ScramAttributes attributes = new ScramAttributes(clientFirst);
        String expectedBinding = readBindingFlag(attributes);
        if (attributes.peek() == 'a') {
            throw new ScramException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client uses authorization identity, but it is not supported",
                    "");
        }
        attributes.comma();
        int bare = attributes.position();
        if (attributes.peek() == 'm') {
            throw new ScramException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "client requires an unsupported SCRAM extension",
                    "");
        }
        // the user is the startup packet's: libpq sends an empty one here
        attributes.value('n');
        String clientNonce = attributes.value('r');
        if (!ScramAttributes.isPrintable(clientNonce)) {
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION, "non-printable characters in SCRAM nonce", "");
        }
        while (!attributes.atEnd()) {
            attributes.anyValue();
        }
        String nonce = clientNonce + serverNonce;
        String serverFirst =
                "r=%s,s=%s,i=%d"
                        .formatted(nonce, ScramHash.base64(verifier.salt()), verifier.iterations());
        challenged =
                new Challenged(nonce, attributes.from(bare) + "," + serverFirst, expectedBinding);
        return serverFirst.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Reads up to and with the comma; the result is what the final message's {@code c} must be. */
    private String readBindingFlag(ScramAttributes attributes) {
        char flag = attributes.peek();
        return switch (flag) {
            case 'n', 'y' -> withoutBinding(flag, attributes);
            case 'p' -> withBinding(attributes);
            default ->
                    throw ScramException.malformed(
                            "Unexpected channel-binding flag \""
                                    + ScramAttributes.sanitized(flag)
                                    + "\".");
        };
    }

    private String withoutBinding(char flag, ScramAttributes attributes) {
        if (bindingInUse) {
            throw ScramException.malformed(
                    "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not"
                            + " include channel binding data.");
        }
        if (flag == 'y' && offered != null) {
            throw new ScramException(
                    SqlState.INVALID_AUTHORIZATION,
                    "SCRAM channel binding negotiation error",
                    "The client supports SCRAM channel binding but thinks the server does not."
                            + "  However, this server does support channel binding.");
        }
        attributes.skip();
        attributes.comma();
        return ScramHash.base64((flag + ",,").getBytes(StandardCharsets.US_ASCII));
    }

    private String withBinding(ScramAttributes attributes) {
        if (offered == null || !bindingInUse) {
            throw ScramException.malformed(
                    "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM"
                            + " message includes channel binding data.");
        }
        if (!attributes.value('p').equals(ChannelBinding.TYPE)) {
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION, "unsupported SCRAM channel-binding type", "");
        }
        return offered.attribute();
    }

    /**
     * Takes the client-final message.
     *
     * @return empty if the password was wrong
     */
    public Optional<Success> verify(byte[] clientFinal) {
        Challenged sent = challenged;
        if (sent == null) {
            throw new IllegalStateException("no challenge has been sent");
        }
        ScramAttributes attributes = new ScramAttributes(clientFinal);
        String binding = attributes.value('c');
        String nonce = attributes.value('r');
        int proofAt = attributes.position();
        while (!attributes.atEnd() && attributes.peek() != 'p') {
            attributes.anyValue();
            proofAt = attributes.position();
        }
        byte[] proof = ScramHash.base64(attributes.value('p'), "proof in client-final-message");
        if (proof.length != ScramHash.BYTES || !attributes.atEnd()) {
            throw ScramException.malformed("Malformed proof in client-final-message.");
        }
        if (!constantTimeEquals(binding, sent.expectedBinding)) {
            throw bindingMismatch();
        }
        if (!constantTimeEquals(nonce, sent.nonce)) {
            throw new ScramException(
                    SqlState.PROTOCOL_VIOLATION, "invalid SCRAM response", "Nonce does not match.");
        }
        return check(sent.firstMessages + "," + attributes.upTo(proofAt - 1), proof);
    }

    private ScramException bindingMismatch() {
        return bindingInUse
                ? new ScramException(
                        SqlState.INVALID_AUTHORIZATION, "SCRAM channel binding check failed", "")
                : new ScramException(
                        SqlState.PROTOCOL_VIOLATION,
                        "unexpected SCRAM channel-binding attribute in client-final-message",
                        "");
    }

    private Optional<Success> check(String authMessage, byte[] proof) {
        byte[] clientSignature = ScramHash.hmac(verifier.storedKey(), authMessage);
        byte[] clientKey = ScramHash.xor(proof, clientSignature);
        // a doomed exchange is found out only now, after as much work as any other
        boolean equal = MessageDigest.isEqual(ScramHash.h(clientKey), verifier.storedKey());
        if (!equal || verifier.isDoomed()) {
            return Optional.empty();
        }
        String signature = ScramHash.base64(ScramHash.hmac(verifier.serverKey(), authMessage));
        return Optional.of(
                new Success("v=" + signature, new ScramKeys(clientKey, verifier.serverKey())));
    }

    private static boolean constantTimeEquals(String a, String b) {
        return MessageDigest.isEqual(
                a.getBytes(StandardCharsets.ISO_8859_1), b.getBytes(StandardCharsets.ISO_8859_1));
    }
}
