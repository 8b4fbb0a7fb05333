package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A blocking, framed connection between two parts of Sluice. All integers are big-endian.
 *
 * <pre>
 *   0               4       6       8              12              16
 *   +---------------+-------+-------+---------------+---------------+---------
 *   | magic "SLCE"  |version| type  | payload bytes | CRC32C        | payload
 *   +---------------+-------+-------+---------------+---------------+---------
 * </pre>
 *
 * <p>The checksum covers the first twelve bytes and the payload. A frame that is not exactly this
 * ends the conversation with a {@link PartProtocolException}: nothing in it is believed. The length
 * is checked against {@link #MAX_PAYLOAD} before anything is allocated.
 *
 * <p>One thread receives at a time; any number may send.
 */
public final class PartChannel implements Closeable {
    public static final int MAGIC = 0x534C4345;
    public static final int VERSION = 1;
    public static final int HEADER_BYTES = 16;
    public static final int MAX_PAYLOAD = 64 << 20;

    private static final int INITIAL_BUFFER = 16 << 10;

    private final PartStream stream;
    private final ReentrantLock sending = new ReentrantLock();
    private final ByteBuffer outHeader = ByteBuffer.allocateDirect(HEADER_BYTES);
    private final CRC32C outCrc = new CRC32C();
    private final CRC32C inCrc = new CRC32C();
    private ByteBuffer in = ByteBuffer.allocateDirect(INITIAL_BUFFER).limit(0);

    PartChannel(PartStream stream) {
        this.stream = stream;
    }

    /**
     * @param first what was read of the stream already
     */
    PartChannel(PartStream stream, ByteBuffer first) {
        this.stream = stream;
        in.clear().put(first).flip();
    }

    /** Connects without a certificate: {@link PartNetwork#PLAIN}. */
    public static PartChannel connect(PartAddress address) throws IOException {
        return new PartChannel(new PlainStream(address.connect()));
    }

    /** Sends the parts' remaining bytes as one frame, copying none of them. */
    public void send(int type, ByteBuffer... parts) throws IOException {
        sending.lock();
        try {
            int length = 0;
            for (ByteBuffer part : parts) {
                length = Math.addExact(length, part.remaining());
            }
            if (length > MAX_PAYLOAD) {
                throw new IllegalArgumentException(
                        "payload of " + length + " bytes exceeds " + MAX_PAYLOAD);
            }
            outHeader
                    .clear()
                    .putInt(MAGIC)
                    .putShort((short) VERSION)
                    .putShort((short) type)
                    .putInt(length);
            outCrc.reset();
            outCrc.update(outHeader.flip());
            for (ByteBuffer part : parts) {
                outCrc.update(part.duplicate());
            }
            outHeader.limit(HEADER_BYTES).putInt((int) outCrc.getValue()).flip();
            ByteBuffer[] all = new ByteBuffer[parts.length + 1];
            all[0] = outHeader;
            System.arraycopy(parts, 0, all, 1, parts.length);
            stream.write(all);
        } finally {
            sending.unlock();
        }
    }

    /**
     * Waits for the next frame.
     *
     * @return the frame, whose payload is only valid until the next call; null when the peer closed
     *     between frames
     * @throws PartProtocolException if what arrived is no frame
     * @throws EOFException if the peer closed inside a frame
     */
    public @Nullable PartFrame receive() throws IOException {
        if (!fill(HEADER_BYTES)) {
            return null;
        }
        int start = in.position();
        if (in.getInt(start) != MAGIC) {
            throw new PartProtocolException(
                    "not a Sluice frame: magic " + Integer.toHexString(in.getInt(start)));
        }
        int version = in.getShort(start + 4) & 0xFFFF;
        if (version != VERSION) {
            throw new PartProtocolException(
                    "frame version " + version + ", this part speaks " + VERSION);
        }
        int type = in.getShort(start + 6) & 0xFFFF;
        int length = in.getInt(start + 8);
        if (length < 0 || length > MAX_PAYLOAD) {
            throw new PartProtocolException(
                    "frame of " + length + " bytes, the limit is " + MAX_PAYLOAD);
        }
        if (!fill(HEADER_BYTES + length)) {
            throw new EOFException("connection closed inside a frame");
        }
        start = in.position();
        inCrc.reset();
        inCrc.update(in.slice(start, 12));
        inCrc.update(in.slice(start + HEADER_BYTES, length));
        int expected = in.getInt(start + 12);
        if ((int) inCrc.getValue() != expected) {
            throw new PartProtocolException("frame of type " + type + " fails its checksum");
        }
        in.position(start + HEADER_BYTES + length);
        return new PartFrame(type, in.slice(start + HEADER_BYTES, length));
    }

    /** Whether a whole frame has arrived already, so that {@link #receive} will not wait. */
    public boolean hasFrame() {
        return in.remaining() >= HEADER_BYTES
                && in.remaining() - HEADER_BYTES >= in.getInt(in.position() + 8);
    }

    /**
     * Makes {@code needed} bytes readable at {@link #in}'s position; false if the peer closed
     * before the first.
     */
    private boolean fill(int needed) throws IOException {
        if (in.remaining() >= needed) {
            return true;
        }
        if (in.capacity() < needed) {
            ByteBuffer larger = ByteBuffer.allocateDirect(Math.max(needed, 2 * in.capacity()));
            in = larger.put(in).flip();
        } else if (in.capacity() - in.position() < needed) {
            in.compact().flip();
        }
        while (in.remaining() < needed) {
            int position = in.position();
            int limit = in.limit();
            in.position(limit).limit(in.capacity());
            int read;
            try {
                read = stream.read(in);
            } finally {
                limit = in.position();
                in.position(position).limit(limit);
            }
            if (read < 0) {
                if (in.hasRemaining()) {
                    throw new EOFException("connection closed inside a frame");
                }
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        stream.close();
    }
}
