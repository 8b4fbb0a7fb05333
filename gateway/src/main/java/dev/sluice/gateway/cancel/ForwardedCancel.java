package dev.sluice.gateway.cancel;

import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * A cancel request on its way from the gateway that a client reached to the one that has the
 * session. The first and only thing on its connection, to the port that clients use. Big-endian:
 *
 * <pre>
 *   int32   length, this field included (58 to 310)
 *   int32   1234 &lt;&lt; 16 | 5700: no version of the protocol, so nothing that a client sends
 *   int8    version of this format: 1
 *   int8    0
 *   int16   number of the sending gateway
 *   12      nonce, random
 *   n       AES-256-GCM, under the {@link FleetSecret}, with all of the above authenticated:
 *             int64   when it was sent, milliseconds since 1970
 *             int32   process id
 *             4..256  the key that the client showed
 *   16      GCM's tag, which covers every byte: no checksum is needed beside it
 * </pre>
 *
 * <p>It is not answered. The receiver closes the connection when it is done, and never sends it on.
 *
 * @param sent to be refused when it is not of the last or the next minute
 * @param nonce to be refused when it has been seen
 */
public record ForwardedCancel(int from, Instant sent, ByteBuffer nonce, CancelRequest request) {
    public static final int CODE = 1234 << 16 | 5700;

    private static final int VERSION = 1;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int HEADER_BYTES = 4 + 4 + 1 + 1 + 2;
    private static final int PLAIN_BYTES = 8 + 4;
    private static final int MIN =
            HEADER_BYTES + NONCE_BYTES + PLAIN_BYTES + CancelKey.BYTES_3_0 + TAG_BYTES;
    private static final int MAX = MIN - CancelKey.BYTES_3_0 + CancelKey.MAX_BYTES;

    /** Whether this, or the beginning of it, is what comes next. */
    public static boolean isNext(ByteBuf in) {
        return in.readableBytes() >= 8 && in.getInt(in.readerIndex() + 4) == CODE;
    }

    /** Writes it as a gateway sends it now. */
    static void encode(
            FleetSecret secret,
            int from,
            Instant now,
            CancelRequest request,
            SecureRandom random,
            ByteBuf out) {
        ByteBuf plain = Unpooled.buffer();
        plain.writeLong(now.toEpochMilli());
        plain.writeInt(request.processId());
        request.key().encode(plain);
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        int begin = out.writerIndex();
        out.writeInt(HEADER_BYTES + NONCE_BYTES + plain.readableBytes() + TAG_BYTES);
        out.writeInt(CODE);
        out.writeByte(VERSION);
        out.writeByte(0);
        out.writeShort(from);
        byte[] header = ByteBufUtil.getBytes(out, begin, HEADER_BYTES);
        out.writeBytes(nonce);
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, secret, nonce, header);
            out.writeBytes(cipher.doFinal(ByteBufUtil.getBytes(plain)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has AES/GCM", e);
        }
    }

    /**
     * Reads it, if it is there whole.
     *
     * @return null if more must come
     * @throws WireFormatException if it is malformed, or not of a gateway that knows the secret
     */
    static @org.jspecify.annotations.Nullable ForwardedCancel read(ByteBuf in, FleetSecret secret) {
        int length = in.getInt(in.readerIndex());
        if (length < MIN || length > MAX) {
            throw new WireFormatException(
                    "a forwarded cancel request of %d bytes (%d to %d)"
                            .formatted(length, MIN, MAX));
        }
        if (in.readableBytes() < length) {
            return null;
        }
        byte[] header = new byte[HEADER_BYTES];
        in.readBytes(header);
        byte[] nonce = new byte[NONCE_BYTES];
        in.readBytes(nonce);
        byte[] sealed = new byte[length - HEADER_BYTES - NONCE_BYTES];
        in.readBytes(sealed);
        if (header[8] != VERSION) {
            throw new WireFormatException(
                    "a forwarded cancel request of version %d (%d is known)"
                            .formatted(header[8], VERSION));
        }
        ByteBuf plain;
        try {
            plain =
                    Unpooled.wrappedBuffer(
                            cipher(Cipher.DECRYPT_MODE, secret, nonce, header).doFinal(sealed));
        } catch (GeneralSecurityException e) {
            throw new WireFormatException(
                    "a forwarded cancel request that no gateway of this fleet made");
        }
        Instant sent = Instant.ofEpochMilli(plain.readLong());
        int processId = plain.readInt();
        return new ForwardedCancel(
                ByteBuffer.wrap(header).getShort(HEADER_BYTES - 2) & 0xFFFF,
                sent,
                ByteBuffer.wrap(nonce),
                new CancelRequest(processId, CancelKey.decode(plain)));
    }

    private static Cipher cipher(int mode, FleetSecret secret, byte[] nonce, byte[] header)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, secret.key(), new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
        cipher.updateAAD(header);
        return cipher;
    }
}
