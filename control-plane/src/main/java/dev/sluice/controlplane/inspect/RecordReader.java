package dev.sluice.controlplane.inspect;

import dev.sluice.walservice.wal.RecordBoundary;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The records of some WAL from any position on, one after the other. Holds one piece of WAL and the
 * record that it is reading.
 */
public final class RecordReader {
    private static final int PIECE = 256 * 1024;

    private final WalSource source;
    private final Lsn from;
    private WalDecoder decoder;
    private Lsn section;
    private final ByteBuffer piece = ByteBuffer.allocate(PIECE);
    private @Nullable String endReason;

    /**
     * @param from records that begin before it are left out
     * @throws IOException if there is no WAL at that position; the message says what there is
     */
    public RecordReader(WalSource source, Lsn from) throws IOException {
        this.source = source;
        this.from = from;
        if (from.isBefore(source.start()) || from.isAfter(source.end())) {
            throw new IOException(
                    "there is no WAL at "
                            + from
                            + ": that of "
                            + source.name()
                            + " goes from "
                            + source.start()
                            + " to "
                            + source.end());
        }
        Lsn begin = boundary(WalSegments.pageStart(from));
        this.section = Lsn.min(begin, source.end());
        this.decoder = new WalDecoder(section);
    }

    /** A record boundary at or before {@code from}, or the first after it. */
    private Lsn boundary(Lsn page) throws IOException {
        if (page.isBefore(source.start())) {
            return source.start();
        }
        if (page.equals(source.end())) {
            return page;
        }
        try {
            return RecordBoundary.firstFrom(source, page, source.end());
        } catch (WalFormatException e) {
            Lsn segment = WalSegments.segmentStart(page);
            if (segment.equals(page)) {
                throw e;
            }
            // Pages after an XLOG_SWITCH hold nothing; the segment's first page always does.
            return boundary(segment);
        }
    }

    /**
     * The next record that does not begin before the position asked for; null at the end of the
     * WAL.
     *
     * @throws IOException if the WAL cannot be read, or is damaged although more of it must be
     *     there
     */
    public @Nullable WalRecord next() throws IOException {
        try {
            for (WalRecord record; (record = nextAny()) != null; ) {
                if (!record.start().isBefore(from)) {
                    return record;
                }
            }
            return null;
        } catch (WalFormatException | EOFException e) {
            if (source.endsWithRecord()) {
                throw e;
            }
            endReason = String.valueOf(e.getMessage());
            return null;
        }
    }

    private @Nullable WalRecord nextAny() throws IOException {
        while (true) {
            WalRecord record = decoder.next();
            if (record != null) {
                return record;
            }
            Lsn limit = sectionEnd();
            long rest = limit.minus(decoder.position());
            if (rest <= 0 && limit.isBefore(source.end())) {
                section = limit;
                decoder = new WalDecoder(section);
                continue;
            }
            if (rest <= 0) {
                endReason = source.endsWithRecord() ? null : "no segment follows";
                return null;
            }
            piece.clear().limit((int) Math.min(rest, PIECE));
            source.read(decoder.position(), piece);
            decoder.feed(piece.flip());
        }
    }

    /** Up to where records name the one before them. */
    private Lsn sectionEnd() {
        for (Lsn seam : source.seams()) {
            if (seam.isAfter(section)) {
                return Lsn.min(seam, source.end());
            }
        }
        return source.end();
    }

    /** The end of the last record that was read. */
    public Lsn end() {
        return decoder.end();
    }

    /** Why the WAL ends where it does, where that had to be found out; once there is no next. */
    public Optional<String> endReason() {
        return Optional.ofNullable(endReason);
    }
}
