package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.nio.ByteBuffer;

/**
 * Where multixacts' members begin ({@code RecordNewMultiXact} in {@code multixact.c}): four bytes
 * per multixact.
 *
 * <p>A MultiXact CREATE_ID record sets its own multixact's offset and the next one's, which is its
 * own plus the number of members, with 1 in place of 0; the next multixact after 0xFFFFFFFF is 1.
 * Both may be in one block: then they are one change.
 *
 * @param multixacts multixacts whose {@link #block} is the same
 * @param offsets as many, each the offset of its multixact's first member
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record MultixactOffsets(int[] multixacts, int[] offsets) implements PageChange {
    static final int KIND = 0x04;

    /** {@code MULTIXACT_OFFSETS_PER_PAGE}. */
    public static final int PER_BLOCK = Page.SIZE / Integer.BYTES;

    public MultixactOffsets {
        Entries.checkCount(multixacts.length);
        if (multixacts.length != offsets.length) {
            throw new IllegalArgumentException(
                    multixacts.length + " multixacts with " + offsets.length + " offsets");
        }
    }

    /** The block that holds a multixact's offset. */
    public static int block(int multixact) {
        return Integer.divideUnsigned(multixact, PER_BLOCK);
    }

    static MultixactOffsets read(ByteBuffer in) throws RedoException {
        int count = Entries.readCount(in);
        int[] multixacts = new int[count];
        int[] offsets = new int[count];
        for (int i = 0; i < count; i++) {
            multixacts[i] = in.getInt();
            offsets[i] = in.getInt();
        }
        return new MultixactOffsets(multixacts, offsets);
    }

    @Override
    public void apply(Key key, byte[] page) throws RedoException {
        Entries.checkSlru(key, Slru.MULTIXACT_OFFSETS, this);
        for (int i = 0; i < multixacts.length; i++) {
            Entries.checkBlock(key, block(multixacts[i]), "multixact", multixacts[i]);
            int entry = Integer.remainderUnsigned(multixacts[i], PER_BLOCK);
            LittleEndian.put32(page, entry * Integer.BYTES, offsets[i]);
        }
    }

    @Override
    public int encodedBytes() {
        return 3 + 8 * multixacts.length;
    }

    @Override
    public void write(ByteBuffer out) {
        out.put((byte) KIND).putShort((short) multixacts.length);
        for (int i = 0; i < multixacts.length; i++) {
            out.putInt(multixacts[i]).putInt(offsets[i]);
        }
    }
}
