package dev.sluice.wire.frame;

import io.netty.buffer.ByteBuf;

/**
 * Follows a stream of messages from chunk to chunk and tells where each begins and ends, reading
 * nothing but the five-byte headers. It keeps a few integers of state whatever the messages' size,
 * copies nothing and leaves the chunks' indices alone: the chunks are forwarded as they are.
 */
public final class FrameScanner {
    /** Told of the messages, in order, as far as they are in the chunk being scanned. */
    public interface Listener {
        /** A header is complete. */
        void header(byte type, int bodyLength);

        /**
         * Part of the current message's body lies in {@code chunk} at {@code index}.
         *
         * @param offset how much of the body came before
         */
        void body(byte type, int offset, ByteBuf chunk, int index, int length);
    }

    private final int maxLength;
    private final Listener listener;

    private byte type;
    private int headerBytes;
    private int length;
    private int bodyLength;
    private int bodySeen;

    /**
     * @param maxLength the largest length field to accept
     */
    public FrameScanner(int maxLength, Listener listener) {
        this.maxLength = maxLength;
        this.listener = listener;
    }

    /**
     * Scans all readable bytes of the chunk.
     *
     * @throws WireFormatException at the first length that is out of range; the scanner is of no
     *     use afterwards
     */
    public void scan(ByteBuf chunk) {
        int at = chunk.readerIndex();
        int end = chunk.writerIndex();
        while (at < end) {
            if (headerBytes == 0 && end - at >= FrameHeader.BYTES) {
                type = chunk.getByte(at);
                length = chunk.getInt(at + 1);
                at += FrameHeader.BYTES;
                headerDone();
            } else if (headerBytes < FrameHeader.BYTES) {
                headerByte(chunk.getByte(at++));
            } else {
                int part = Math.min(end - at, bodyLength - bodySeen);
                int offset = bodySeen;
                bodySeen += part;
                listener.body(type, offset, chunk, at, part);
                at += part;
                nextIfDone();
            }
        }
    }

    private void headerByte(byte value) {
        if (headerBytes == 0) {
            type = value;
        } else {
            length = (length << 8) | (value & 0xff);
        }
        headerBytes++;
        if (headerBytes == FrameHeader.BYTES) {
            headerDone();
        }
    }

    private void headerDone() {
        headerBytes = FrameHeader.BYTES;
        bodySeen = 0;
        bodyLength = FrameHeader.bodyLength(type, length, maxLength);
        listener.header(type, bodyLength);
        nextIfDone();
    }

    private void nextIfDone() {
        if (bodySeen == bodyLength) {
            headerBytes = 0;
            length = 0;
        }
    }

    /** Whether the last byte scanned was the last of a message, or none was scanned yet. */
    public boolean atBoundary() {
        return headerBytes == 0;
    }
}
