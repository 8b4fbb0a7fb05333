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
