package dev.sluice.wire.startup;

import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * The secret that a CancelRequest must show: four bytes up to protocol 3.0, 4 to 256 from 3.2 on.
 * Compared in constant time, never printed.
 */
public final class CancelKey {
    /** The only length that protocol 3.0 knows. */
    public static final int BYTES_3_0 = 4;

    /** The longest that protocol 3.2 allows. */
    public static final int MAX_BYTES = 256;

    private final byte[] secret;

    private CancelKey(byte[] secret) {
        this.secret = secret;
    }

    /**
     * @throws IllegalArgumentException unless there are 4 to 256 bytes
     */
    public static CancelKey of(byte[] secret) {
        if (secret.length < BYTES_3_0 || secret.length > MAX_BYTES) {
            throw new IllegalArgumentException("a cancel key of " + secret.length + " bytes");
        }
        return new CancelKey(secret.clone());
    }

    public static CancelKey random(SecureRandom random, int bytes) {
        byte[] secret = new byte[bytes];
        random.nextBytes(secret);
        return of(secret);
    }

    /** Reads all that is left of a message. */
    public static CancelKey decode(ByteBuf body) {
        int length = body.readableBytes();
        if (length < BYTES_3_0 || length > MAX_BYTES) {
            throw new WireFormatException("cancel key of " + length + " bytes (4 to 256)");
        }
        byte[] secret = new byte[length];
        body.readBytes(secret);
        return new CancelKey(secret);
    }

    public void encode(ByteBuf out) {
        out.writeBytes(secret);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CancelKey key && MessageDigest.isEqual(secret, key.secret);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(secret);
    }

    @Override
    public String toString() {
        return "CancelKey[" + secret.length + " bytes]";
    }
}
