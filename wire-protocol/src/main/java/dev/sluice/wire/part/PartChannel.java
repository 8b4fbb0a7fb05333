package dev.sluice.wire.part;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A framed connection between two parts of Sluice; it blocks, unless a {@link PartLoop} receives
 * for it. All integers are big-endian.
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
 * <p>One thread receives at a time, or a loop does; any number may send.
 */
public final class PartChannel implements Closeable {
    public static final int MAGIC = 0x534C4345;
    public static final int VERSION = 1;
    public static final int HEADER_BYTES = 16;
    public static final int MAX_PAYLOAD = 64 << 20;

    private static final int INITIAL_BUFFER = 16 << 10;

    /** The most to keep for a peer that does not read. */
    private static final int MAX_WAITING = 8 << 20;

    private final SocketStream stream;
    private final ReentrantLock sending = new ReentrantLock();
    private final Condition drained = sending.newCondition();
    private final ByteBuffer outHeader = ByteBuffer.allocateDirect(HEADER_BYTES);
    private final CRC32C outCrc = new CRC32C();
    private final CRC32C inCrc = new CRC32C();
    private ByteBuffer in = ByteBuffer.allocateDirect(INITIAL_BUFFER).limit(0);

    /**
     * How many bytes the frame has, as far as is known, of which the first is the next in there.
     */
    private int needed = HEADER_BYTES;

    private volatile PartLoop.@Nullable Attached attached;
    private volatile boolean clogged;

    PartChannel(SocketStream stream) {
        this.stream = stream;
    }

    /**
     * @param first what was read of the stream already
     */
    PartChannel(SocketStream stream, ByteBuffer first) {
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
            write(type, parts);
            PartLoop.Attached own = attached;
            while (clogged && own != null && !own.isCurrent()) {
                if (own.isOver()) {
                    throw new ClosedChannelException();
                }
                drained.awaitUninterruptibly();
            }
        } finally {
            sending.unlock();
        }
    }

    /**
     * Sends a frame without waiting, on a channel for which a loop receives: what the socket does
     * not take now is copied, and goes out when it does.
     *
     * @throws IOException also when too much is waiting already
     */
    public void post(int type, ByteBuffer... parts) throws IOException {
        sending.lock();
        try {
            if (attached == null) {
                throw new IllegalStateException("no loop receives for this channel");
            }
            write(type, parts);
        } finally {
            sending.unlock();
        }
    }

    /** Whether something waits for the peer to read. */
    public boolean isClogged() {
        return clogged;
    }

    private void write(int type, ByteBuffer... parts) throws IOException {
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
        if (attached == null) {
            stream.write(all);
        } else {
            writeNow(attached, all);
        }
    }

    private void writeNow(PartLoop.Attached own, ByteBuffer... from) throws IOException {
        int left = stream.writeNow(from);
        if (left > MAX_WAITING) {
            throw new IOException("the peer has not read " + left + " bytes");
        }
        boolean before = clogged;
        clogged = left > 0;
        if (clogged != before) {
            own.awaitRoom(clogged);
            if (!clogged) {
                drained.signalAll();
            }
        }
    }

    /** The socket takes more. */
    void drain() throws IOException {
        sending.lock();
        try {
            if (attached != null) {
                writeNow(attached);
            }
        } finally {
            sending.unlock();
        }
    }

    SocketChannel socket() {
        return stream.socket();
    }

    /** The socket does not block any more. */
    void attached(PartLoop.Attached loops) {
        sending.lock();
        try {
            attached = loops;
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
        PartFrame frame;
        while ((frame = next()) == null) {
            if (read() < 0) {
                requireNothingLeft();
                return null;
            }
        }
        return frame;
    }

    /**
     * Gives a receiver the frames that are there.
     *
     * @return false when the peer closed between frames
     */
    boolean deliver(PartLoop.Receiver receiver) throws IOException {
        while (true) {
            deliverRead(receiver);
            int read = read();
            boolean filled = in.limit() == in.capacity();
            deliverRead(receiver);
            if (read < 0) {
                requireNothingLeft();
                return false;
            }
            if (read == 0 || !(filled || stream.holdsMore())) {
                return true;
            }
        }
    }

    private void deliverRead(PartLoop.Receiver receiver) throws IOException {
        for (PartFrame frame; (frame = next()) != null; ) {
            receiver.received(frame);
        }
    }

    /** The next frame, if all of it is there. */
    private @Nullable PartFrame next() throws PartProtocolException {
        if (in.remaining() < HEADER_BYTES) {
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
        needed = HEADER_BYTES + length;
        if (in.remaining() < needed) {
            return null;
        }
        inCrc.reset();
        inCrc.update(in.slice(start, 12));
        inCrc.update(in.slice(start + HEADER_BYTES, length));
        int expected = in.getInt(start + 12);
        if ((int) inCrc.getValue() != expected) {
            throw new PartProtocolException("frame of type " + type + " fails its checksum");
        }
        in.position(start + needed);
        needed = HEADER_BYTES;
        return new PartFrame(type, in.slice(start + HEADER_BYTES, length));
    }

    /**
     * As {@link #receive()}, of a peer that is given up, and the channel closed, when its frame has
     * not come within {@code limit}.
     *
     * @throws SocketTimeoutException if it is given up
     */
    public @Nullable PartFrame receive(Duration limit) throws IOException {
        if (hasFrame()) {
            return receive();
        }
        try (Deadline deadline = Deadline.closing(this, limit)) {
            try {
                return receive();
            } catch (IOException e) {
                if (deadline.hasPassed()) {
                    throw silent("no answer for " + limit.toSeconds() + " s", e);
                }
                throw e;
            }
        }
    }

    private static SocketTimeoutException silent(String text, IOException cause) {
        SocketTimeoutException silent = new SocketTimeoutException(text);
        silent.initCause(cause);
        return silent;
    }

    /** Whether a whole frame has arrived already, so that {@link #receive} will not wait. */
    public boolean hasFrame() {
        return in.remaining() >= HEADER_BYTES
                && in.remaining() - HEADER_BYTES >= in.getInt(in.position() + 8);
    }

    /** Reads more of the next frame, and of those behind it. As {@link PartStream#read}. */
    private int read() throws IOException {
        if (!in.hasRemaining()) {
            in.clear().limit(0);
        }
        if (in.capacity() < needed) {
            ByteBuffer larger = ByteBuffer.allocateDirect(Math.max(needed, 2 * in.capacity()));
            in = larger.put(in).flip();
        } else if (in.capacity() - in.position() < needed) {
            in.compact().flip();
        }
        int position = in.position();
        in.position(in.limit()).limit(in.capacity());
        try {
            return stream.read(in);
        } finally {
            in.limit(in.position()).position(position);
        }
    }

    private void requireNothingLeft() throws EOFException {
        if (in.hasRemaining()) {
            throw new EOFException("connection closed inside a frame");
        }
    }

    @Override
    public void close() throws IOException {
        stream.close();
        PartLoop.Attached own = attached;
        if (own != null) {
            own.closed();
        }
    }

    /** Its loop has done with it. */
    void over() {
        sending.lock();
        try {
            stream.close();
        } catch (IOException _) {
            // It was of no more use.
        } finally {
            drained.signalAll();
            sending.unlock();
        }
    }
}
