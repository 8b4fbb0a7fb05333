package dev.sluice.wire.part;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;

/**
 * TLS over a socket. Bytes go from the caller's buffers into records and from records into the
 * caller's buffers, without a copy between, as long as those have room for a whole record.
 *
 * <p>{@code writing} guards the engine's outbound half and the socket's: a reader writes too when
 * the peer asks for new keys.
 */
final class TlsStream implements SocketStream {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** Records in a buffer; a larger chunk than this is written in several steps. */
    private static final int RECORDS = 2;

    private final SocketChannel socket;
    private final SSLEngine engine;
    private final ReentrantLock writing = new ReentrantLock();
    private final ByteBuffer received;

    /** From 0 to its position: what the socket has not taken yet. */
    private ByteBuffer sealed;

    /** Of a record that was larger than its reader's buffer: what is still to be read. */
    private ByteBuffer opened = NOTHING;

    /**
     * @param first what was read of the peer's first record already
     */
    TlsStream(SocketChannel socket, SSLEngine engine, ByteBuffer first) {
        this.socket = socket;
        this.engine = engine;
        int record = engine.getSession().getPacketBufferSize();
        received = ByteBuffer.allocateDirect(RECORDS * record).put(first).flip();
        sealed = ByteBuffer.allocateDirect(RECORDS * record);
    }

    /**
     * Waits until both sides have proved who they are.
     *
     * @throws SSLException if one of them could not, told to the peer
     */
    void handshake() throws IOException {
        engine.beginHandshake();
        try {
            while (true) {
                HandshakeStatus status = engine.getHandshakeStatus();
                switch (status) {
                    case NEED_TASK -> runTasks();
                    case NEED_WRAP -> sendOwn();
                    case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                        if (unwrap(NOTHING).getStatus() == SSLEngineResult.Status.BUFFER_UNDERFLOW
                                && receive() < 0) {
                            throw new EOFException("connection closed during the TLS handshake");
                        }
                    }
                    case FINISHED, NOT_HANDSHAKING -> {
                        return;
                    }
                }
            }
        } catch (SSLException e) {
            finish();
            throw e;
        }
    }

    SSLSession session() {
        return engine.getSession();
    }

    private void runTasks() {
        for (Runnable task; (task = engine.getDelegatedTask()) != null; ) {
            task.run();
        }
    }

    private SSLEngineResult unwrap(ByteBuffer into) throws SSLException {
        return engine.unwrap(received, into);
    }

    /**
     * Waits for more bytes, unless the socket does not block.
     *
     * @return negative when the peer has closed
     */
    private int receive() throws IOException {
        received.compact();
        try {
            return socket.read(received);
        } finally {
            received.flip();
        }
    }

    @Override
    public SocketChannel socket() {
        return socket;
    }

    @Override
    public boolean holdsMore() {
        return received.hasRemaining() || opened.hasRemaining();
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        if (opened.hasRemaining()) {
            return takeOpened(into);
        }
        ByteBuffer target = into;
        boolean aside = false;
        while (true) {
            SSLEngineResult result = unwrap(target);
            switch (result.getStatus()) {
                case OK -> answer(result.getHandshakeStatus());
                case BUFFER_OVERFLOW -> {
                    if (aside) {
                        throw new SSLException("a record is larger than TLS allows");
                    }
                    // Said of a record as soon as its length is known, all of it here or not.
                    target = roomAside();
                    aside = true;
                }
                case BUFFER_UNDERFLOW -> {
                    int count = receive();
                    if (count <= 0) {
                        return count;
                    }
                }
                case CLOSED -> {
                    return -1;
                }
            }
            if (result.bytesProduced() > 0) {
                if (!aside) {
                    return result.bytesProduced();
                }
                opened = target.flip();
                return takeOpened(into);
            }
        }
    }

    private int takeOpened(ByteBuffer into) {
        int count = Math.min(opened.remaining(), into.remaining());
        into.put(opened.slice(opened.position(), count));
        opened.position(opened.position() + count);
        return count;
    }

    /** For a record that its reader has no room for. */
    private ByteBuffer roomAside() {
        if (opened.capacity() > 0) {
            // Until there is something in it, nothing is to be read.
            return opened.duplicate().clear();
        }
        // The session's "application buffer size" is short of a TLS 1.3 record's type byte.
        return ByteBuffer.allocateDirect(engine.getSession().getPacketBufferSize());
    }

    /** After the handshake the peer may ask for new keys, and wants to hear of ours. */
    private void answer(HandshakeStatus status) throws IOException {
        if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            sendOwn();
        }
    }

    /** Sends what TLS itself has to say. */
    private void sendOwn() throws IOException {
        writing.lock();
        try {
            engine.wrap(NOTHING, sealed);
            flush();
        } finally {
            writing.unlock();
        }
    }

    @Override
    public void write(ByteBuffer... from) throws IOException {
        writing.lock();
        try {
            seal(true, from);
            flush();
        } finally {
            writing.unlock();
        }
    }

    @Override
    public int writeNow(ByteBuffer... from) throws IOException {
        writing.lock();
        try {
            seal(false, from);
            return sealed.position() == 0 ? 0 : sendSealed();
        } finally {
            writing.unlock();
        }
    }

    /**
     * @param waits whether the socket is waited for when there is no room for what is sealed; if
     *     not, room is made for what it does not take
     */
    private void seal(boolean waits, ByteBuffer... from) throws IOException {
        long left = SocketStream.remaining(from);
        while (left > 0) {
            SSLEngineResult result = engine.wrap(from, sealed);
            switch (result.getStatus()) {
                case OK -> left -= result.bytesConsumed();
                case BUFFER_OVERFLOW -> {
                    if (waits) {
                        flush();
                    } else if (sendSealed() > 0) {
                        sealed =
                                ByteBuffer.allocateDirect(2 * sealed.capacity()).put(sealed.flip());
                    }
                }
                case BUFFER_UNDERFLOW, CLOSED -> throw new ClosedChannelException();
            }
        }
    }

    /**
     * @return how many bytes the socket has not taken
     */
    private int sendSealed() throws IOException {
        sealed.flip();
        try {
            socket.write(sealed);
        } finally {
            sealed.compact();
        }
        return sealed.position();
    }

    private void flush() throws IOException {
        if (!socket.isBlocking()) {
            sendSealed(); // the rest goes out with what is written next
            return;
        }
        sealed.flip();
        try {
            while (sealed.hasRemaining()) {
                socket.write(sealed);
            }
        } finally {
            sealed.compact();
        }
    }

    @Override
    public void finish() {
        if (writing.tryLock()) {
            try {
                engine.closeOutbound();
                engine.wrap(NOTHING, sealed);
                flush();
            } catch (IOException _) {
                // Who is gone needs no farewell.
            } finally {
                writing.unlock();
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
