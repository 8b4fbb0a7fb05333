package dev.sluice.storage.basebackup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.ReplicationOriginFile;
import dev.sluice.storage.template.TemplateImport;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * At a record's end, a base backup has the state that Postgres's own recovery has there: counters,
 * commit log, multixacts, commit timestamps, prepared transactions, relation maps, databases,
 * origins, and which relations there are and how large.
 *
 * <p>A longer run: {@code -Dsluice.boundaries=500}.
 */
class StateAtBoundariesTest {
    private static final long SYSTEM_IDENTIFIER = 0x1234567890ABCDEFL;
    private static final int BOUNDARIES = Integer.getInteger("sluice.boundaries", 50);

    /**
     * A record's end.
     *
     * @param start where the record begins
     * @param kinds what is worth a look about it
     */
    private record Boundary(Lsn at, Lsn start, List<String> kinds) {}

    private static final String END_OF_EPOCH = "end of an epoch";
    private static final String OVER_SEGMENTS = "a checkpoint goes over segments";
    private static final String[] REQUIRED = {
        "CLOG 00",
        "CLOG 10",
        "CommitTs 00",
        "CommitTs 10",
        "Database 00",
        "Database 10",
        "Database 20",
        "LogicalMessage 00",
        "MultiXact 00",
        "MultiXact 10",
        "MultiXact 20",
        "MultiXact 30",
        "RelMap 00",
        "ReplicationOrigin 00",
        "ReplicationOrigin 10",
        "Standby 00",
        "Standby 10",
        "Standby 20",
        "Storage 10",
        "Storage 20",
        "Transaction 00",
        "Transaction 10",
        "Transaction 20",
        "Transaction 30",
        "Transaction 40",
        "Transaction 50",
        "Transaction 60",
        "XLOG 00",
        "XLOG 10",
        "XLOG 30",
        "XLOG 40",
        "XLOG 50",
        "XLOG 60",
        "XLOG 70",
        "XLOG 80",
        "XLOG A0",
        "XLOG B0",
        "XLOG E0",
        "end of a page",
        "end of a segment",
        "a checkpoint goes over pages",
        OVER_SEGMENTS,
        END_OF_EPOCH,
    };

    /** With header; none of a page among them. */
    private static final int SHUTDOWN_RECORD_BYTES = 114;

    private final TimelineInMemory timeline = new TimelineInMemory(PostgresMajor.of(17).redo());
    private final NavigableMap<Lsn, Boundary> boundaries = new TreeMap<>();

    /**
     * The last transaction of the epoch has written something, and the first page of the commit log
     * is not there yet. Postgres itself could not recover there ({@code TrimCLOG}).
     */
    private boolean lastOfEpoch;

    @Test
    void isWhatRecoveryHas() throws Exception {
        long seed = Long.getLong("sluice.seed", System.nanoTime());
        System.out.println("boundaries: seed " + seed);
        try (ThrowawayPostgres postgres =
                new ThrowawayPostgres(
                        "full_page_writes = off",
                        "autovacuum = off",
                        "wal_keep_size = 2GB",
                        "max_prepared_transactions = 10",
                        "max_replication_slots = 10")) {
            postgres.stop();
            NearWraparound.move(postgres);
            Path base = postgres.data().resolveSibling("base");
            SingleUser.run("cp", "-a", postgres.data().toString(), base.toString());
            TemplateImport.Imported imported = importInto(timeline, base);
            Boundary begin = new Boundary(imported.end(), imported.lastRecord(), List.of("import"));
            boundaries.put(begin.at(), begin);
            postgres.start();
            new WraparoundWorkload(postgres).run();
            postgres.stop();
            ingest(postgres.wal(), imported);
            assertEndsLike(postgres.data());
            RecoveredCluster recovery =
                    new RecoveredCluster(postgres, base, postgres.wal(), imported.end());
            List<String> differences = new ArrayList<>();
            for (Boundary boundary : sample(new Random(seed))) {
                for (String each : differences(recovery, boundary)) {
                    differences.add(boundary + ": " + each);
                }
            }
            assertThat(differences).isEmpty();
            assertDifferencesAreSeen(backup(timeline, boundaries.lastEntry().getValue()));
        }
    }

    private static TemplateImport.Imported importInto(TimelineInMemory target, Path directory)
            throws IOException {
        List<Map.Entry<Key, Value>> all = new ArrayList<>();
        TemplateImport.Imported imported =
                TemplateImport.importInto(
                        directory,
                        SYSTEM_IDENTIFIER,
                        (key, image) -> all.add(Map.entry(key, image)));
        all.forEach(entry -> target.put(entry.getKey(), imported.end(), entry.getValue()));
        return imported;
    }

    /**
     * At the end of its WAL the cluster itself has the same state, and so has what is imported from
     * it, prepared transactions and origins included. Sizes aside: it is ahead of its WAL with
     * empty pages, and its unlogged relations are not empty.
     */
    private void assertEndsLike(Path data) throws IOException {
        Boundary last = boundaries.lastEntry().getValue();
        StateFiles original = StateFiles.of(data);
        original.sizes().clear();
        StateFiles ours = StateFiles.of(backup(timeline, last));
        ours.sizes().clear();
        assertThat(ours.nextXid()).isEqualTo(original.nextXid());
        assertThat(StateComparison.differences(ours, original)).isEmpty();
        assertThat(original.files().keySet()).anyMatch(name -> name.startsWith("pg_twophase/"));
        assertThat(original.files()).containsKey(ReplicationOriginFile.PATH);

        TimelineInMemory again = new TimelineInMemory(PostgresMajor.of(17).redo());
        TemplateImport.Imported imported = importInto(again, data);
        assertThat(imported.end()).isEqualTo(last.at());
        StateFiles anew = StateFiles.of(backup(again, last));
        anew.sizes().clear();
        assertThat(StateComparison.differences(anew, original)).isEmpty();
    }

    private void ingest(Path wal, TemplateImport.Imported imported) throws IOException {
        WalIngest ingest = PostgresMajor.of(17).ingest("test", timeline, imported.end());
        WalDecoder decoder = new WalDecoder(imported.end(), imported.lastRecord());
        long first = WalSegments.segmentOf(imported.end());
        for (long number = first; ; number++) {
            Path segment = wal.resolve(WalSegments.fileName(number));
            if (!Files.exists(segment)) {
                return;
            }
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment));
            decoder.feed(
                    number == first
                            ? bytes.position(WalSegments.segmentOffset(imported.end()))
                            : bytes);
            try {
                for (WalRecord record; (record = decoder.next()) != null; ) {
                    Lsn end = record.end();
                    ingest.ingest(record, (key, value) -> timeline.put(key, end, value));
                    boundaries.put(end, new Boundary(end, record.start(), kinds(record)));
                }
            } catch (WalFormatException endOfWal) {
                return;
            }
        }
    }

    private List<String> kinds(WalRecord record) {
        List<String> kinds = new ArrayList<>();
        int manager = record.resourceManager();
        boolean ofPages = record.blockCount() > 0 && manager != ResourceManager.RM_XLOG_ID;
        int operation = manager == ResourceManager.RM_XACT_ID ? 0x70 : 0xF0;
        String name = ResourceManager.nameOf(manager);
        kinds.add(
                ofPages
                        ? "pages"
                        : String.format(Locale.ROOT, "%s %02X", name, record.info() & operation));
        kinds.addAll(places(record.end()));
        lastOfEpoch |= record.xid() == -1;
        lastOfEpoch &= manager != ResourceManager.RM_CLOG_ID;
        if (lastOfEpoch) {
            kinds.add(END_OF_EPOCH);
        }
        return kinds;
    }

    private static List<String> places(Lsn end) {
        int left = WalSegments.PAGE_SIZE - WalSegments.pageOffset(end);
        int leftInSegment = WalSegments.SIZE - WalSegments.segmentOffset(end);
        if (leftInSegment == WalSegments.SIZE) {
            return List.of("end of a segment");
        }
        if (left == WalSegments.PAGE_SIZE) {
            return List.of("end of a page");
        }
        if (left < SHUTDOWN_RECORD_BYTES) {
            return List.of(left == leftInSegment ? OVER_SEGMENTS : "a checkpoint goes over pages");
        }
        return List.of();
    }

    /** Ends of records of every kind that is not of pages, places in WAL, and any. */
    private List<Boundary> sample(Random random) {
        Map<String, List<Boundary>> kinds = new TreeMap<>();
        for (Boundary boundary : boundaries.values()) {
            for (String kind : boundary.kinds()) {
                kinds.computeIfAbsent(kind, _ -> new ArrayList<>()).add(boundary);
            }
        }
        Map<String, Integer> counts = new TreeMap<>();
        kinds.forEach((kind, of) -> counts.put(kind, of.size()));
        System.out.println("boundaries by kind: " + counts);
        assertThat(counts).containsKeys(REQUIRED);
        NavigableMap<Lsn, Boundary> chosen = new TreeMap<>();
        for (List<Boundary> of : kinds.values()) {
            Boundary one = of.get(random.nextInt(of.size()));
            chosen.put(one.at(), one);
        }
        List<Boundary> all = List.copyOf(boundaries.values());
        while (chosen.size() < Math.min(BOUNDARIES, all.size())) {
            Boundary one = all.get(random.nextInt(all.size()));
            chosen.put(one.at(), one);
        }
        return List.copyOf(chosen.values());
    }

    private List<String> differences(RecoveredCluster recovery, Boundary boundary)
            throws Exception {
        List<String> differences = new ArrayList<>();
        if (!boundary.kinds().contains(END_OF_EPOCH)) {
            StateFiles recovered = recovery.recover(boundary.at());
            StateComparison.differences(StateFiles.of(backup(timeline, boundary)), recovered)
                    .forEach(each -> differences.add("after recovery: " + each));
        }
        BaseBackup backup = backup(timeline, boundary);
        StateFiles started = recovery.start(backup, timeline);
        StateFiles ours = StateFiles.of(backup);
        if (started.nextXid() != ours.nextXid()) {
            differences.add("after a start the next transaction is another");
        }
        StateComparison.differences(ours, started)
                .forEach(each -> differences.add("after a start: " + each));
        return differences;
    }

    /** The comparison itself: each counter, file and size in turn is made another. */
    private static void assertDifferencesAreSeen(BaseBackup backup) throws IOException {
        StateFiles right = StateFiles.of(backup);
        assertThat(StateComparison.differences(StateFiles.of(backup), right)).isEmpty();
        for (int field :
                List.of(
                        StateFiles.NEXT_XID + 2,
                        StateFiles.NEXT_OID,
                        StateFiles.NEXT_MULTI,
                        StateFiles.NEXT_MULTI_OFFSET,
                        StateFiles.OLDEST_MULTI,
                        StateFiles.OLDEST_COMMIT_TS_XID,
                        StateFiles.NEWEST_COMMIT_TS_XID)) {
            StateFiles wrong = StateFiles.of(backup);
            wrong.checkPoint()[field] ^= 1;
            assertThat(StateComparison.differences(wrong, StateFiles.of(backup))).isNotEmpty();
        }
        for (String file : right.files().keySet()) {
            StateFiles wrong = StateFiles.of(backup);
            byte[] content = Objects.requireNonNull(wrong.files().get(file));
            content[content.length / 2] ^= 1;
            StateFiles without = StateFiles.of(backup);
            without.files().remove(file);
            assertThat(wrong.differences(StateFiles.of(backup))).as(file).hasSize(1);
            assertThat(without.differences(StateFiles.of(backup))).as(file).hasSize(1);
        }
        for (String relation : right.sizes().keySet()) {
            StateFiles wrong = StateFiles.of(backup);
            wrong.sizes().merge(relation, 8192L, Long::sum);
            assertThat(wrong.differences(right)).as(relation).hasSize(1);
        }
    }

    private static BaseBackup backup(TimelineInMemory from, Boundary boundary) throws IOException {
        return BaseBackupMaker.make(
                PostgresMajor.of(17), from, boundary.at(), boundary.start(), 1_800_000_000L);
    }
}
