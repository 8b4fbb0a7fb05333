package dev.sluice.gateway.http.pool;

import dev.sluice.gateway.http.memory.MemoryBudget;
import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.FrontendMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.Closeable;
import java.io.IOException;
import java.io.Serial;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket to Postgres: messages are queued and sent, and read one by one. Blocks. For one thread;
 * {@link #close} for any.
 */
final class MessageStream implements Closeable {
    private static final int READ_BYTES = 32 << 10;

    /** What is kept of a buffer that a large message needed. */
    private static final int KEPT_BYTES = 256 << 10;

    /** A row, a value of it as text, and that as JSON. */
    private static final int COPIES = 3;

    private static final Logger log = LoggerFactory.getLogger(MessageStream.class);

    private final SocketChannel channel;
    private final int maxMessage;
    private final MemoryBudget.Share memory;
    private final Duration patience;
    private ByteBuf in = Unpooled.buffer(READ_BYTES);
    private ByteBuf out = Unpooled.buffer(1024);

    /**
     * @param maxMessage the longest message to take from the server
     * @param memory for a message that is large, while it is looked at
     * @param patience how long a message waits for that
     */
    MessageStream(
            SocketChannel channel, int maxMessage, MemoryBudget.Share memory, Duration patience) {
        this.channel = channel;
        this.maxMessage = maxMessage;
        this.memory = memory;
        this.patience = patience;
    }

    static SocketChannel connect(ComputeAddress address) throws IOException {
        return switch (address) {
            case ComputeAddress.UnixSocket unix -> {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                yield connected(channel, UnixDomainSocketAddress.of(unix.socketFile()));
            }
            case ComputeAddress.Tcp tcp -> {
                SocketChannel channel = SocketChannel.open();
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                yield connected(channel, new InetSocketAddress(tcp.host(), tcp.port()));
            }
        };
    }

    private static SocketChannel connected(SocketChannel channel, java.net.SocketAddress address)
            throws IOException {
        try {
            channel.connect(address);
            return channel;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Queues a message. */
    void put(FrontendMessage message) {
        message.encode(out);
    }

    /** The queue, for what is no {@link FrontendMessage}. */
    ByteBuf queue() {
        return out;
    }

    /**
     * Sends what is queued.
     *
     * @throws ServerGoneException if not all of it was taken
     */
    void send() throws ServerGoneException {
        ByteBuffer bytes = out.nioBuffer();
        int all = bytes.remaining();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new ServerGoneException(bytes.remaining() < all, e);
        } finally {
            out.clear();
            if (out.capacity() > KEPT_BYTES) {
                out = Unpooled.buffer(1024);
            }
        }
    }

    /** The connection to the server broke. */
    static final class ServerGoneException extends IOException {
        @Serial private static final long serialVersionUID = 1L;

        private final boolean sent;

        /**
         * @param sent whether the server may have got anything
         */
        ServerGoneException(boolean sent, @Nullable IOException cause) {
            super("the server connection is gone", cause);
            this.sent = sent;
        }

        boolean isSent() {
            return sent;
        }
    }

    /**
     * The next message; its buffers are valid until the one after it is asked for.
     *
     * @throws SqlErrorException if there is no memory for it: the message is left where it is
     * @throws WireFormatException if what came is no message, or longer than the limit
     */
    BackendMessage next() throws ServerGoneException, SqlErrorException {
        shrink();
        while (true) {
            OpaqueFrame frame = OpaqueFrame.read(in, maxMessage);
            if (frame != null) {
                return BackendMessage.decode(frame.type(), frame.body());
            }
            if (!in.isReadable()) {
                in.clear();
            } else {
                in.discardSomeReadBytes();
            }
            if (in.readableBytes() >= FrameHeader.BYTES) {
                makeRoom(1L + in.getInt(in.readerIndex() + 1));
            }
            readMore();
        }
    }

    /** The message before may have been large, and is not needed any more. */
    private void shrink() {
        if (in.capacity() > KEPT_BYTES && in.readableBytes() <= KEPT_BYTES) {
            in = Unpooled.buffer(Math.max(READ_BYTES, in.readableBytes())).writeBytes(in);
            memory.release();
        }
    }

    /** At once, where a buffer that grows with what comes is copied again and again. */
    private void makeRoom(long message) throws SqlErrorException {
        if (message <= KEPT_BYTES) {
            return;
        }
        try {
            if (!memory.reserve(COPIES * message, patience)) {
                throw SqlErrorException.noMemory("a row of %d bytes".formatted(message));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw SqlErrorException.shutDown();
        }
        in.ensureWritable(Math.toIntExact(message) - in.readableBytes());
    }

    private void readMore() throws ServerGoneException {
        try {
            if (read() < 0) {
                throw new ServerGoneException(true, null);
            }
        } catch (ServerGoneException e) {
            throw e;
        } catch (IOException e) {
            throw new ServerGoneException(true, e);
        }
    }

    private int read() throws IOException {
        in.ensureWritable(READ_BYTES / 2);
        ByteBuffer space = in.nioBuffer(in.writerIndex(), in.writableBytes());
        int count = channel.read(space);
        if (count > 0) {
            in.writerIndex(in.writerIndex() + count);
        }
        return count;
    }

    /** Whether the server has nothing to say, which on an idle connection can only be its end. */
    boolean isQuiet() {
        if (in.isReadable()) {
            return false;
        }
        try {
            channel.configureBlocking(false);
            try {
                return read() == 0;
            } finally {
                channel.configureBlocking(true);
            }
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("closing a server connection", e);
        }
        memory.release();
    }
}
