package dev.sluice.storage.redo.change;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.VisibilityMap;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.redo.change.TransactionStatus.Status;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PageChangeTest {
    private static final RelFileLocator TABLE = new RelFileLocator(1663, 5, 16384);
    private static final Key MAP = Key.relationBlock(TABLE, Fork.VISIBILITY_MAP, 0);

    private final byte[] page = new byte[Page.SIZE];

    @Test
    void layouts() {
        assertThat(hex(new VisibilityClear(3, new int[] {7}))).isEqualTo("01030001" + "00000007");
        assertThat(hex(new VisibilityTruncate(9))).isEqualTo("0200000009");
        assertThat(hex(new TransactionStatus(Status.ABORTED, new int[] {731, 732})))
                .isEqualTo("03020002" + "000002db" + "000002dc");
        assertThat(hex(new MultixactOffsets(new int[] {1}, new int[] {2})))
                .isEqualTo("040001" + "00000001" + "00000002");
        assertThat(hex(new MultixactMembers(5, new int[] {6}, new byte[] {4})))
                .isEqualTo("05" + "00000005" + "0001" + "00000006" + "04");
        assertThat(hex(new CommitTimestamps(1, 2, new int[] {3})))
                .isEqualTo("06" + "0000000000000001" + "0002" + "0001" + "00000003");
    }

    @Test
    void everyKindSurvivesItsEncodingAndRejectsEveryShorterOne() throws Exception {
        for (PageChange change : oneOfEach()) {
            byte[] bytes = change.encode().bytes();
            assertThat(hex(PageChange.decode(new Value.Change(bytes)))).isEqualTo(hex(change));
            for (int length = 0; length < bytes.length; length++) {
                byte[] cut = java.util.Arrays.copyOf(bytes, length);
                assertThatThrownBy(() -> PageChange.decode(new Value.Change(cut)))
                        .isInstanceOf(RedoException.class);
            }
        }
    }

    @Test
    void oneEncodedStatusIsAppliedAsOneAmongSeveral() throws Exception {
        int xid = 7 * TransactionStatus.XIDS_PER_BLOCK + 4321;
        Key key = Key.slruBlock(Slru.CLOG, 7);
        for (TransactionStatus.Status status : TransactionStatus.Status.values()) {
            for (int before = 0; before < 256; before += 0x55) {
                byte[] expected = new byte[Page.SIZE];
                java.util.Arrays.fill(expected, (byte) before);
                byte[] found = expected.clone();
                TransactionStatus change = new TransactionStatus(status, new int[] {xid});
                change.apply(key, expected);
                PageChange.apply(change.encode(), key, found);
                assertThat(found).isEqualTo(expected);
            }
        }
        Value.Change elsewhere =
                new TransactionStatus(TransactionStatus.Status.ABORTED, new int[] {1}).encode();
        assertThatThrownBy(() -> PageChange.apply(elsewhere, key, new byte[Page.SIZE]))
                .isInstanceOf(RedoException.class)
                .hasMessageContaining("transaction 1 is in block 0");
        assertThatThrownBy(() -> PageChange.apply(elsewhere, MAP, new byte[Page.SIZE]))
                .isInstanceOf(RedoException.class)
                .hasMessageContaining("does not belong on");
    }

    @Test
    void unknownKindIsNamed() {
        assertThatThrownBy(() -> PageChange.decode(new Value.Change(new byte[] {0x7F})))
                .isInstanceOf(RedoException.class)
                .hasMessageContaining("0x7f");
    }

    @Test
    void visibilityBitsOfOneHeapBlockAreCleared() throws Exception {
        VisibilityMap.set(page, 4, VisibilityMap.VALID_BITS);
        VisibilityMap.set(page, 5, VisibilityMap.VALID_BITS);
        new VisibilityClear(VisibilityMap.ALL_FROZEN, new int[] {5}).apply(MAP, page);
        assertThat(VisibilityMap.get(page, 4)).isEqualTo(VisibilityMap.VALID_BITS);
        assertThat(VisibilityMap.get(page, 5)).isEqualTo(VisibilityMap.ALL_VISIBLE);
    }

    @Test
    void truncationClearsFromTheNewEndOn() throws Exception {
        for (int block = 0; block < VisibilityMap.HEAP_BLOCKS_PER_BLOCK; block++) {
            VisibilityMap.set(page, block, VisibilityMap.VALID_BITS);
        }
        new VisibilityTruncate(6).apply(MAP, page);
        assertThat(VisibilityMap.get(page, 5)).isEqualTo(VisibilityMap.VALID_BITS);
        for (int block = 6; block < VisibilityMap.HEAP_BLOCKS_PER_BLOCK; block++) {
            assertThat(VisibilityMap.get(page, block)).isZero();
        }
    }

    @Test
    void transactionStatusIsTwoBits() throws Exception {
        Key clog = Key.slruBlock(Slru.CLOG, 1);
        int first = TransactionStatus.XIDS_PER_BLOCK;
        new TransactionStatus(Status.COMMITTED, new int[] {first, first + 5}).apply(clog, page);
        new TransactionStatus(Status.ABORTED, new int[] {first + 1}).apply(clog, page);
        assertThat(page[0]).isEqualTo((byte) 0b1001);
        assertThat(page[1]).isEqualTo((byte) 0b0100);
    }

    @Test
    void aCommittedTransactionDoesNotBecomeSubcommitted() throws Exception {
        Key clog = Key.slruBlock(Slru.CLOG, 0);
        new TransactionStatus(Status.COMMITTED, new int[] {3}).apply(clog, page);
        new TransactionStatus(Status.SUB_COMMITTED, new int[] {3}).apply(clog, page);
        assertThat(page[0]).isEqualTo((byte) 0b01000000);
    }

    @Test
    void multixactMembersLieInGroupsOfFour() throws Exception {
        Key members = Key.slruBlock(Slru.MULTIXACT_MEMBERS, 0);
        new MultixactMembers(3, new int[] {100, 200}, new byte[] {1, 5}).apply(members, page);
        assertThat(page[3]).isEqualTo((byte) 1);
        assertThat(page[16]).isEqualTo((byte) 100);
        assertThat(page[20]).isEqualTo((byte) 5);
        assertThat(page[24]).isEqualTo((byte) 200);
    }

    @Test
    void aChangeOfAnotherPageIsRefused() {
        Key clog = Key.slruBlock(Slru.CLOG, 0);
        assertThatThrownBy(() -> new VisibilityTruncate(6).apply(clog, page))
                .isInstanceOf(RedoException.class);
        assertThatThrownBy(() ->
                        new TransactionStatus(Status.COMMITTED, new int[] {0xF0000000})
                                .apply(clog, page))
                .isInstanceOf(RedoException.class)
                .hasMessageContaining("4026531840");
        for (PageChange change : oneOfEach()) {
            assertThatThrownBy(() -> change.apply(Key.OF_CHECKPOINT, page))
                    .isInstanceOf(RedoException.class);
        }
    }

    private static List<PageChange> oneOfEach() {
        return List.of(
                new VisibilityClear(3, new int[] {7, 8}),
                new VisibilityTruncate(9),
                new TransactionStatus(Status.ABORTED, new int[] {731, 732}),
                new MultixactOffsets(new int[] {1, 2}, new int[] {2, 5}),
                new MultixactMembers(5, new int[] {6}, new byte[] {4}),
                new CommitTimestamps(1, 2, new int[] {3}));
    }

    private static String hex(PageChange change) {
        return HexFormat.of().formatHex(change.encode().bytes());
    }
}
