package dev.sluice.storage.postgres.v17.redo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.page.CorruptPageException;
import dev.sluice.storage.page.IndexTuple;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a real Postgres does not write today: pages of old versions, and damage. */
class GinRecompressionTest {
    private static final int LEAF_OF_POSTING_TREE = GinPages.DATA | GinPages.LEAF;
    private static final byte[] NO_ACTIONS = {0, 0};

    @Test
    void listsComeBackAsTheyWere() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            long[] positions =
                    random.longs(1 + random.nextInt(500), 0, 1L << random.nextInt(1, 33))
                            .map(block -> block << 11 | 1 + random.nextInt(291))
                            .sorted()
                            .distinct()
                            .toArray();
            byte[] list = GinPostingList.encode(positions);
            assertThat(GinPostingList.checkedSize(list, 0, list.length)).isEqualTo(list.length);
            assertThat(GinPostingList.decode(list, 0)).as("seed " + seed).isEqualTo(positions);
        }
    }

    @Test
    void aPageFromBefore94IsCompressedFirst() throws Exception {
        byte[] page = new byte[Page.SIZE];
        GinPages.init(page, LEAF_OF_POSTING_TREE);
        for (int i = 0; i < 3; i++) {
            int at = GinPages.DATA_AT + i * IndexTuple.TID_BYTES;
            IndexTuple.setBlock(page, at, 7 * i);
            IndexTuple.setOffsetNumber(page, at, i + 1);
        }
        GinPages.setMaxOffset(page, 3);

        GinRecompression.apply(NO_ACTIONS, 0, 2, page);

        assertThat(GinPages.flags(page)).isEqualTo(LEAF_OF_POSTING_TREE | GinPages.COMPRESSED);
        assertThat(GinPages.maxOffset(page)).isZero();
        assertThat(GinPostingList.decode(page, GinPages.DATA_AT))
                .containsExactly(1, 7 << 11 | 2, 14 << 11 | 3);
        int size = GinPostingList.checkedSize(page, GinPages.DATA_AT, Page.lower(page));
        assertThat(Page.lower(page)).isEqualTo(GinPages.DATA_AT + size);
    }

    @Test
    void damageIsRefused() {
        byte[] page = new byte[Page.SIZE];
        GinPages.init(page, LEAF_OF_POSTING_TREE | GinPages.COMPRESSED);
        GinPages.setDataBytes(page, 0);
        assertThatThrownBy(() -> GinRecompression.apply(new byte[] {1, 0, 0, 1}, 0, 4, page))
                .as("delete of a segment that is not there")
                .isInstanceOf(CorruptPageException.class);
        assertThatThrownBy(() -> GinRecompression.apply(new byte[] {1, 0, 9, 2}, 0, 4, page))
                .as("segment 9 of none")
                .isInstanceOf(CorruptPageException.class);
        assertThatThrownBy(() -> GinRecompression.apply(new byte[] {1, 0}, 0, 2, page))
                .as("no action where one is announced")
                .isInstanceOf(RedoException.class);
        assertThatThrownBy(() -> GinRecompression.apply(new byte[] {1, 0, 0, 9}, 0, 4, page))
                .hasMessageContaining("unknown action 9");

        byte[] endless = new byte[20];
        Arrays.fill(endless, 8, 20, (byte) 0xFF);
        IndexTuple.setOffsetNumber(endless, 0, 1);
        LittleEndian.put16(endless, 6, 12);
        assertThatThrownBy(() -> GinPostingList.decode(endless, 0))
                .isInstanceOf(CorruptPageException.class);

        byte[] notAPostingTree = new byte[Page.SIZE];
        GinPages.init(notAPostingTree, GinPages.LEAF);
        assertThatThrownBy(() -> GinRecompression.apply(NO_ACTIONS, 0, 2, notAPostingTree))
                .hasMessageContaining("not a leaf page of a posting tree");
    }
}
