package dev.sluice.wire.scram;

/**
 * A role's ClientKey and ServerKey (RFC 5802, section 3). Who has both can authenticate as the role
 * and recognise the server without ever having seen the password, as long as the role's verifier
 * does not change. Secret: never printed, never stored.
 */
public final class ScramKeys {
    private final byte[] clientKey;
    private final byte[] serverKey;

    ScramKeys(byte[] clientKey, byte[] serverKey) {
        this.clientKey = clientKey.clone();
        this.serverKey = serverKey.clone();
    }

    /**
     * Reads what {@link #secretText} wrote.
     *
     * @throws ScramException if it is not of that form
     */
    public static ScramKeys parse(String secretText) {
        int colon = secretText.indexOf(':');
        return new ScramKeys(
                ScramHash.base64(secretText.substring(0, Math.max(0, colon)), "ClientKey"),
                ScramHash.base64(secretText.substring(colon + 1), "ServerKey"));
    }

    /** For another part of the same server, and for nobody else: both in Base64, by a colon. */
    public String secretText() {
        return ScramHash.base64(clientKey) + ":" + ScramHash.base64(serverKey);
    }

    byte[] clientKey() {
        return clientKey;
    }

    byte[] serverKey() {
        return serverKey;
    }

    @Override
    public String toString() {
        return "ScramKeys[redacted]";
    }
}
