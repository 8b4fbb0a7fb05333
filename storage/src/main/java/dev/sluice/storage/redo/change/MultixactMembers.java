package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.nio.ByteBuffer;

/**
 * Members of a multixact on one block ({@code multixact.c}): groups of four status bytes and then
 * four transaction ids, 409 groups in a block and 12 bytes unused at its end.
 *
 * <p>A MultiXact CREATE_ID record's members lie at consecutive offsets from the record's own, over
 * as many blocks as they need.
 *
 * @param firstOffset the first member's offset; the others follow, all in one {@link #block}
 * @param statuses as many as {@code xids}: {@code MultiXactStatus}, 0 to 5
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MultixactMembers(int firstOffset, int[] xids, byte[] statuses) implements PageChange {
    static final int KIND = 0x05;

    private static final int PER_GROUP = 4;
    private static final int GROUP_BYTES = 20;
    private static final int GROUPS_PER_BLOCK = Page.SIZE / GROUP_BYTES;
    private static final int MAX_STATUS = 5;

    /** {@code MULTIXACT_MEMBERS_PER_PAGE}. */
    public static final int PER_BLOCK = GROUPS_PER_BLOCK * PER_GROUP;

    public MultixactMembers {
        Entries.checkCount(xids.length);
        if (xids.length != statuses.length) {
            throw new IllegalArgumentException(
                    xids.length + " members with " + statuses.length + " statuses");
        }
    }

    /** The block that holds the member at an offset. */
    public static int block(int offset) {
        return Integer.divideUnsigned(offset, PER_BLOCK);
    }

    static MultixactMembers read(ByteBuffer in) throws RedoException {
        int firstOffset = in.getInt();
        int count = Entries.readCount(in);
        int[] xids = new int[count];
        byte[] statuses = new byte[count];
        for (int i = 0; i < count; i++) {
            xids[i] = in.getInt();
            statuses[i] = in.get();
            if ((statuses[i] & 0xFF) > MAX_STATUS) {
                throw new RedoException("unknown multixact member status " + statuses[i]);
            }
        }
        return new MultixactMembers(firstOffset, xids, statuses);
    }

    @Override
    public void apply(Key key, byte[] page) throws RedoException {
        Entries.checkSlru(key, Slru.MULTIXACT_MEMBERS, this);
        for (int i = 0; i < xids.length; i++) {
            int offset = firstOffset + i;
            Entries.checkBlock(key, block(offset), "multixact member", offset);
            int entry = Integer.remainderUnsigned(offset, PER_BLOCK);
            int group = entry / PER_GROUP * GROUP_BYTES;
            int member = entry % PER_GROUP;
            page[group + member] = statuses[i];
            LittleEndian.put32(page, group + PER_GROUP + member * Integer.BYTES, xids[i]);
        }
    }

    @Override
    public int encodedBytes() {
        return 7 + 5 * xids.length;
    }

    @Override
    public void write(ByteBuffer out) {
        out.put((byte) KIND).putInt(firstOffset).putShort((short) xids.length);
        for (int i = 0; i < xids.length; i++) {
            out.putInt(xids[i]).put(statuses[i]);
        }
    }
}
