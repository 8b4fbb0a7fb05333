package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.nio.ByteBuffer;

/**
 * When transactions committed ({@code TransactionIdSetCommitTs} in {@code commit_ts.c}): ten bytes
 * per transaction, time then origin. Implied by commit records while {@code track_commit_timestamp}
 * is on, for the transaction and all its subtransactions.
 *
 * @param time {@code TimestampTz}: microseconds since 2000-01-01 UTC
 * @param origin replication origin, 0 to 65535
 * @param xids transactions whose {@link #block} is the same
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record CommitTimestamps(long time, int origin, int[] xids) implements PageChange {
    static final int KIND = 0x06;

    private static final int ENTRY_BYTES = 10;

    /** {@code COMMIT_TS_XACTS_PER_PAGE}. */
    public static final int PER_BLOCK = Page.SIZE / ENTRY_BYTES;

    public CommitTimestamps {
        Entries.checkCount(xids.length);
    }

    /** The block that holds a transaction's entry. */
    public static int block(int xid) {
        return Integer.divideUnsigned(xid, PER_BLOCK);
    }

    static CommitTimestamps read(ByteBuffer in) throws RedoException {
        return new CommitTimestamps(in.getLong(), in.getShort() & 0xFFFF, Entries.readCounted(in));
    }

    @Override
    public void apply(Key key, byte[] page) throws RedoException {
        Entries.checkSlru(key, Slru.COMMIT_TS, this);
        for (int xid : xids) {
            Entries.checkBlock(key, block(xid), "transaction", xid);
            int at = Integer.remainderUnsigned(xid, PER_BLOCK) * ENTRY_BYTES;
            LittleEndian.put64(page, at, time);
            LittleEndian.put16(page, at + Long.BYTES, origin);
        }
    }

    @Override
    public int encodedBytes() {
        return 13 + 4 * xids.length;
    }

    @Override
    public void write(ByteBuffer out) {
        out.put((byte) KIND).putLong(time).putShort((short) origin);
        Entries.writeCounted(out, xids);
    }
}
