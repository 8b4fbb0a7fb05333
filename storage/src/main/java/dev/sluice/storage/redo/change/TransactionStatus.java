package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.RedoException;
import java.nio.ByteBuffer;

/**
 * Transactions ended: their status in one block of the commit log ({@code
 * TransactionIdSetStatusBit} in {@code clog.c}). Two bits per transaction, lowest first.
 *
 * <p>A commit record sets its transaction and all its subtransactions committed, over as many
 * blocks as they lie in; an abort record likewise.
 *
 * @param xids transactions whose {@link #block} is the same
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TransactionStatus(Status status, int[] xids) implements PageChange {
    static final int KIND = 0x03;

    /** {@code CLOG_XACTS_PER_PAGE}. */
    public static final int XIDS_PER_BLOCK = Page.SIZE * 4;

    /** {@code XidStatus} in {@code access/clog.h}. */
    public enum Status {
        COMMITTED(1),
        ABORTED(2),
        SUB_COMMITTED(3);

        private final int bits;

        Status(int bits) {
            this.bits = bits;
        }

        private static Status ofBits(int bits) throws RedoException {
            return switch (bits) {
                case 1 -> COMMITTED;
                case 2 -> ABORTED;
                case 3 -> SUB_COMMITTED;
                default -> throw new RedoException("unknown transaction status " + bits);
            };
        }
    }

    public TransactionStatus {
        Entries.checkCount(xids.length);
    }

    /** The block of the commit log that holds a transaction's status. */
    public static int block(int xid) {
        return Integer.divideUnsigned(xid, XIDS_PER_BLOCK);
    }

    static TransactionStatus read(ByteBuffer in) throws RedoException {
        return new TransactionStatus(Status.ofBits(in.get() & 0xFF), Entries.readCounted(in));
    }

    @Override
    public void apply(Key key, byte[] page) throws RedoException {
        Entries.checkSlru(key, Slru.CLOG, this);
        for (int xid : xids) {
            set(key, page, status, xid);
        }
    }

    private static void set(Key key, byte[] page, Status status, int xid) throws RedoException {
        Entries.checkBlock(key, block(xid), "transaction", xid);
        int at = Integer.remainderUnsigned(xid, XIDS_PER_BLOCK) / 4;
        int shift = (xid & 3) * 2;
        int current = page[at] >>> shift & 3;
        if (status != Status.SUB_COMMITTED || current != Status.COMMITTED.bits) {
            page[at] = (byte) ((page[at] & ~(3 << shift)) | (status.bits << shift));
        }
    }

    /**
     * What most transactions file, one status of one transaction, applied as it is encoded: nothing
     * is allocated for it.
     *
     * @return whether it was that
     */
    static boolean applySingle(byte[] encoded, Key key, byte[] page) throws RedoException {
        boolean single =
                encoded.length == 8 && encoded[0] == KIND && encoded[2] == 0 && encoded[3] == 1;
        if (!single || key.kind() != Key.SLRU_BLOCK || key.relation() != Slru.CLOG.number()) {
            return false;
        }
        int xid =
                encoded[4] << 24
                        | (encoded[5] & 0xFF) << 16
                        | (encoded[6] & 0xFF) << 8
                        | (encoded[7] & 0xFF);
        set(key, page, Status.ofBits(encoded[1] & 0xFF), xid);
        return true;
    }

    @Override
    public int encodedBytes() {
        return 4 + 4 * xids.length;
    }

    @Override
    public void write(ByteBuffer out) {
        out.put((byte) KIND).put((byte) status.bits);
        Entries.writeCounted(out, xids);
    }
}
