package dev.sluice.storage.postgres.v17;

import static dev.sluice.storage.postgres.v17.StateBench.data;
import static dev.sluice.storage.postgres.v17.StateBench.end;
import static dev.sluice.storage.postgres.v17.StateBench.ints;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.change.CommitTimestamps;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ResourceManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What single records make of the state outside of pages, where circles close and files end. */
class StateIngestTest {
    private static final int COMMIT = 0x80;
    private static final int ABORT = 0xA0;
    private static final int PREPARE = 0x10;
    private static final int COMMIT_PREPARED = 0xB0;
    private static final int[] NONE = {};

    @Test
    void theNextTransactionIsPastAllThatARecordNames() throws IOException {
        StateBench bench = new StateBench.Begin().ready();
        bench.ingest(ResourceManager.XACT, COMMIT, 760, end(new int[] {800, 1600}, 0));
        assertThat(bench.nextXid()).isBetween(1601L, 1600L + ClusterState.XIDS_AT_ONCE);
        bench.ingest(ResourceManager.XACT, 0x50, 0, ints(1500, 2, 2600, 2700)); // ASSIGNMENT
        assertThat(bench.nextXid()).isBetween(2701L, 2700L + ClusterState.XIDS_AT_ONCE);
        ByteBuffer running = ints(0, 0, 0, 5000, 4999, 4999);
        bench.ingest(ResourceManager.STANDBY, 0x10, 0, running);
        assertThat(bench.nextXid()).isBetween(5000L, 5000L + ClusterState.XIDS_AT_ONCE);
    }

    @Test
    void roundingEntersNoCommitLogPageBeforeItsRecord() throws IOException {
        StateBench bench = new StateBench.Begin().nextXid(0, 32_000).ready();
        bench.ingest(ResourceManager.XACT, ABORT, 32_767, end(NONE, 0));
        assertThat(bench.nextXid()).isEqualTo(32_768);
    }

    @Test
    void afterTheLastTransactionOfAnEpochTheFirstCommitLogPageIsThere() throws IOException {
        StateBench bench = new StateBench.Begin().nextXid(6, 0xFFFFFC00).ready();
        bench.ingest(ResourceManager.XACT, COMMIT, 0xFFFFFFF0, end(NONE, 0));
        assertThat(bench.nextXid()).isEqualTo(7L << 32 | 3);
        assertThat(bench.page(Slru.CLOG, 0)).containsOnly(0);
        bench.ingest(ResourceManager.CLOG, 0x00, 3, data(8).putLong(0));
        bench.ingest(ResourceManager.XACT, COMMIT, 3, end(NONE, 0));
        assertThat(bench.page(Slru.CLOG, 0)[0]).isEqualTo((byte) 0b01000000);
        assertThat(bench.nextXid()).isEqualTo(7L << 32 | ClusterState.XIDS_AT_ONCE);
    }

    @Test
    void aPreparedTransactionKeepsItsEpochWhenTheNextOneBegins() throws IOException {
        StateBench bench = new StateBench.Begin().nextXid(1, 0xFFFFFFF0).ready();
        ByteBuffer state = data(96);
        state.putInt(4, 100).putInt(8, 0xFFFFFFF1).putInt(28, 1); // length, xid, subtransactions
        state.putShort(54, (short) 3).putInt(80, 0xFFFFFFF2); // "ab" and its end; the one
        bench.ingest(ResourceManager.XACT, PREPARE, 0xFFFFFFF2, state);
        Key key = Key.twoPhase(1, 0xFFFFFFF1);
        assertThat(bench.get(key)).hasSize(100);
        bench.ingest(ResourceManager.XACT, COMMIT, 8, end(NONE, 0));
        assertThat(bench.nextXid() >>> 32).isEqualTo(2);
        byte[] prepared = data(4).putInt(0xFFFFFFF1).array();
        bench.ingest(ResourceManager.XACT, COMMIT_PREPARED, 0, end(NONE, 1 << 4, prepared));
        assertThat(bench.get(key)).isNull();
        assertThat(status(bench, 0xFFFFFFF1)).isEqualTo(1);
    }

    private static int status(StateBench bench, int xid) throws IOException {
        byte[] page = bench.page(Slru.CLOG, xid >>> 15);
        return (page[(xid & 0x7FFF) / 4] >>> ((xid & 3) * 2)) & 3;
    }

    /** The page of 2^31 has 202 ids below it; signed order put pages between them and the rest. */
    @Test
    void commitTimestampsOfOnePageOnBothSidesOfTheMiddle() throws IOException {
        int middle = Integer.MIN_VALUE;
        StateBench bench =
                new StateBench.Begin()
                        .tracksCommitTimestamps()
                        .nextXid(0, middle - 2000)
                        .with(CheckPoint17.NEWEST_COMMIT_TS_XID, middle - 2001)
                        .ready();
        int[] subtransactions = {middle - 1, middle, middle + 700, middle + 1600};
        assertThat(CommitTimestamps.block(middle - 1)).isEqualTo(CommitTimestamps.block(middle));
        bench.ingest(ResourceManager.XACT, COMMIT, middle - 1000, end(subtransactions, 0));
        for (int xid : new int[] {middle - 1000, middle - 1, middle, middle + 700, middle + 1600}) {
            byte[] page = bench.page(Slru.COMMIT_TS, CommitTimestamps.block(xid));
            int at = Integer.remainderUnsigned(xid, CommitTimestamps.PER_BLOCK) * 10;
            assertThat(LittleEndian.i64(page, at)).as(Integer.toUnsignedString(xid)).isEqualTo(5);
        }
        assertThat(bench.counter(CheckPoint17.NEWEST_COMMIT_TS_XID)).isEqualTo(middle + 1600);
    }

    @Test
    void commitTimestampsSwitchedOnAndOff() throws IOException {
        StateBench bench = new StateBench.Begin().nextXid(0, 819 * 40 + 7).ready();
        bench.ingest(ResourceManager.XACT, COMMIT, 819 * 40 + 7, end(NONE, 0));
        assertThat(bench.segments(Slru.COMMIT_TS)).isEmpty();
        int next = (int) bench.nextXid();
        bench.ingest(ResourceManager.XLOG, 0x60, 0, parameters(1, true));
        assertThat(bench.counter(CheckPoint17.OLDEST_COMMIT_TS_XID)).isEqualTo(next);
        assertThat(bench.segments(Slru.COMMIT_TS)).containsExactly(1);
        bench.ingest(ResourceManager.XACT, COMMIT, next, end(NONE, 0));
        assertThat(bench.page(Slru.COMMIT_TS, CommitTimestamps.block(next))).contains(5);
        bench.ingest(ResourceManager.XLOG, 0x60, 0, parameters(2, false));
        assertThat(bench.counter(CheckPoint17.OLDEST_COMMIT_TS_XID)).isZero();
        assertThat(bench.counter(CheckPoint17.NEWEST_COMMIT_TS_XID)).isZero();
        assertThat(bench.counter(CheckPoint17.WAL_LEVEL)).isEqualTo(2);
        assertThat(bench.segments(Slru.COMMIT_TS)).isEmpty();
    }

    private static ByteBuffer parameters(int walLevel, boolean tracksCommitTimestamps) {
        ByteBuffer parameters = data(26).putInt(100).putInt(8).putInt(10).putInt(0).putInt(64);
        return parameters
                .putInt(walLevel)
                .put((byte) 0)
                .put((byte) (tracksCommitTimestamps ? 1 : 0));
    }

    /** Postgres makes the page of the next transaction without a record when it starts. */
    @Test
    void aPageThatIsMadeWithoutARecordBeginsWithZeros() throws IOException {
        StateBench bench =
                new StateBench.Begin().tracksCommitTimestamps().nextXid(3, 9 * 819).ready();
        byte[] old = new byte[Page.SIZE];
        Arrays.fill(old, (byte) 7);
        bench.put(Key.slruBlock(Slru.COMMIT_TS, 9), old);
        bench.ingest(ResourceManager.XACT, COMMIT, 9 * 819 + 1, end(NONE, 0));
        byte[] page = bench.page(Slru.COMMIT_TS, 9);
        assertThat(LittleEndian.i64(page, 10)).isEqualTo(5);
        assertThat(page).doesNotContain(7);
        assertThat(bench.page(Slru.COMMIT_TS, 8)).containsOnly(0);
    }

    @Test
    void multixactsAndTheirMembersGoRound() throws IOException {
        StateBench bench =
                new StateBench.Begin()
                        .with(CheckPoint17.NEXT_MULTI, -1)
                        .with(CheckPoint17.OLDEST_MULTI, -100)
                        .with(CheckPoint17.NEXT_MULTI_OFFSET, -2)
                        .ready();
        int lastMembers = Integer.divideUnsigned(-1, 1636);
        bench.ingest(ResourceManager.MULTIXACT, 0x00, 0, data(8).putLong(0));
        bench.ingest(ResourceManager.MULTIXACT, 0x10, 0, data(8).putLong(0));
        ByteBuffer create = ints(-1, -2, 4, 901, 0, 902, 1, 903, 2, 904, 5);
        bench.ingest(ResourceManager.MULTIXACT, 0x20, 0, create);
        assertThat(LittleEndian.i32(bench.page(Slru.MULTIXACT_OFFSETS, 0x1FFFFF), 8188))
                .isEqualTo(-2);
        assertThat(LittleEndian.i32(bench.page(Slru.MULTIXACT_OFFSETS, 0), 4)).isEqualTo(2);
        byte[] last = bench.page(Slru.MULTIXACT_MEMBERS, lastMembers);
        int entry = Integer.remainderUnsigned(-2, 1636);
        assertThat(LittleEndian.i32(last, entry / 4 * 20 + 4 + entry % 4 * 4)).isEqualTo(901);
        byte[] first = bench.page(Slru.MULTIXACT_MEMBERS, 0);
        assertThat(LittleEndian.i32(first, 4)).isEqualTo(903);
        assertThat(LittleEndian.i32(first, 8)).isEqualTo(904);
        assertThat(first[1]).isEqualTo((byte) 5);
        assertThat(bench.counter(CheckPoint17.NEXT_MULTI)).isZero();
        assertThat(bench.counter(CheckPoint17.NEXT_MULTI_OFFSET)).isEqualTo(2);
        assertThat(bench.nextXid()).isGreaterThan(904);
    }

    /** Offset 0 is used for no multixact: it stands for "not set". */
    @Test
    void membersThatEndJustBeforeZero() throws IOException {
        StateBench bench = new StateBench.Begin().with(CheckPoint17.NEXT_MULTI_OFFSET, -2).ready();
        bench.ingest(ResourceManager.MULTIXACT, 0x20, 0, ints(1, -2, 2, 901, 0, 902, 0));
        assertThat(LittleEndian.i32(bench.page(Slru.MULTIXACT_OFFSETS, 0), 8)).isEqualTo(1);
        assertThat(bench.counter(CheckPoint17.NEXT_MULTI_OFFSET)).isZero();
        bench.ingest(ResourceManager.MULTIXACT, 0x20, 0, ints(2, 1, 2, 901, 0, 902, 0));
        assertThat(bench.counter(CheckPoint17.NEXT_MULTI_OFFSET)).isEqualTo(3);
    }

    @Test
    void olderMinorVersionsZeroTheNextOffsetsPageLater() throws IOException {
        StateBench bench = new StateBench.Begin().with(CheckPoint17.NEXT_MULTI, 2047).ready();
        bench.ingest(ResourceManager.MULTIXACT, 0x20, 0, ints(2047, 11, 2, 901, 0, 902, 0));
        bench.ingest(ResourceManager.MULTIXACT, 0x00, 0, data(8).putLong(1));
        assertThat(LittleEndian.i32(bench.page(Slru.MULTIXACT_OFFSETS, 1), 0)).isEqualTo(13);
    }

    @Test
    void truncationsRemoveWholeSegmentsOnly() throws IOException {
        StateBench bench =
                new StateBench.Begin()
                        .tracksCommitTimestamps()
                        .nextXid(1, 0x00200000)
                        .with(CheckPoint17.OLDEST_XID, 0xFFE00000)
                        .with(CheckPoint17.OLDEST_COMMIT_TS_XID, 0xFFE00000)
                        .ready();
        for (int segment : new int[] {4094, 4095, 0, 1}) {
            bench.ingest(ResourceManager.CLOG, 0, 0, data(8).putLong(segment * 32L + 31));
        }
        assertThat(bench.segments(Slru.CLOG)).containsExactly(0, 1, 4094, 4095);
        bench.ingest(ResourceManager.CLOG, 0x10, 0, clogTruncation(4095 * 32 + 31, 0xFFFF8005));
        assertThat(bench.segments(Slru.CLOG)).containsExactly(0, 1, 4095);
        bench.ingest(ResourceManager.CLOG, 0x10, 0, clogTruncation(32, 0x00100000));
        assertThat(bench.segments(Slru.CLOG)).containsExactly(1);
        assertThat(bench.counter(CheckPoint17.OLDEST_XID)).isEqualTo(0x00100000);
        assertThat(bench.counter(CheckPoint17.OLDEST_XID_DB)).isEqualTo(16384);

        int lastPage = Integer.divideUnsigned(-1, 819);
        for (long page : new long[] {lastPage - 40, lastPage, 0}) {
            bench.ingest(ResourceManager.COMMIT_TS, 0, 0, data(8).putLong(page));
        }
        ByteBuffer all = data(12).putLong(0).putInt(3);
        bench.ingest(ResourceManager.COMMIT_TS, 0x10, 0, all);
        assertThat(bench.segments(Slru.COMMIT_TS)).containsExactly(0, lastPage / 32);
        assertThat(bench.counter(CheckPoint17.OLDEST_COMMIT_TS_XID)).isEqualTo(3);
    }

    private static ByteBuffer clogTruncation(long page, int oldestXid) {
        return data(16).putLong(page).putInt(oldestXid).putInt(16384);
    }

    @Test
    void multixactTruncationGoesRound() throws IOException {
        StateBench bench = new StateBench.Begin().with(CheckPoint17.NEXT_MULTI, 5000).ready();
        int lastSegment = Integer.divideUnsigned(-1, 1636 * 32);
        for (int segment : new int[] {lastSegment - 1, lastSegment, 0, 1, 2}) {
            bench.ingest(ResourceManager.MULTIXACT, 0x10, 0, data(8).putLong(segment * 32L));
        }
        for (int segment : new int[] {0xFFFE, 0xFFFF, 0}) {
            bench.ingest(ResourceManager.MULTIXACT, 0x00, 0, data(8).putLong(segment * 32L));
        }
        int firstOffset = lastSegment * 1636 * 32 + 9;
        ByteBuffer truncate = ints(16384, 0xFFFF0001, 4000, firstOffset, 1636 * 32 + 9);
        bench.ingest(ResourceManager.MULTIXACT, 0x30, 0, truncate);
        assertThat(bench.segments(Slru.MULTIXACT_MEMBERS)).containsExactly(1, 2, lastSegment - 1);
        assertThat(bench.segments(Slru.MULTIXACT_OFFSETS)).containsExactly(0);
        assertThat(bench.counter(CheckPoint17.OLDEST_MULTI)).isEqualTo(4000);
        assertThat(bench.counter(CheckPoint17.OLDEST_MULTI_DB)).isEqualTo(16384);
    }

    @Test
    void aDatabaseIsCopiedOverWhatACopyThatFailedLeft() throws IOException {
        StateBench bench = new StateBench.Begin().ready();
        RelFileLocator kept = new RelFileLocator(1663, 4, 1259);
        RelFileLocator stale = new RelFileLocator(1663, 9, 1259);
        RelFileLocator only = new RelFileLocator(1663, 9, 5000);
        bench.put(Key.relationMap(1663, 4), new byte[524]);
        bench.put(Key.database(1663, 4), new byte[] {'1', '7', '\n'});
        fork(bench, kept, Fork.MAIN, 1);
        fork(bench, stale, Fork.MAIN, 3);
        fork(bench, stale, Fork.VISIBILITY_MAP, 1);
        fork(bench, only, Fork.MAIN, 2);
        bench.ingest(ResourceManager.DATABASE, 0x00, 760, ints(9, 1663, 4, 1663));
        assertThat(bench.get(Key.relationSize(stale, Fork.MAIN)))
                .isEqualTo(BlockCount.image(1).bytes());
        assertThat(bench.get(Key.relationSize(stale, Fork.VISIBILITY_MAP))).isNull();
        assertThat(bench.get(Key.relationSize(only, Fork.MAIN))).isNull();
        assertThat(bench.get(Key.database(1663, 9))).hasSize(3);
    }

    private static void fork(StateBench bench, RelFileLocator relation, Fork fork, int blocks) {
        bench.put(Key.relationSize(relation, fork), BlockCount.image(blocks).bytes());
        for (int block = 0; block < blocks; block++) {
            bench.put(Key.relationBlock(relation, fork, block), new byte[Page.SIZE]);
        }
    }
}
