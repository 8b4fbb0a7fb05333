package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import java.nio.ByteBuffer;

/**
 * The heap was truncated: clears the bits of all heap blocks from its new end on that are on the
 * map's last remaining page ({@code visibilitymap_prepare_truncate}). Implied by a Storage TRUNCATE
 * record that names the visibility map, when the new end is not exactly at the border of two map
 * pages and the map had that page; filed under {@link VisibilityMap#mapBlock} of the new end. The
 * map's new size is that block plus one, if it was larger.
 *
 * @param heapBlocks the heap's new size: the first block whose bits are cleared
 */
public record VisibilityTruncate(int heapBlocks) implements PageChange {
    static final int KIND = 0x02;

    static VisibilityTruncate read(ByteBuffer in) {
        return new VisibilityTruncate(in.getInt());
    }

    @Override
    public void apply(Key key, byte[] page) throws RedoException {
        Entries.checkVisibilityMap(key, this);
        Entries.checkBlock(key, VisibilityMap.mapBlock(heapBlocks), "heap block", heapBlocks);
        VisibilityMap.clearFrom(page, heapBlocks);
    }

    @Override
    public int encodedBytes() {
        return 5;
    }

    @Override
    public void write(ByteBuffer out) {
        out.put((byte) KIND).putInt(heapBlocks);
    }
}
