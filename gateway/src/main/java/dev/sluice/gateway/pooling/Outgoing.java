package dev.sluice.gateway.pooling;

import dev.sluice.gateway.transport.Outbound;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of one buffer that was read: passed on as it is if nothing in it changes; else the
 * parts that stay are copied, or passed on as slices if they are long, around what is put in.
 */
final class Outgoing {
    /** Longer parts are not copied. */
    private static final int COPIED = 4096;

    private static final int SLACK = 256;

    private @Nullable ByteBuf in;
    private @Nullable ByteBuf out;
    private int from;

    /** Begins with a buffer, whose ownership it takes; all of it stays unless something is said. */
    void begin(ByteBuf bytes) {
        in = bytes;
        out = null;
        from = bytes.readerIndex();
    }

    /** Where to put bytes in at an index: all before it that stays is before. */
    ByteBuf insert(Channel to, int index) {
        copy(to, index);
        return buffer(to);
    }

    /** What comes from the last {@link #insert} up to an index does not stay. */
    void skip(int index) {
        from = index;
    }

    private ByteBuf buffer(Channel to) {
        ByteBuf current = out;
        if (current == null) {
            current = to.alloc().buffer(input().readableBytes() + SLACK);
            out = current;
        }
        return current;
    }

    private ByteBuf input() {
        ByteBuf current = in;
        if (current == null) {
            throw new IllegalStateException("no buffer");
        }
        return current;
    }

    private void copy(Channel to, int index) {
        int length = index - from;
        if (length > COPIED) {
            writeOut(to);
            Outbound.write(to, input().retainedSlice(from, length));
        } else if (length > 0) {
            buffer(to).writeBytes(input(), from, length);
        }
        from = index;
    }

    private void writeOut(Channel to) {
        ByteBuf current = out;
        if (current != null) {
            out = null;
            if (current.isReadable()) {
                Outbound.write(to, current);
            } else {
                current.release();
            }
        }
    }

    /** Passes on all that stays up to an index, and what was put in; lets the buffer go. */
    void end(@Nullable Channel to, int index) {
        ByteBuf bytes = input();
        in = null;
        if (to == null) {
            bytes.release();
            return;
        }
        if (out == null && from == bytes.readerIndex() && index == bytes.writerIndex()) {
            if (index > from) {
                Outbound.write(to, bytes);
                to.flush();
            } else {
                bytes.release();
            }
            return;
        }
        in = bytes;
        copy(to, index);
        in = null;
        writeOut(to);
        bytes.release();
        to.flush();
    }

    /** Gives the buffer back, untouched. */
    void leave() {
        in = null;
    }

    /** Drops everything. */
    void abandon() {
        ByteBuf bytes = in;
        ByteBuf made = out;
        in = null;
        out = null;
        if (bytes != null) {
            bytes.release();
        }
        if (made != null) {
            made.release();
        }
    }
}
