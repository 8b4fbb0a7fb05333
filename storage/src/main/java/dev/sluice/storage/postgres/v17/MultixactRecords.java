package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.ingest.RecordScope;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.redo.change.MultixactMembers;
import dev.sluice.storage.redo.change.MultixactOffsets;
import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Multixacts made and forgotten ({@code multixact_redo} in {@code multixact.c}).
 *
 * <p>A record that makes a multixact sets the next one's offset too. If that lies on the next page,
 * the record that zeroes the page comes before it, but in WAL of older minor versions (before 17.8)
 * after it: such a record is left out, for the page is there already.
 */
final class MultixactRecords {
    private static final int ZERO_OFFSETS_PAGE = 0x00;
    private static final int ZERO_MEMBERS_PAGE = 0x10;
    private static final int CREATE = 0x20;
    private static final int TRUNCATE = 0x30;

    private static final int MEMBER_BYTES = 8;
    private static final int MAX_STATUS = 5;
    private static final int FIRST_MULTIXACT = 1;

    private final RecordScope scope;
    private final ClusterState cluster;

    MultixactRecords(RecordScope scope, ClusterState cluster) {
        this.scope = scope;
        this.cluster = cluster;
    }

    void ingest(WalRecord record) throws IOException {
        ByteBuffer main = RecordData.main(record);
        switch (record.rmgrInfo()) {
            case ZERO_OFFSETS_PAGE -> zeroOffsets(main.getLong());
            case ZERO_MEMBERS_PAGE ->
                    scope.putZeroSlruBlock(Slru.MULTIXACT_MEMBERS, main.getLong());
            case CREATE -> create(main);
            case TRUNCATE -> truncate(main);
            default -> throw scope.refuse("unknown info");
        }
    }

    private void zeroOffsets(long page) throws IOException {
        int next = cluster.get(CheckPoint17.NEXT_MULTI);
        boolean isNextOnes = page == MultixactOffsets.block(next == 0 ? FIRST_MULTIXACT : next);
        if (!isNextOnes || !scope.hasSlruBlock(Slru.MULTIXACT_OFFSETS, (int) page)) {
            scope.putZeroSlruBlock(Slru.MULTIXACT_OFFSETS, page);
        }
    }

    /** {@code RecordNewMultiXact}. */
    private void create(ByteBuffer main) throws IOException {
        int multixact = main.getInt();
        int offset = main.getInt();
        int count = RecordData.count(main, MEMBER_BYTES);
        if (count < 1) {
            throw scope.refuse("a multixact without members");
        }
        putOffsets(multixact, offset, count);
        int first = 0;
        while (first < count) {
            first += putMembers(main, offset + first, count - first);
        }
        cluster.advance(CheckPoint17.NEXT_MULTI, multixact + 1);
        cluster.advance(CheckPoint17.NEXT_MULTI_OFFSET, offset + count);
    }

    private void putOffsets(int multixact, int offset, int count) throws IOException {
        int next = multixact + 1 == 0 ? FIRST_MULTIXACT : multixact + 1;
        int nextOffset = offset + count == 0 ? 1 : offset + count;
        int block = MultixactOffsets.block(multixact);
        int nextBlock = MultixactOffsets.block(next);
        if (block == nextBlock) {
            putOffsets(block, new int[] {multixact, next}, new int[] {offset, nextOffset});
        } else {
            putOffsets(block, new int[] {multixact}, new int[] {offset});
            putOffsets(nextBlock, new int[] {next}, new int[] {nextOffset});
        }
    }

    private void putOffsets(int block, int[] multixacts, int[] offsets) throws IOException {
        scope.changeSlruBlock(
                Slru.MULTIXACT_OFFSETS, block, new MultixactOffsets(multixacts, offsets));
    }

    /** Puts as many of the members that are left as lie on the first one's block. */
    private int putMembers(ByteBuffer main, int offset, int left) throws IOException {
        int block = MultixactMembers.block(offset);
        int count = 1;
        while (count < left && MultixactMembers.block(offset + count) == block) {
            count++;
        }
        int[] xids = new int[count];
        byte[] statuses = new byte[count];
        for (int i = 0; i < count; i++) {
            xids[i] = main.getInt();
            int status = main.getInt();
            if (status < 0 || status > MAX_STATUS) {
                throw scope.refuse("unknown multixact member status " + status);
            }
            statuses[i] = (byte) status;
            cluster.advanceNextXidPast(xids[i]);
        }
        scope.changeSlruBlock(
                Slru.MULTIXACT_MEMBERS, block, new MultixactMembers(offset, xids, statuses));
        return count;
    }

    /** {@code PerformMembersTruncation} and {@code PerformOffsetsTruncation}. */
    private void truncate(ByteBuffer main) throws IOException {
        int oldestDatabase = main.getInt();
        RecordData.skip(main, Integer.BYTES); // startTruncOff, which Postgres does not use either
        int oldest = main.getInt();
        int firstMemberSegment = memberSegment(main.getInt());
        int endMemberSegment = memberSegment(main.getInt());
        cluster.set(CheckPoint17.OLDEST_MULTI, oldest);
        cluster.set(CheckPoint17.OLDEST_MULTI_DB, oldestDatabase);
        scope.dropSlruSegments(
                Slru.MULTIXACT_MEMBERS,
                segment -> isBetween(segment, firstMemberSegment, endMemberSegment));
        int lastForgotten = oldest == FIRST_MULTIXACT ? -1 : oldest - 1;
        int cutoffPage = MultixactOffsets.block(lastForgotten);
        scope.dropSlruSegments(
                Slru.MULTIXACT_OFFSETS,
                segment ->
                        SlruPages.segmentPrecedes(
                                segment,
                                cutoffPage,
                                (a, b) ->
                                        SlruPages.multixactPagePrecedes(
                                                a, b, MultixactOffsets.PER_BLOCK)));
    }

    private static int memberSegment(int offset) {
        return MultixactMembers.block(offset) / Slru.BLOCKS_PER_SEGMENT;
    }

    /** Whether a segment is in [first, end) on the circle of segments. */
    private static boolean isBetween(int segment, int first, int end) {
        return first <= end ? segment >= first && segment < end : segment >= first || segment < end;
    }
}
