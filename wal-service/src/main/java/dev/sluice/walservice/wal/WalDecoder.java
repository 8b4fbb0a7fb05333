package dev.sluice.walservice.wal;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns a stream of WAL into records. The stream may come in pieces of any size; records are
 * followed over pages and segments, and only whole records with a right checksum come out.
 *
 * <pre>
 * decoder.feed(piece);
 * for (WalRecord record; (record = decoder.next()) != null; ) { ... }
 * // piece is used up now: feed the next one
 * </pre>
 *
 * <p>Memory is bounded by the longest record (at most {@link WalRecord#MAX_LENGTH}), and grows only
 * as its bytes arrive, whatever length it announces. Not thread-safe.
 */
public final class WalDecoder {
    /** A record up to this length gets its array at once, a longer one as its bytes arrive. */
    private static final int TRUSTED_LENGTH = 64 * 1024;

    private static final int OVERWRITTEN_LSN_SIZE = 8;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final RecordFraming framing;
    private final Assembly assembly = new Assembly();
    private ByteBuffer piece = NOTHING;
    private Lsn end;
    private @Nullable WalFormatException failure;

    /**
     * Decodes from a record boundary, when the record before is not known.
     *
     * @param start where a record begins, or where the one before ended: on a page's first byte the
     *     bytes fed begin with that page's header
     * @throws IllegalArgumentException if no record can begin there
     */
    public WalDecoder(Lsn start) {
        this(start, Lsn.INVALID);
    }

    /**
     * Decodes from a record boundary.
     *
     * @param previous the start of the record that ends at {@code start}, which the first record
     *     must name; {@link Lsn#INVALID} if it is not known
     */
    public WalDecoder(Lsn start, Lsn previous) {
        framing = new RecordFraming(start, previous);
        end = start;
    }

    /**
     * Gives the decoder its next bytes, from where the last ones ended. The buffer is not copied:
     * {@link #next} reads it, moving its position, and has read all of it when it returns null.
     *
     * @throws IllegalStateException if the bytes fed before are not used up yet
     */
    public void feed(ByteBuffer wal) {
        if (piece.hasRemaining()) {
            throw new IllegalStateException(
                    "WAL fed before next() returned null for the piece before, at " + position());
        }
        piece = wal;
    }

    /**
     * The next record; null when the bytes fed hold no more whole one.
     *
     * @throws WalFormatException if the bytes are not WAL; the same again on every later call
     */
    public @Nullable WalRecord next() throws WalFormatException {
        if (failure != null) {
            throw failure;
        }
        try {
            if (!framing.advance(piece, assembly)) {
                piece = NOTHING;
                return null;
            }
            WalRecord record =
                    WalRecord.parse(assembly.take(), framing.recordStart(), framing.recordEnd());
            checkOverwrite(record);
            end = record.end();
            return record;
        } catch (WalFormatException e) {
            failure = e;
            throw e;
        }
    }

    /** The position of the next byte that {@link #next} will read: the bytes before it were fed. */
    public Lsn position() {
        return framing.position();
    }

    /** The end of the last record that came out; where decoding began if none did. */
    public Lsn end() {
        return end;
    }

    /** Source: {@code VerifyOverwriteContrecord} in {@code access/transam/xlogrecovery.c}. */
    private void checkOverwrite(WalRecord record) throws WalFormatException {
        long abandoned = framing.takeAbandoned();
        if (abandoned == 0) {
            return;
        }
        if (record.mainLength() < OVERWRITTEN_LSN_SIZE
                || RecordHeader.longAt(record.raw(), record.mainOffset()) != abandoned) {
            throw new WalFormatException(
                    record.start(),
                    "an overwrite record for another than that at " + new Lsn(abandoned));
        }
    }

    /** The bytes of the record that is being received. */
    private final class Assembly implements RecordFraming.Sink {
        private static final byte[] EMPTY = {};
        private byte[] bytes = EMPTY;
        private int length;

        @Override
        public void append(ByteBuffer wal, int count) {
            if (bytes.length - length < count) {
                bytes = Arrays.copyOf(bytes, grownLength(count));
            }
            wal.get(wal.position(), bytes, length, count);
            length += count;
        }

        private int grownLength(int count) {
            if (length + count < WalRecord.HEADER_SIZE) {
                return WalRecord.HEADER_SIZE;
            }
            int total = framing.totalLength();
            return Math.min(total, Math.max(TRUSTED_LENGTH, Math.max(2 * length, length + count)));
        }

        @Override
        public void abandon() {
            take();
        }

        byte[] take() {
            byte[] taken = bytes;
            bytes = EMPTY;
            length = 0;
            return taken;
        }
    }
}
