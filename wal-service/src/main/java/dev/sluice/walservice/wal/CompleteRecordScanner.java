package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;

/**
 * Tells how far WAL that Postgres is still writing is made of whole records.
 *
 * <p>Postgres writes its WAL in whole 8 KiB pages. All pages before the last written one are final;
 * the last one may be written again with more on it, and after its last whole record it may hold
 * anything: zeros, or pieces of records that are being copied in. So bytes come in two ways. {@link
 * #accept} takes bytes of final pages, once. {@link #endWith} looks at the last page on top of
 * that, as often as it changes, and takes nothing.
 *
 * <pre>
 * Lsn lastPage = WalSegments.pageStart(written.plus(-1));
 * while (scanner.position() is before lastPage) scanner.accept(bytes from position(), up to lastPage);
 * Lsn end = scanner.endWith(bytes from position() to written);   // what may be sent, up to here
 * </pre>
 *
 * <p>(When the scanner began in the middle of the last written page, {@code position()} is after
 * {@code lastPage} already, and {@code endWith} is all there is to do.) A call costs what its bytes
 * cost; no record bytes are kept, however long the record is: checksums are carried along. After an
 * XLOG_SWITCH record the end is the end of its segment, once the bytes up to there (whatever they
 * are) have been given. Not thread-safe.
 */
public final class CompleteRecordScanner {
    private static final RecordFraming.Sink NOWHERE =
            new RecordFraming.Sink() {
                @Override
                public void append(ByteBuffer wal, int length) {}

                @Override
                public void abandon() {}
            };

    private final RecordFraming accepted;
    private final RecordFraming trial;
    private Lsn end;
    private Lsn recordStart;

    /**
     * The end of a record that is whole while its padding is still to come; {@code end} if none.
     */
    private Lsn pending;

    private Lsn pendingStart;

    /**
     * @param start a record boundary, as for {@link WalDecoder}; it counts as the first end
     * @param previous the start of the record that ends there; {@link Lsn#INVALID} if not known
     * @throws IllegalArgumentException if no record can begin there
     */
    public CompleteRecordScanner(Lsn start, Lsn previous) {
        accepted = new RecordFraming(start, previous);
        trial = new RecordFraming(start, previous);
        end = start;
        pending = start;
        recordStart = previous;
        pendingStart = previous;
    }

    /** Where the next bytes begin, for both {@link #accept} and {@link #endWith}. */
    public Lsn position() {
        return accepted.position();
    }

    /** The end of the last whole record in the bytes accepted. */
    public Lsn end() {
        return end;
    }

    /** The start of the record that ends at {@link #end}; {@code previous} if none was accepted. */
    public Lsn lastRecordStart() {
        return recordStart;
    }

    /**
     * Takes all bytes of {@code wal}, which stand at {@link #position} and will not change again.
     *
     * @throws WalFormatException if they are not WAL: final bytes hold only what is right
     */
    public void accept(ByteBuffer wal) throws WalFormatException {
        while (wal.hasRemaining()) {
            if (accepted.advance(wal, NOWHERE)) {
                passPending();
                pending = accepted.recordEnd();
                pendingStart = accepted.recordStart();
                accepted.takeAbandoned();
            }
        }
        if (!accepted.position().isBefore(pending)) {
            passPending();
        }
    }

    private void passPending() {
        end = pending;
        recordStart = pendingStart;
    }

    /**
     * The end of the last whole record in the bytes accepted and those of {@code tail}, which stand
     * at {@link #position} and may change later. Whatever is not a whole record ends the search.
     *
     * @param tail read from its position to its limit, and left at a position in between
     */
    public Lsn endWith(ByteBuffer tail) {
        trial.copyFrom(accepted);
        Lsn found = end;
        Lsn candidate = pending;
        try {
            while (trial.advance(tail, NOWHERE)) {
                found = candidate;
                candidate = trial.recordEnd();
                trial.takeAbandoned();
                if (trial.isBeforeZeros(tail)) {
                    return candidate;
                }
            }
        } catch (WalFormatException notYet) {
            // Past the last whole record the page holds whatever Postgres has copied so far.
        }
        return trial.position().isBefore(candidate) ? found : candidate;
    }
}
