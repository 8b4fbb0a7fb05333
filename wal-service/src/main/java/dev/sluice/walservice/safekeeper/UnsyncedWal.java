package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done about WAL that could not be made durable. When {@code fdatasync} fails, the kernel
 * takes for clean what it could not write: it is in the page cache and not on disk, and the next
 * sync of that file succeeds. So none proves anything any more, nor does reading the file, also in
 * another process. What an earlier sync made durable is copied to a new file, which is synced and
 * takes the place of the old one; what is after is removed, as a crash of the machine would have
 * done, and comes again from the proposer or from other safekeepers.
 *
 * <p>That this is due is said by the file {@code unsynced} of the timeline, from the failure on, so
 * that a restart of the process knows of it. Big-endian:
 *
 * <pre>
 *    0  magic "SLUS"
 *    4  u32 version, 1
 *    8  u32 CRC32C of the other bytes
 *   12  u64 LSN up to which WAL is durable
 * </pre>
 */
final class UnsyncedWal {
    private static final Logger log = LoggerFactory.getLogger(UnsyncedWal.class);
    static final String NAME = "unsynced";

    private static final int MAGIC = 0x534C5553;
    private static final int VERSION = 1;
    private static final int PIECE = 1 << 20;

    private UnsyncedWal() {}

    /**
     * Says that of a timeline's WAL only what is before {@code durable} is on disk.
     *
     * @throws IOException if that cannot be written down
     */
    static void mark(Path directory, Lsn durable) throws IOException {
        // The page cache will do: what it is about is lost with that, too. But a process that ends
        // here must not leave a part of it.
        Path fresh = directory.resolve(NAME + ".new");
        Files.write(fresh, LsnFile.of(MAGIC, VERSION, durable).array());
        Files.move(
                fresh,
                directory.resolve(NAME),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * @return null if all WAL is durable that was said to be
     * @throws DamagedFileException if the file is not what {@link #mark} wrote
     */
    static @Nullable Lsn read(Path directory) throws IOException {
        List<Lsn> known = LsnFile.read(directory.resolve(NAME), MAGIC, VERSION, 1);
        return known == null ? null : known.getFirst();
    }

    /**
     * Brings a timeline's WAL, which nobody uses, back to what is durable, if that is due.
     *
     * @throws IOException if it cannot be made durable now, either; it may be tried again
     */
    static void putRight(Path directory, DiskSpace space) throws IOException {
        Lsn durable = read(directory);
        if (durable == null) {
            return;
        }
        try {
            putRight(directory, durable, space);
        } catch (IOException e) {
            throw new IOException(
                    "WAL in "
                            + directory
                            + " was durable to "
                            + durable
                            + ", and cannot be made so anew: "
                            + e.getMessage(),
                    e);
        }
        log.warn("{} holds WAL to {}, which was made durable anew", directory, durable);
    }

    private static void putRight(Path directory, Lsn durable, DiskSpace space) throws IOException {
        List<Long> segments = WalStore.segments(directory);
        long last = WalSegments.segmentOf(durable);
        int length = WalSegments.segmentOffset(durable);
        if (length > 0 && segments.contains(last)) {
            copy(directory.resolve(WalSegments.fileName(last)), length, space);
        }
        for (long segment : segments.reversed()) {
            if (segment > last || (segment == last && length == 0)) {
                Files.delete(directory.resolve(WalSegments.fileName(segment)));
                Files.deleteIfExists(PageSums.file(directory, segment));
            }
        }
        try (PageSums sums = new PageSums(directory)) {
            sums.cut(durable, new byte[WalSegments.PAGE_SIZE]);
        }
        Directories.sync(directory);
        Files.delete(directory.resolve(NAME));
        Directories.sync(directory);
    }

    private static void copy(Path segment, int length, DiskSpace space) throws IOException {
        Path fresh = segment.resolveSibling(segment.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        try (FileChannel from = FileChannel.open(segment, StandardOpenOption.READ);
                FileChannel to =
                        FileChannel.open(
                                fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
            for (long at = 0; at < length; ) {
                piece.clear().limit((int) Math.min(PIECE, length - at));
                if (from.read(piece, at) < 0) {
                    throw new EOFException(
                            segment + " ends at " + at + ", but " + length + " bytes were durable");
                }
                piece.flip();
                while (piece.hasRemaining()) {
                    at += to.write(piece);
                }
            }
            space.sync(to);
        }
        Files.move(
                fresh,
                segment,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }
}
