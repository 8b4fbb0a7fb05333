package dev.sluice.storage.basebackup;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What Postgres makes of a cluster. Its own recovery: a copy of the cluster as it was stopped, and
 * the WAL that followed, cut off at some record's end, as if it had crashed there. And its start
 * from a base backup.
 */
final class RecoveredCluster {
    private static final int STATE = 16;
    private static final int IN_PRODUCTION = 6;
    private static final int CRC = 288;

    private final ThrowawayPostgres postgres;
    private final Path base;
    private final Path wal;
    private final Lsn end;

    /**
     * @param base the stopped cluster
     * @param wal the segments that follow
     * @param end where the WAL of {@code base} ends
     */
    RecoveredCluster(ThrowawayPostgres postgres, Path base, Path wal, Lsn end) {
        this.postgres = postgres;
        this.base = base;
        this.wal = wal;
        this.end = end;
    }

    /** The state after recovery up to a record's end. */
    StateFiles recover(Lsn to) throws IOException, InterruptedException {
        Path directory = base.resolveSibling("recovered");
        SingleUser.run("cp", "-a", base.toString(), directory.toString());
        putWal(to, directory.resolve("pg_wal"));
        markCrashed(directory.resolve("global/pg_control"));
        String said = startAndStop(directory);
        if (!said.contains("redo done at") && to.isAfter(end)) {
            throw new IOException("no recovery up to " + to + ":\n" + said);
        }
        StateFiles state = StateFiles.of(directory);
        SingleUser.run("rm", "-r", directory.toString());
        return state;
    }

    /**
     * The state after a start from a base backup and a stop.
     *
     * @throws IOException if Postgres finds something to recover, or warns of something
     */
    StateFiles start(BaseBackup backup, TimelineReader pages)
            throws IOException, InterruptedException {
        Path directory = base.resolveSibling("started");
        RestoredDirectory.write(backup, pages, directory);
        RestoredDirectory.copyConfiguration(base, directory);
        String said = startAndStop(directory);
        if (said.contains("redo starts") || said.contains("WARNING")) {
            throw new IOException("no clean start at " + backup.lsn() + ":\n" + said);
        }
        StateFiles state = StateFiles.of(directory);
        SingleUser.run("rm", "-r", directory.toString());
        return state;
    }

    private String startAndStop(Path directory) throws IOException, InterruptedException {
        Files.write(
                directory.resolve("postgresql.conf"),
                List.of("track_commit_timestamp = on", "wal_recycle = off"),
                StandardOpenOption.APPEND);
        return SingleUser.run(postgres, directory, "postgres");
    }

    /** Whole segments are shared: Postgres does not write to those before the last. */
    private void putWal(Lsn to, Path target) throws IOException {
        long last = WalSegments.segmentOf(new Lsn(to.value() - 1));
        for (long number = WalSegments.segmentOf(end); number <= last; number++) {
            String name = WalSegments.fileName(number);
            Path segment = target.resolve(name);
            Files.deleteIfExists(segment);
            if (number < last) {
                Files.createLink(segment, wal.resolve(name));
            } else {
                Files.copy(wal.resolve(name), segment);
                try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
                    int used = WalSegments.segmentOffset(to);
                    file.setLength(used == 0 ? WalSegments.SIZE : used);
                    file.setLength(WalSegments.SIZE);
                }
            }
        }
    }

    private static void markCrashed(Path file) throws IOException {
        byte[] control = Files.readAllBytes(file);
        LittleEndian.put32(control, STATE, IN_PRODUCTION);
        CRC32C crc = new CRC32C();
        crc.update(control, 0, CRC);
        LittleEndian.put32(control, CRC, (int) crc.getValue());
        Files.write(file, control);
    }
}
