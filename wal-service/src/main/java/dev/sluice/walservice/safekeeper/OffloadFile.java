package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code offload} of a timeline: which of its WAL is in the object store, and which is not
 * here any more. Replaced as a whole, by a rename; there is none before the first segment is in the
 * object store. Big-endian:
 *
 * <pre>
 *    0  magic "SLOF"
 *    4  u32 version, 1
 *    8  u32 CRC32C of the other bytes
 *   12  u64 local start LSN
 *   20  u64 offloaded LSN
 * </pre>
 */
final class OffloadFile {
    static final String NAME = "offload";

    private static final int MAGIC = 0x534C4F46;
    private static final int VERSION = 1;

    private OffloadFile() {}

    /**
     * @param localStart segments that end there or before are being removed
     * @param offloaded all WAL of the timeline that is before is in the object store
     */
    record Known(Lsn localStart, Lsn offloaded) {}

    /** Makes it what {@link #read} finds, durably. */
    static void write(Path directory, Known known) throws IOException {
        Directories.write(
                directory, NAME, LsnFile.of(MAGIC, VERSION, known.localStart, known.offloaded));
    }

    /**
     * @return null if there is no such file
     * @throws DamagedFileException if it is not what {@link #write} wrote
     */
    static @Nullable Known read(Path directory) throws IOException {
        List<Lsn> known = LsnFile.read(directory.resolve(NAME), MAGIC, VERSION, 2);
        return known == null ? null : new Known(known.getFirst(), known.getLast());
    }
}
