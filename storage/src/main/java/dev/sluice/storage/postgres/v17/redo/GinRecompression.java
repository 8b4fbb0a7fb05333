package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.util.Arrays;

/**
 * {@code ginRedoRecompress}: changes of a posting tree leaf's posting lists, called segments.
 *
 * <pre>
 *   u16 actions, each:  u8 segment it concerns (ascending, from 0), u8 action
 *     1 delete
 *     2 insert before   the new segment
 *     3 replace         the new segment
 *     4 add             u16 positions, each 6 bytes
 * </pre>
 */
final class GinRecompression {
    private static final int DELETE = 1;
    private static final int INSERT = 2;
    private static final int REPLACE = 3;
    private static final int ADD_ITEMS = 4;

    private final byte[] raw;
    private final int end;
    private int at;

    private final byte[] old;
    private int oldAt;

    private final byte[] page;
    private int written = GinPages.DATA_AT;

    private GinRecompression(byte[] raw, int at, int end, byte[] page, byte[] old) {
        this.raw = raw;
        this.at = at;
        this.end = end;
        this.page = page;
        this.old = old;
    }

    /** Applies the actions that begin at {@code at}. */
    static void apply(byte[] raw, int at, int end, byte[] page)
            throws RedoException, CorruptPageException {
        GinPages.checkPostingTree(page, true);
        if ((GinPages.flags(page) & GinPages.COMPRESSED) == 0) {
            compress(page);
        }
        int lower = Page.lower(page);
        if (lower < GinPages.DATA_AT || lower > GinPages.SPECIAL_AT) {
            throw new CorruptPageException("posting lists end at " + lower);
        }
        byte[] old = Arrays.copyOfRange(page, GinPages.DATA_AT, lower);
        new GinRecompression(raw, at + 2, end, page, old).run(LittleEndian.u16(raw, at));
    }

    /** A page from before 9.4 is an array of positions; it becomes one posting list. */
    private static void compress(byte[] page) throws CorruptPageException {
        int count = GinPages.maxOffset(page);
        if (count > (GinPages.SPECIAL_AT - GinPages.DATA_AT) / IndexTuple.TID_BYTES) {
            throw new CorruptPageException(count + " positions on one page");
        }
        byte[] list = new byte[0];
        if (count > 0) {
            long[] positions = new long[count];
            for (int i = 0; i < count; i++) {
                int position = GinPages.DATA_AT + i * IndexTuple.TID_BYTES;
                positions[i] = GinPostingList.position(page, position);
            }
            list = GinPostingList.encode(positions);
        }
        if (list.length > GinPages.SPECIAL_AT - GinPages.DATA_AT) {
            throw new CorruptPageException("posting list of " + list.length + " bytes");
        }
        System.arraycopy(list, 0, page, GinPages.DATA_AT, list.length);
        GinPages.setDataBytes(page, list.length);
        GinPages.changeFlags(page, GinPages.COMPRESSED, 0);
        GinPages.setMaxOffset(page, 0);
    }

    private void run(int actions) throws RedoException, CorruptPageException {
        int segment = 0;
        for (int i = 0; i < actions; i++) {
            RecordFields.need(at, 2, end);
            int target = LittleEndian.u8(raw, at);
            int action = LittleEndian.u8(raw, at + 1);
            at += 2;
            for (; segment < target; segment++) {
                int size = oldSize();
                write(old, oldAt, size);
                oldAt += size;
            }
            perform(action);
            if (action != INSERT) {
                segment++;
            }
        }
        write(old, oldAt, old.length - oldAt);
        GinPages.setDataBytes(page, written - GinPages.DATA_AT);
    }

    private void perform(int action) throws RedoException, CorruptPageException {
        switch (action) {
            case DELETE -> oldAt += oldSize();
            case INSERT -> writeNew();
            case REPLACE -> {
                oldAt += oldSize();
                writeNew();
            }
            case ADD_ITEMS -> {
                int size = oldSize();
                long[] items = GinPostingList.decode(old, oldAt);
                byte[] list = GinPostingList.encode(GinPostingList.merge(added(), items));
                write(list, 0, list.length);
                oldAt += size;
            }
            default -> throw new RedoException("unknown action " + action + " on a posting list");
        }
    }

    private int oldSize() throws CorruptPageException {
        return GinPostingList.checkedSize(old, oldAt, old.length);
    }

    /** Writes the segment that the record brings. */
    private void writeNew() throws CorruptPageException {
        int size = GinPostingList.checkedSize(raw, at, end);
        write(raw, at, size);
        at += size;
    }

    private long[] added() throws RedoException, CorruptPageException {
        RecordFields.need(at, 2, end);
        int count = LittleEndian.u16(raw, at);
        at += 2;
        RecordFields.need(at, count * IndexTuple.TID_BYTES, end);
        long[] positions = new long[count];
        for (int i = 0; i < count; i++) {
            positions[i] = GinPostingList.position(raw, at);
            at += IndexTuple.TID_BYTES;
        }
        return positions;
    }

    private void write(byte[] from, int position, int length) throws CorruptPageException {
        if (length > GinPages.SPECIAL_AT - written) {
            throw new CorruptPageException("posting lists exceed the page");
        }
        System.arraycopy(from, position, page, written, length);
        written += length;
    }
}
