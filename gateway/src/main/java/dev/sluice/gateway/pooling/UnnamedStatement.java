package dev.sluice.gateway.pooling;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** A client's unnamed statement, so that it can be prepared on another server connection. */
final class UnnamedStatement {
    /** The longest that is remembered. */
    private static final int MAX = 256 << 10;

    private final byte @Nullable [] parse;
    private final @Nullable UnnamedStatement before;
    private int come = 1; // the zero byte that is its name
    private boolean skipped;
    private boolean failed;

    /**
     * @param length of the Parse message's body
     * @param before what it replaces, if that may yet be what the server has
     */
    UnnamedStatement(int length, @Nullable UnnamedStatement before) {
        this.parse = length <= MAX ? new byte[length] : null;
        this.before = before;
    }

    /** More of the body. */
    void more(ByteBuf in, int at, int length) {
        if (parse != null && come + length <= parse.length) {
            in.getBytes(at, parse, come, length);
            come += length;
        }
    }

    /** The Parse message's body; null if it has not come yet, or was too long. */
    byte @Nullable [] parse() {
        return parse != null && come == parse.length ? parse : null;
    }

    /** The server refused it, or skipped it. */
    void undone(boolean byItself) {
        failed |= byItself;
        skipped |= !byItself;
    }

    /** The one that a server has after some of these were undone. */
    static @Nullable UnnamedStatement current(@Nullable UnnamedStatement last) {
        UnnamedStatement current = last;
        while (current != null && current.skipped) {
            current = current.before;
        }
        return current == null || current.failed ? null : current;
    }
}
