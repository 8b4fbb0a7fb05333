package dev.sluice.gateway.pooling.statement;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * SQL's DEALLOCATE of a statement of the protocol, as some drivers do it: which of a client's
 * portals would deallocate which name when they are executed. A portal that is no more may be known
 * here still: the server says what is wrong with executing it.
 */
public final class Deallocations {
    /** A Query or Parse that is longer deallocates no statement by its name. */
    public static final int LONGEST = 100;

    /** More portals with names are not known: the server has none of what they deallocate. */
    private static final int MAX_PORTALS = 100;

    private static final Pattern COMMAND =
            Pattern.compile(
                    "\\s*deallocate\\s+(?:prepare\\s+)?(?:\"([^\"]+)\"|(?!all\\b)([a-z_][a-z0-9_$]*))\\s*;?\\s*",
                    Pattern.CASE_INSENSITIVE);

    private final StatementStore store;
    private Map<ByteKey, byte[]> byPortal = Map.of();
    private byte @Nullable [] ofUnnamed;

    /**
     * @param store the pool's
     */
    public Deallocations(StatementStore store) {
        this.store = store;
    }

    /**
     * The name that a text deallocates; null if it is not known to deallocate one.
     *
     * @param length of the text, without a zero byte
     */
    public static byte @Nullable [] target(ByteBuf in, int text, int length) {
        if (length < 12 || length > LONGEST || (in.getByte(text) | 0x20) > 'd') {
            return null;
        }
        Matcher matcher = COMMAND.matcher(in.toString(text, length, StandardCharsets.ISO_8859_1));
        if (!matcher.matches()) {
            return null;
        }
        String quoted = matcher.group(1);
        String name = quoted != null ? quoted : matcher.group(2).toLowerCase(Locale.ROOT);
        return name.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Whether no portal deallocates anything. */
    public boolean isEmpty() {
        return ofUnnamed == null && byPortal.isEmpty();
    }

    /**
     * A portal is made.
     *
     * @param target what its statement deallocates; null if it does something else
     */
    public void bound(ByteBuf in, int portal, int length, byte @Nullable [] target) {
        if (length == 0) {
            ofUnnamed = target;
        } else if (target == null) {
            closed(in, portal, length);
        } else if (byPortal.size() < MAX_PORTALS) {
            if (byPortal.isEmpty()) {
                byPortal = new HashMap<>();
            }
            byPortal.put(store.key(in, portal, length).copy(), target);
        }
    }

    /** A portal is closed. */
    public void closed(ByteBuf in, int portal, int length) {
        if (length == 0) {
            ofUnnamed = null;
        } else if (!byPortal.isEmpty()) {
            byPortal.remove(store.key(in, portal, length));
        }
    }

    /** All of them are gone, since the transaction is over. */
    public void clear() {
        ofUnnamed = null;
        byPortal = Map.of();
    }

    /** What executing a portal deallocates. */
    public byte @Nullable [] of(ByteBuf in, int portal, int length) {
        return length == 0 ? ofUnnamed : byPortal.get(store.key(in, portal, length));
    }
}
