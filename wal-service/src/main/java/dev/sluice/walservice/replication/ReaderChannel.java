package dev.sluice.walservice.replication;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.part.PartStream;
import dev.sluice.wire.replication.XLogData;
import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Postgres messages on a stream. One thread receives; any may send. What a reader sends is short: a
 * longer message than {@link #MOST} ends the connection before anything is allocated for it.
 */
final class ReaderChannel {
    static final int MOST = 16 << 10;

    private static final int XLOG_DATA_HEADER = FrameHeader.BYTES + XLogData.HEADER_BYTES;

    private final PartStream stream;
    private final ByteBuf in = Unpooled.buffer(1 << 10, MOST);
    private final ReentrantLock sending = new ReentrantLock();
    private final ByteBuf out = Unpooled.buffer(1 << 10);
    private final ByteBuffer headerBytes = ByteBuffer.allocateDirect(XLOG_DATA_HEADER);
    private final ByteBuf header = Unpooled.wrappedBuffer(headerBytes);

    ReaderChannel(PartStream stream) {
        this.stream = stream;
    }

    /**
     * Waits for the next packet of the start.
     *
     * @return null when the peer closed before it
     */
    @Nullable StartupPacket receiveStartup() throws IOException {
        while (true) {
            StartupPacket packet = StartupPacket.read(in);
            if (packet != null) {
                return packet;
            }
            if (!fill()) {
                return null;
            }
        }
    }

    /**
     * Waits for the next message, which is valid until the one after it.
     *
     * @return null when the peer closed before it
     * @throws WireFormatException if what came is no message, or too long
     */
    @Nullable FrontendMessage receive() throws IOException {
        while (true) {
            if (in.readableBytes() >= FrameHeader.BYTES) {
                byte type = in.getByte(in.readerIndex());
                int body =
                        FrameHeader.bodyLength(
                                type, in.getInt(in.readerIndex() + 1), MOST - FrameHeader.BYTES);
                if (in.readableBytes() - FrameHeader.BYTES >= body) {
                    in.skipBytes(FrameHeader.BYTES);
                    return FrontendMessage.decode(type, in.readSlice(body));
                }
            }
            if (!fill()) {
                return null;
            }
        }
    }

    private boolean fill() throws IOException {
        in.discardReadBytes();
        if (in.writableBytes() == 0) {
            in.capacity(Math.min(MOST, 2 * in.capacity()));
        }
        ByteBuffer room = in.nioBuffer(in.writerIndex(), in.writableBytes());
        int count = stream.read(room);
        if (count < 0) {
            if (in.isReadable()) {
                throw new EOFException("connection closed inside a message");
            }
            return false;
        }
        in.writerIndex(in.writerIndex() + count);
        return true;
    }

    /** Sends one byte, as before a session begins. */
    void send(byte answer) throws IOException {
        stream.write(ByteBuffer.wrap(new byte[] {answer}));
    }

    void send(BackendMessage... messages) throws IOException {
        sending.lock();
        try {
            out.clear();
            for (BackendMessage message : messages) {
                message.encode(out);
            }
            stream.write(out.nioBuffer());
        } finally {
            sending.unlock();
        }
    }

    /** Sends WAL in a CopyData message, without copying it. */
    void sendWal(Lsn start, ByteBuffer wal, Lsn walEnd, long nowMicros) throws IOException {
        sending.lock();
        try {
            header.clear()
                    .writeByte('d')
                    .writeInt(FrameHeader.MIN_LENGTH + XLogData.HEADER_BYTES + wal.remaining());
            XLogData.encodeHeader(header, start, walEnd, nowMicros);
            stream.write(headerBytes.clear(), wal);
        } finally {
            sending.unlock();
        }
    }

    /** Ends the session as Postgres clients expect it. */
    void finish() {
        stream.finish();
    }

    void close() throws IOException {
        stream.close();
    }
}
