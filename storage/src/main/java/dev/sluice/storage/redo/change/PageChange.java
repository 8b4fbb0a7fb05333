package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.redo.RedoException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/**
 * One change to one page that no WAL record registers, as a {@link Value.Change} carries it. A WAL
 * record files at most one change under each key: what it does to several entries of one page is
 * one change with several entries.
 *
 * <p>All integers big-endian, and the change ends where its last field does:
 *
 * <pre>
 *   kind (u8)  then                                              page
 *   0x01       bits (u8), count (u16), count × heap block (u32)  visibility map: clear bits
 *   0x02       heap blocks (u32)                                 visibility map: clear the tail
 *   0x03       status (u8), count (u16), count × xid (u32)       clog
 *   0x04       count (u16), count × [multixact, offset] (u32)    multixact offsets
 *   0x05       first offset (u32), count (u16),                  multixact members
 *                count × [xid (u32), status (u8)]
 *   0x06       time (i64), origin (u16), count (u16),            commit timestamps
 *                count × xid (u32)
 * </pre>
 *
 * Kinds are never reused; an unknown one is an error.
 */
public sealed interface PageChange
        permits VisibilityClear,
                VisibilityTruncate,
                TransactionStatus,
                MultixactOffsets,
                MultixactMembers,
                CommitTimestamps {

    /** Applies this change to the page that {@code key} names, in place. */
    void apply(Key key, byte[] page) throws RedoException;

    /** Bytes of {@link #write}, the kind included. */
    int encodedBytes();

    void write(ByteBuffer out);

    /** This change as a value to file under its page's key. */
    default Value.Change encode() {
        ByteBuffer out = ByteBuffer.allocate(encodedBytes());
        write(out);
        return new Value.Change(out.array());
    }

    /**
     * Applies an encoded change to the page that {@code key} names, in place.
     *
     * @throws RedoException as {@link #decode}, or if the change does not belong on that page
     */
    static void apply(Value.Change change, Key key, byte[] page) throws RedoException {
        if (!TransactionStatus.applySingle(change.bytes(), key, page)) {
            decode(change).apply(key, page);
        }
    }

    /**
     * @throws RedoException if {@code change} is no change of a known kind, or is not exactly as
     *     long as its fields say
     */
    static PageChange decode(Value.Change change) throws RedoException {
        ByteBuffer in = ByteBuffer.wrap(change.bytes());
        try {
            int kind = in.get() & 0xFF;
            PageChange decoded =
                    switch (kind) {
                        case VisibilityClear.KIND -> VisibilityClear.read(in);
                        case VisibilityTruncate.KIND -> VisibilityTruncate.read(in);
                        case TransactionStatus.KIND -> TransactionStatus.read(in);
                        case MultixactOffsets.KIND -> MultixactOffsets.read(in);
                        case MultixactMembers.KIND -> MultixactMembers.read(in);
                        case CommitTimestamps.KIND -> CommitTimestamps.read(in);
                        default ->
                                throw new RedoException(
                                        "unknown kind of page change 0x"
                                                + Integer.toHexString(kind));
                    };
            if (in.hasRemaining()) {
                throw new RedoException(
                        "page change of kind 0x"
                                + Integer.toHexString(kind)
                                + " has "
                                + in.remaining()
                                + " bytes too many");
            }
            return decoded;
        } catch (BufferUnderflowException e) {
            throw new RedoException(
                    "page change of " + change.bytes().length + " bytes is cut short", e);
        }
    }
}
