package dev.sluice.storage.oracle;

import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalPageHeader;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The records in a folder of WAL segments, from a record boundary to the end of valid WAL. Segments
 * are named as in {@code pg_wal}; the last may be shorter, and may be a {@code .partial} as {@code
 * pg_receivewal} leaves it.
 *
 * <p>WAL ends where the next record is not valid, as for Postgres's recovery. It ends too early,
 * and that is an error, if a segment after that place is there and is what its name says: then the
 * WAL is damaged, or a segment is missing.
 */
final class WalFolder {
    private static final String PARTIAL = ".partial";
    private static final String TIMELINE = WalSegments.fileName(0).substring(0, 8);

    private final Path folder;
    private final Lsn start;
    private final WalDecoder decoder;
    private long segment;
    private boolean begun;
    private @Nullable String cut;
    private String ended = "";

    /**
     * @param start where a record begins, or where the one before ended
     */
    WalFolder(Path folder, Lsn start) {
        this.folder = folder;
        this.start = start;
        this.decoder = new WalDecoder(start);
        this.segment = WalSegments.segmentOf(start);
    }

    /** The one record that begins at {@code start}. */
    static WalRecord recordAt(Path folder, Lsn start) throws IOException {
        WalRecord record = new WalFolder(folder, start).next();
        if (record == null || !record.start().equals(start)) {
            throw new IOException(folder + " has no whole WAL record at " + start);
        }
        return record;
    }

    /**
     * The next record; null at the end of the WAL.
     *
     * @throws IOException if a file cannot be read, the first segment is missing, or the WAL goes
     *     on after a damaged place
     */
    @Nullable WalRecord next() throws IOException {
        try {
            while (true) {
                WalRecord record = decoder.next();
                if (record != null) {
                    return record;
                }
                if (!feed()) {
                    return null;
                }
            }
        } catch (WalFormatException e) {
            ended = String.valueOf(e.getMessage());
            checkNothingFollows(WalSegments.segmentOf(decoder.position()) + 1);
            return null;
        }
    }

    /** False when there is nothing more to feed. */
    private boolean feed() throws IOException {
        Path file = cut == null ? file(segment) : null;
        if (file == null) {
            ended = cut == null ? "there is no segment " + WalSegments.fileName(segment) : cut;
            if (!begun) {
                throw new IOException(folder + ": " + ended + ", where redo begins at " + start);
            }
            checkNothingFollows(segment);
            return false;
        }
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer wal = ByteBuffer.wrap(bytes);
        if (!begun) {
            wal.position(Math.min(bytes.length, WalSegments.segmentOffset(start)));
            begun = true;
        }
        if (bytes.length < WalSegments.SIZE) {
            cut = file + " ends after " + bytes.length + " bytes";
        }
        decoder.feed(wal);
        segment++;
        return true;
    }

    private @Nullable Path file(long number) {
        Path whole = folder.resolve(WalSegments.fileName(number));
        if (Files.exists(whole)) {
            return whole;
        }
        Path partial = folder.resolve(WalSegments.fileName(number) + PARTIAL);
        return Files.exists(partial) ? partial : null;
    }

    private void checkNothingFollows(long from) throws IOException {
        NavigableSet<Long> segments = new TreeSet<>();
        try (DirectoryStream<Path> names = Files.newDirectoryStream(folder)) {
            for (Path file : names) {
                String name = file.getFileName().toString();
                if (WalSegments.isFileName(name) && name.startsWith(TIMELINE)) {
                    segments.add(WalSegments.parseFileName(name));
                }
            }
        }
        for (long number : segments.tailSet(from)) {
            Path file = folder.resolve(WalSegments.fileName(number));
            if (isInUse(file, number)) {
                throw new IOException(
                        "the WAL is damaged or not complete: it ends at "
                                + decoder.end()
                                + " ("
                                + ended
                                + "), but "
                                + file
                                + " is there");
            }
        }
    }

    /** Postgres gives old segments new names before it writes them anew. */
    private static boolean isInUse(Path file, long number) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] header = in.readNBytes(WalPageHeader.LONG_SIZE);
            if (header.length < WalPageHeader.LONG_SIZE) {
                return false;
            }
            WalPageHeader.parse(ByteBuffer.wrap(header), WalSegments.segmentStart(number));
            return true;
        } catch (WalFormatException e) {
            return false;
        }
    }

    /** The end of the last record; where redo begins before the first. */
    Lsn end() {
        return decoder.end();
    }

    /** Why the WAL ends there; empty while it has not ended. */
    String ended() {
        return ended;
    }
}
