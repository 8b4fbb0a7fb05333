package dev.sluice.storage.oracle;

import dev.sluice.storage.ingest.IngestException;
import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Redoes the WAL that follows a data directory's last checkpoint, through the pageserver's own
 * ingest and redo, and finds every page that is not what Postgres made.
 *
 * <p>What recovery of Postgres takes, this takes: a directory that was stopped cleanly, one that
 * crashed, a copy of a running one, a base backup. The directory is only read. A record that is
 * refused, or does not fit its page, is a difference; redo goes on, with the page image that the
 * record brings if it brings one.
 *
 * <p>One thread.
 */
public final class RedoOracle implements Closeable {
    private static final String NAME = "oracle";
    private static final int BACKUP_END = 0x50;
    private static final long PROGRESS_BYTES = 16L << 20;

    private final PostgresMajor major;
    private final RedoListener listener;
    private final RecoveryStart start;
    private final RedoneCluster cluster;
    private final WalFolder wal;
    private final RecordRedo redo;
    private final SortedMap<String, TypeCount> counts = new TreeMap<>();
    private final Differences differences;
    private final long systemIdentifier;
    private WalIngest ingest;

    /**
     * Opens a data directory.
     *
     * @param base never changed; stays as it is while this is open
     * @param wal a folder of WAL segments: an archive, or a {@code pg_wal}
     * @param scratch a directory for the pages that redo changes, as large as all of them
     * @param redo how to redo pages, given the directory's major; {@link PostgresMajor#redo} unless
     *     a test wants it wrong
     * @throws IOException if it is no data directory of a supported major, or where redo begins
     *     cannot be told
     */
    public RedoOracle(
            Path base,
            Path wal,
            Path scratch,
            Function<PostgresMajor, PageRedo> redo,
            RedoListener listener)
            throws IOException {
        DataDirectory directory = DataDirectory.open(base);
        this.major = directory.major();
        this.listener = listener;
        this.differences = new Differences(listener);
        this.systemIdentifier = directory.control().systemIdentifier();
        this.start = RecoveryStart.of(directory, wal);
        this.wal = new WalFolder(wal, start.redo());
        this.cluster = new RedoneCluster(directory, start.checkPoint(), scratch);
        this.redo = new RecordRedo(cluster, major, redo.apply(major), differences::add);
        this.ingest = major.ingest(NAME, cluster, start.redo());
    }

    /**
     * Redoes all of the WAL in a folder, with a temporary directory for the changed pages.
     *
     * @param redo how to redo pages
     */
    public static RedoReport run(Path base, Path wal, PageRedo redo) throws IOException {
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        try (RedoOracle oracle = new RedoOracle(base, wal, scratch, _ -> redo, RedoListener.NONE)) {
            return oracle.redo(null);
        }
    }

    /**
     * Redoes the WAL. Once only.
     *
     * @param to redo ends with the last record that ends at or before it; null: with the last
     * @throws IOException if files cannot be read or written, or the WAL is damaged before its end,
     *     or ends before {@code to}
     */
    public RedoReport redo(@Nullable Lsn to) throws IOException {
        if (start.fitsTogether() instanceof RecoveryStart.FitsTogether.AtOnce) {
            redo.setFitsTogether();
        }
        Lsn end = start.redo();
        Lsn reported = end;
        WalRecord record = wal.next();
        while (record != null && (to == null || !record.end().isAfter(to))) {
            apply(record);
            end = record.end();
            if (end.minus(reported) >= PROGRESS_BYTES) {
                listener.progress(end, end.minus(start.redo()));
                reported = end;
            }
            record = wal.next();
        }
        if (record == null && to != null && end.isBefore(to)) {
            throw new IOException("the WAL ends at " + end + ", before " + to + ": " + wal.ended());
        }
        finish();
        return new RedoReport(
                start.redo(),
                end,
                record == null ? wal.ended() : "the next record ends after " + to,
                end.minus(start.redo()),
                counts,
                differences.kept(),
                differences.count());
    }

    private void apply(WalRecord record) throws IOException {
        TypeCount count = counts.computeIfAbsent(major.recordType(record), _ -> new TypeCount());
        redo.begin(record, count);
        if (ingest(record)) {
            redo.checkBlocks();
        }
        if (!redo.fitsTogether() && nowFitsTogether(record)) {
            redo.setFitsTogether();
        }
    }

    /** False if the record was refused; ingest then begins anew after it. */
    private boolean ingest(WalRecord record) throws IOException {
        Exception refusal;
        try {
            ingest.ingest(record, redo);
            return true;
        } catch (IngestException | RedoException | RuntimeException e) {
            refusal = e;
        }
        redo.refused(refusal);
        ingest = major.ingest(NAME, cluster, record.end());
        return false;
    }

    private boolean nowFitsTogether(WalRecord record) {
        return switch (start.fitsTogether()) {
            case RecoveryStart.FitsTogether.AtOnce _ -> true;
            case RecoveryStart.FitsTogether.FromLsn from -> !record.end().isBefore(from.lsn());
            case RecoveryStart.FitsTogether.AfterBackup backup ->
                    record.resourceManager() == ResourceManager.RM_XLOG_ID
                            && record.rmgrInfo() == BACKUP_END
                            && record.mainLength() == Long.BYTES
                            && LittleEndian.i64(record.raw(), record.mainOffset())
                                    == backup.start().value();
            case RecoveryStart.FitsTogether.AtTheEnd _ -> false;
        };
    }

    private void finish() {
        if (redo.fitsTogether()) {
            return;
        }
        switch (start.fitsTogether()) {
            case RecoveryStart.FitsTogether.FromLsn from ->
                    differences.add(
                            "the WAL ends before "
                                    + from.lsn()
                                    + ", which the directory's pages need");
            case RecoveryStart.FitsTogether.AfterBackup _ ->
                    differences.add("the WAL ends before the backup did");
            case RecoveryStart.FitsTogether.AtOnce _, RecoveryStart.FitsTogether.AtTheEnd _ -> {}
        }
        redo.setFitsTogether();
    }

    /**
     * Compares what was redone with a data directory that Postgres made of the same WAL.
     *
     * @param other a stopped primary, or a standby that was stopped after it had replayed that WAL
     * @throws IOException if it is no data directory of the same major and cluster, was not
     *     stopped, or cannot be read
     */
    public ComparisonReport compareWith(Path other) throws IOException {
        DataDirectory directory = DataDirectory.open(other);
        if (directory.major().number() != major.number()
                || directory.control().systemIdentifier() != systemIdentifier) {
            throw new IOException(other + " is of another cluster");
        }
        return new DirectoryComparison(cluster, directory, new Differences(listener))
                .run(redo.lastChange(), redo.endsWithShutdown());
    }

    /** What the cluster holds now, whatever LSN is asked for. */
    public TimelineReader redone() {
        return cluster;
    }

    /** The directory's major. */
    public PostgresMajor major() {
        return major;
    }

    @Override
    public void close() throws IOException {
        cluster.close();
    }
}
