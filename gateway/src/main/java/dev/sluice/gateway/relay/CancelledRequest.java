package dev.sluice.gateway.relay;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import io.netty.buffer.ByteBuf;

/**
 * A client's request that was cancelled before any server had a byte of it, and so is not done: its
 * messages up to the one that asks for a ReadyForQuery. As after any error, a request of the
 * extended protocol ends with its Sync alone. Pure; the lengths must have been checked.
 */
final class CancelledRequest {
    private byte type;
    private int headerBytes;
    private int length;
    private int bodyLeft;
    private boolean begun;
    private boolean untilSync;

    /** What the client is told. */
    static Diagnostic answer() {
        return Diagnostic.of(
                Diagnostic.Severity.ERROR,
                SqlState.QUERY_CANCELED,
                "canceling statement due to user request");
    }

    /**
     * Takes what belongs to the request out of a buffer.
     *
     * @return whether this was the last of it
     */
    boolean consume(ByteBuf in) {
        while (in.isReadable()) {
            if (headerBytes < Byte.BYTES + Integer.BYTES) {
                if (headerBytes == 0 && in.getByte(in.readerIndex()) == 'X') {
                    return true; // a goodbye is the server's to hear
                }
                header(in.readByte());
            } else {
                int part = Math.min(bodyLeft, in.readableBytes());
                in.skipBytes(part);
                bodyLeft -= part;
            }
            if (headerBytes == Byte.BYTES + Integer.BYTES && bodyLeft == 0) {
                headerBytes = 0;
                if (type == 'S' || (!untilSync && (type == 'Q' || type == 'F'))) {
                    return true;
                }
            }
        }
        return false;
    }

    private void header(byte value) {
        if (headerBytes == 0) {
            type = value;
            length = 0;
            switch (type) {
                case 'Q', 'F', 'S' -> begun = true;
                case 'P', 'B', 'D', 'E', 'C' -> {
                    begun = true;
                    untilSync = true;
                }
                default -> {
                    // Flush, and what is left of a COPY, get no answer from an idle server
                }
            }
        } else {
            length = (length << Byte.SIZE) | (value & 0xff);
        }
        headerBytes++;
        bodyLeft = length - Integer.BYTES;
    }

    /** Whether anything was asked for yet. */
    boolean isBegun() {
        return begun;
    }

    /** Whether the client may wait for an answer before it asks for a ReadyForQuery. */
    boolean isAnsweredAtOnce() {
        return untilSync;
    }
}
