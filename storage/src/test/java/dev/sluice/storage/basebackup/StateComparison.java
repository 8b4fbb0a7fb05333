package dev.sluice.storage.basebackup;

import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.page.TransactionIds;
import dev.sluice.storage.redo.change.CommitTimestamps;
import dev.sluice.storage.redo.change.MultixactOffsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Compares a base backup with what Postgres made of the same moment, with {@code
 * track_commit_timestamp} on when it ended.
 */
final class StateComparison {
    /** How far above every used transaction id ours may be. */
    private static final int XIDS_AT_ONCE = 512;

    private static final Map<String, Integer> EXACT =
            Map.of(
                    "next OID", StateFiles.NEXT_OID,
                    "next multixact", StateFiles.NEXT_MULTI,
                    "next member", StateFiles.NEXT_MULTI_OFFSET,
                    "oldest multixact", StateFiles.OLDEST_MULTI,
                    "oldest multixact's database", StateFiles.OLDEST_MULTI_DB);

    private static final int TIMESTAMP_BYTES = Page.SIZE / CommitTimestamps.PER_BLOCK;

    private final StateFiles ours;
    private final StateFiles its;
    private final List<String> differences = new ArrayList<>();

    private StateComparison(StateFiles ours, StateFiles its) {
        this.ours = ours;
        this.its = its;
    }

    /**
     * What differs, for people. The files of both are changed.
     *
     * @param ours a base backup
     * @param its a cluster that Postgres recovered or started, and stopped
     */
    static List<String> differences(StateFiles ours, StateFiles its) {
        StateComparison comparison = new StateComparison(ours, its);
        comparison.compareTransactions();
        EXACT.forEach(comparison::compare);
        comparison.compareCommitTimestamps();
        for (StateFiles each : List.of(ours, its)) {
            setNextOffset(each);
            clearOldTimestamps(each, its.counter(StateFiles.OLDEST_COMMIT_TS_XID));
        }
        comparison.addFirstClogPage();
        comparison.differences.addAll(ours.differences(its));
        return comparison.differences;
    }

    private void compare(String name, int field) {
        if (ours.counter(field) != its.counter(field)) {
            differences.add(
                    name
                            + " is "
                            + Integer.toUnsignedString(ours.counter(field))
                            + ", the other "
                            + Integer.toUnsignedString(its.counter(field)));
        }
    }

    /**
     * Recovery hears of the oldest transaction at checkpoints only; the record of a truncation
     * tells us before.
     */
    private void compareTransactions() {
        long above = ours.nextXid() - its.nextXid();
        if (above < 0 || above > 2 * XIDS_AT_ONCE) {
            differences.add(
                    "next transaction is %x, the other %x"
                            .formatted(ours.nextXid(), its.nextXid()));
        }
        int oldest = ours.counter(StateFiles.OLDEST_XID);
        if (TransactionIds.precedes(oldest, its.counter(StateFiles.OLDEST_XID))) {
            compare("oldest transaction", StateFiles.OLDEST_XID);
        } else if (oldest == its.counter(StateFiles.OLDEST_XID)) {
            compare("oldest transaction's database", StateFiles.OLDEST_XID_DB);
        }
    }

    /** Where they were off, Postgres has just switched them on. */
    private void compareCommitTimestamps() {
        if (ours.counter(StateFiles.OLDEST_COMMIT_TS_XID) != TransactionIds.INVALID) {
            compare("oldest commit timestamp", StateFiles.OLDEST_COMMIT_TS_XID);
            compare("newest commit timestamp", StateFiles.NEWEST_COMMIT_TS_XID);
        } else if (its.counter(StateFiles.OLDEST_COMMIT_TS_XID) != (int) its.nextXid()) {
            differences.add("commit timestamps are off, in the other on");
        }
    }

    /**
     * When it starts Postgres writes it, if nobody did yet ({@code TrimMultiXact}); to an empty
     * page if the next one, counted on without going round, is the page's first.
     */
    private static void setNextOffset(StateFiles state) {
        int next = state.counter(StateFiles.NEXT_MULTI);
        int block = MultixactOffsets.block(next);
        String name = Slru.MULTIXACT_OFFSETS.segmentFile(block / Slru.BLOCKS_PER_SEGMENT);
        byte[] offsets = state.files().get(name);
        int page = block % Slru.BLOCKS_PER_SEGMENT * Page.SIZE;
        int entry = Integer.remainderUnsigned(next, MultixactOffsets.PER_BLOCK) * Integer.BYTES;
        if (offsets != null && page + entry < offsets.length) {
            if (entry == 0) {
                Arrays.fill(offsets, page, page + Page.SIZE, (byte) 0);
            }
            LittleEndian.put32(offsets, page + entry, state.counter(StateFiles.NEXT_MULTI_OFFSET));
        }
    }

    /**
     * Nobody can read those: but when commit timestamps are switched off, recovery leaves pages in
     * memory that it writes again later ({@code DeactivateCommitTs}). And it makes the page of the
     * next transaction.
     */
    private static void clearOldTimestamps(StateFiles state, int oldest) {
        for (String name : List.copyOf(state.files().keySet())) {
            if (StateFiles.isOf(Slru.COMMIT_TS, name)) {
                byte[] segment = Objects.requireNonNull(state.files().get(name));
                int number = Integer.parseInt(name.substring(name.indexOf('/') + 1), 16);
                clearOldTimestamps(segment, number * Slru.BLOCKS_PER_SEGMENT, oldest);
                byte[] shortened = withoutZeroPagesAtEnd(segment);
                state.files().put(name, shortened);
                if (shortened.length == 0) {
                    state.files().remove(name);
                }
            }
        }
    }

    private static void clearOldTimestamps(byte[] segment, int firstBlock, int oldest) {
        for (int block = 0; block < segment.length / Page.SIZE; block++) {
            for (int i = 0; i < CommitTimestamps.PER_BLOCK; i++) {
                int xid = (firstBlock + block) * CommitTimestamps.PER_BLOCK + i;
                if (TransactionIds.precedes(xid, oldest)) {
                    int at = block * Page.SIZE + i * TIMESTAMP_BYTES;
                    Arrays.fill(segment, at, at + TIMESTAMP_BYTES, (byte) 0);
                }
            }
        }
    }

    private static byte[] withoutZeroPagesAtEnd(byte[] segment) {
        int length = segment.length;
        while (length > 0
                && Page.isAllZero(Arrays.copyOfRange(segment, length - Page.SIZE, length))) {
            length -= Page.SIZE;
        }
        return Arrays.copyOf(segment, length);
    }

    /** Ours is there as soon as the next transaction is the first of an epoch. */
    private void addFirstClogPage() {
        if ((int) ours.nextXid() == TransactionIds.FIRST_NORMAL) {
            its.files().putIfAbsent(Slru.CLOG.segmentFile(0), new byte[Page.SIZE]);
        }
    }
}
