package dev.sluice.storage.basebackup;

import dev.sluice.storage.basebackup.BaseBackup.Extent;
import dev.sluice.storage.basebackup.BaseBackup.File;
import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.CheckPoint;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.OriginProgress;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.ReplicationOriginFile;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalLayout;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes a {@link BaseBackup}: the data directory of a cluster that was stopped cleanly at a record
 * boundary, but for its relations' pages.
 *
 * <p>Where no such stop happened, it is made up: the checkpoint that the timeline kept current
 * becomes a shutdown checkpoint record, which follows the last real one, and the control file
 * points at it. A Postgres that starts there finds nothing to recover.
 */
public final class BaseBackupMaker {
    private static final int CHECKPOINT_SHUTDOWN = 0x00;

    private final PostgresMajor major;
    private final TimelineReader reader;
    private final Lsn at;
    private final List<String> directories = new ArrayList<>();
    private final List<File> files = new ArrayList<>();

    private BaseBackupMaker(PostgresMajor major, TimelineReader reader, Lsn at) {
        this.major = major;
        this.reader = reader;
        this.at = at;
    }

    /**
     * @param at a record's end, or where the timeline began
     * @param previousRecord where the record begins that ends at {@code at}
     * @param unixSeconds what the control file shows as the time of the stop
     * @throws IOException if the timeline cannot be read, or has no cluster there
     */
    public static BaseBackup make(
            PostgresMajor major,
            TimelineReader reader,
            Lsn at,
            Lsn previousRecord,
            long unixSeconds)
            throws IOException {
        return new BaseBackupMaker(major, reader, at).make(previousRecord, unixSeconds);
    }

    private BaseBackup make(Lsn previousRecord, long unixSeconds) throws IOException {
        directories.addAll(major.directories());
        files.add(File.of("PG_VERSION", versionFile()));
        addDatabases();
        addRelationMaps();
        addSlrus();
        addTwoPhaseStates();
        addOrigins();
        ControlFile template = major.controlFile(required(Key.OF_CONTROL_FILE));
        addCheckpoint(template, previousRecord, unixSeconds);
        return new BaseBackup(
                at,
                major.number(),
                template.systemIdentifier(),
                directories,
                files,
                RelationForks.list(reader, at));
    }

    private byte[] versionFile() {
        return (major.number() + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    private byte[] required(Key key) throws IOException {
        byte[] bytes = reader.get(key, at);
        if (bytes == null || bytes.length == 0) {
            throw new IOException("the timeline holds no " + key + " at " + at);
        }
        return bytes;
    }

    private void scan(int kind, TimelineReader.Visitor visitor) throws IOException {
        reader.scan(
                new Key(kind, 0, 0, 0, 0, 0),
                new Key(kind + 1, 0, 0, 0, 0, 0),
                at,
                (key, bytes) -> {
                    if (bytes.length > 0) {
                        visitor.visit(key, bytes);
                    }
                });
    }

    private void addDatabases() throws IOException {
        scan(
                Key.DATABASE,
                (key, bytes) -> {
                    String directory = directory(key);
                    directories.add(directory);
                    files.add(File.of(directory + "/PG_VERSION", bytes));
                });
    }

    private void addRelationMaps() throws IOException {
        scan(
                Key.RELATION_MAP,
                (key, bytes) -> files.add(File.of(directory(key) + "/pg_filenode.map", bytes)));
    }

    private static String directory(Key key) {
        return key.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                ? "global"
                : "base/" + Integer.toUnsignedString(key.database());
    }

    private void addSlrus() throws IOException {
        scan(
                Key.SLRU_SEGMENT,
                (key, bytes) -> {
                    Slru slru = Slru.ofNumber(key.relation());
                    files.add(
                            File.of(
                                    slru.segmentFile(key.block()),
                                    segment(slru, key.block(), BlockCount.decode(bytes))));
                });
    }

    private byte[] segment(Slru slru, int segment, int blocks) throws IOException {
        byte[] content = new byte[blocks * Page.SIZE];
        int first = segment * Slru.BLOCKS_PER_SEGMENT;
        for (int i = 0; i < blocks; i++) {
            byte[] page = reader.get(Key.slruBlock(slru, first + i), at);
            if (page != null && page.length > 0) {
                System.arraycopy(page, 0, content, i * Page.SIZE, Page.SIZE);
            }
        }
        return content;
    }

    private void addTwoPhaseStates() throws IOException {
        scan(Key.TWO_PHASE, (key, bytes) -> files.add(File.of(major.twoPhaseFileName(key), bytes)));
    }

    private void addOrigins() throws IOException {
        Map<Integer, OriginProgress> origins = new TreeMap<>();
        scan(
                Key.REPLICATION_ORIGIN,
                (key, bytes) -> origins.put(key.relation(), OriginProgress.decode(bytes)));
        if (!origins.isEmpty()) {
            files.add(File.of(ReplicationOriginFile.PATH, ReplicationOriginFile.of(origins)));
        }
    }

    private void addCheckpoint(ControlFile template, Lsn previousRecord, long unixSeconds)
            throws IOException {
        Lsn start = WalSegments.recordStart(at);
        CheckPoint checkPoint =
                major.checkPoint(required(Key.OF_CHECKPOINT)).asShutdown(start, unixSeconds);
        byte[] record =
                RecordEncoder.encodeRecord(
                        ResourceManager.RM_XLOG_ID,
                        CHECKPOINT_SHUTDOWN,
                        0,
                        previousRecord,
                        checkPoint.bytes());
        addSegments(WalLayout.layDown(record, at, major.number(), template.systemIdentifier()));
        files.add(
                File.of(
                        "global/pg_control",
                        template.shutDownAt(start, checkPoint, unixSeconds).toFile()));
    }

    /** Mostly one segment; two when the record crosses from one into the next. */
    private void addSegments(WalLayout layout) {
        long first = WalSegments.segmentOf(layout.start());
        long last = WalSegments.segmentOf(layout.pages().getLast().address());
        for (long segment = first; segment <= last; segment++) {
            List<Extent> extents = new ArrayList<>();
            for (WalLayout.Page page : layout.pages()) {
                if (WalSegments.segmentOf(page.address()) == segment) {
                    int offset = WalSegments.segmentOffset(page.address());
                    extents.add(new Extent(offset, page.bytes()));
                }
            }
            String path = "pg_wal/" + WalSegments.fileName(segment);
            files.add(new File(path, WalSegments.SIZE, extents));
        }
    }
}
