package dev.sluice.gateway.pooling;

import dev.sluice.gateway.pooling.statement.Suspicion;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A client's unnamed statement, so that it can be prepared on another server connection. One that
 * was sent without waiting for answers may turn out to be skipped: it knows the one before it until
 * what it was sent with is answered.
 */
final class UnnamedStatement {
    /** The longest that is remembered. */
    private static final int MAX = 256 << 10;

    private final byte @Nullable [] parse;
    private final long group;
    private @Nullable UnnamedStatement before;
    private final byte @Nullable [] deallocates;
    private int come = 1; // the zero byte that is its name
    private @Nullable Suspicion suspicion;
    private boolean skipped;
    private boolean failed;

    /**
     * @param length of the Parse message's body
     * @param group the number of the ReadyForQuery that it is answered before
     * @param before what it replaces, if that may yet be what the server has
     * @param deallocates the name of the statement that executing it deallocates
     */
    UnnamedStatement(
            int length,
            long group,
            @Nullable UnnamedStatement before,
            byte @Nullable [] deallocates) {
        this.parse = length <= MAX ? new byte[length] : null;
        this.group = group;
        this.before = before;
        this.deallocates = deallocates;
    }

    /** The name of the statement that executing it deallocates, as far as it is known. */
    byte @Nullable [] deallocates() {
        return deallocates;
    }

    /** What executing it may leave behind; null if nothing. */
    @Nullable Suspicion suspicion() {
        return suspicion;
    }

    /** Its text was read. */
    void suspect(@Nullable Suspicion of) {
        suspicion = of;
    }

    /** There is none any more, unless the Close is skipped. */
    static UnnamedStatement none(long group, @Nullable UnnamedStatement before) {
        return new UnnamedStatement(Integer.MAX_VALUE, group, before, null);
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

    /**
     * Forgets what was before those that are answered, when the first of another group comes: in a
     * pipeline that never ends the line of them would not either.
     *
     * @param ready how many ReadyForQuery have come
     * @param next the group of the one that comes
     */
    void forget(long ready, long next) {
        if (group == next) {
            return;
        }
        for (UnnamedStatement each = this; each != null; each = each.before) {
            while (each.before != null && each.before.skipped) {
                each.before = each.before.before;
            }
            if (each.group < ready) {
                each.before = null;
            }
        }
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
