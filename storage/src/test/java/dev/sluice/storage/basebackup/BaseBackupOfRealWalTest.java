package dev.sluice.storage.basebackup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.ingest.ModificationSink;
import dev.sluice.storage.ingest.SharedCatalog;
import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.template.TemplateImport;
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
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A stock Postgres starts from base backups that were made of its own WAL, without recovery, and
 * holds what the original held at that moment.
 */
class BaseBackupOfRealWalTest {
    private static final long SYSTEM_IDENTIFIER = 0x1234567890ABCDEFL;
    private static final long STOPPED_AT = 1_800_000_000L;
    private static final int RANDOM_BOUNDARIES = 4;
    private static final String CHECK_INDEXES =
            """
            SELECT bt_index_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
            WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence <> 't'\
            """;
    private static final String CHECK_HEAPS =
            """
            SELECT c.relname || ': ' || v.msg FROM pg_class c, verify_heapam(c.oid) v
            WHERE c.relkind IN ('r', 'm', 't')\
            """;

    private record Moment(String step, Lsn at, Map<String, String> content) {}

    private final TimelineInMemory timeline = new TimelineInMemory(PostgresMajor.of(17).redo());
    private final NavigableMap<Lsn, Lsn> boundaries = new TreeMap<>();
    private final Set<SharedCatalog> changed = EnumSet.noneOf(SharedCatalog.class);

    @Test
    void startsAnywhereWithoutRecovery() throws Exception {
        try (ThrowawayPostgres postgres =
                new ThrowawayPostgres(
                        "full_page_writes = off",
                        "autovacuum = off",
                        "wal_keep_size = 2GB",
                        "max_prepared_transactions = 10",
                        "max_replication_slots = 10",
                        "track_commit_timestamp = on",
                        "log_checkpoints = off")) {
            postgres.stop();
            TemplateImport.Imported template = importTemplate(postgres.data());
            postgres.start();
            List<Moment> moments = new ArrayList<>();
            new ClusterWorkload(postgres).run(step -> moments.add(moment(step, postgres)));
            postgres.stop();
            ingest(postgres, template);
            assertThat(changed).containsExactlyInAnyOrder(SharedCatalog.values());
            Path original = postgres.data().resolveSibling("original");
            Files.move(postgres.data(), original);
            for (Moment moment : moments) {
                check(postgres, original, moment);
            }
            checkRandomBoundaries(postgres, original, moments.getFirst().at());
        }
    }

    private TemplateImport.Imported importTemplate(Path data) throws IOException {
        List<Map.Entry<Key, Value>> all = new ArrayList<>();
        TemplateImport.Imported imported =
                TemplateImport.importInto(
                        data, SYSTEM_IDENTIFIER, (key, image) -> all.add(Map.entry(key, image)));
        assertThat(all).extracting(Map.Entry::getKey).isSorted().doesNotHaveDuplicates();
        all.forEach(entry -> timeline.put(entry.getKey(), imported.end(), entry.getValue()));
        boundaries.put(imported.end(), imported.lastRecord());
        return imported;
    }

    private static Moment moment(String step, ThrowawayPostgres postgres) throws Exception {
        Map<String, String> content = Fingerprint.of(postgres);
        try (Connection connection = postgres.connect()) {
            String lsn = Fingerprint.value(connection, "SELECT pg_current_wal_insert_lsn()");
            return new Moment(step, Lsn.parse(lsn), content);
        }
    }

    private void ingest(ThrowawayPostgres postgres, TemplateImport.Imported template)
            throws IOException {
        WalIngest ingest = PostgresMajor.of(17).ingest("test", timeline, template.end());
        WalDecoder decoder = new WalDecoder(template.end(), template.lastRecord());
        long first = WalSegments.segmentOf(template.end());
        for (long number = first; ; number++) {
            Path segment = postgres.wal().resolve(WalSegments.fileName(number));
            if (!Files.exists(segment)) {
                return;
            }
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment));
            decoder.feed(
                    number == first
                            ? bytes.position(WalSegments.segmentOffset(template.end()))
                            : bytes);
            try {
                for (WalRecord record; (record = decoder.next()) != null; ) {
                    ingest.ingest(record, into(record));
                    boundaries.put(record.end(), record.start());
                }
            } catch (WalFormatException endOfWal) {
                return;
            }
        }
    }

    private ModificationSink into(WalRecord record) {
        return new ModificationSink() {
            @Override
            public void put(Key key, Value value) {
                timeline.put(key, record.end(), value);
            }

            @Override
            public void changed(SharedCatalog catalog) {
                changed.add(catalog);
            }
        };
    }

    private void check(ThrowawayPostgres postgres, Path original, Moment moment) throws Exception {
        Lsn at = boundaries.floorKey(moment.at());
        restore(postgres, original, at);
        postgres.start();
        assertThat(Fingerprint.of(postgres))
                .as("after " + moment.step())
                .isEqualTo(moment.content());
        verify(postgres, moment.step());
        useIt(postgres, moment.content().getOrDefault("prepared", ""));
        postgres.stop();
        checkLog(original);
    }

    private void checkRandomBoundaries(ThrowawayPostgres postgres, Path original, Lsn after)
            throws Exception {
        long seed = System.nanoTime();
        System.out.println("random boundaries: seed " + seed);
        Random random = new Random(seed);
        List<Lsn> all = List.copyOf(boundaries.tailMap(after).keySet());
        for (int i = 0; i < RANDOM_BOUNDARIES; i++) {
            Lsn at = all.get(random.nextInt(all.size()));
            restore(postgres, original, at);
            postgres.start();
            verify(postgres, "at " + at + ", seed " + seed);
            postgres.stop();
            checkLog(original);
        }
    }

    private void restore(ThrowawayPostgres postgres, Path original, Lsn at) throws Exception {
        if (Files.exists(postgres.data())) {
            run("rm", "-r", postgres.data().toString());
        }
        BaseBackup backup =
                BaseBackupMaker.make(
                        PostgresMajor.of(17),
                        timeline,
                        at,
                        boundaries.getOrDefault(at, Lsn.INVALID),
                        STOPPED_AT);
        assertThat(backup.systemIdentifier()).isEqualTo(SYSTEM_IDENTIFIER);
        RestoredDirectory.write(backup, timeline, postgres.data());
        RestoredDirectory.copyConfiguration(original, postgres.data());
        run("chown", "-R", "--reference=" + original, postgres.data().toString());
    }

    private static void verify(ThrowawayPostgres postgres, String when) throws Exception {
        List<String> databases;
        try (Connection connection = postgres.connect()) {
            databases = Fingerprint.databases(connection);
        }
        for (String database : databases) {
            try (Connection connection = Fingerprint.connect(postgres, database);
                    Statement statement = connection.createStatement()) {
                statement.execute("CREATE EXTENSION IF NOT EXISTS amcheck");
                statement.execute(CHECK_INDEXES);
                assertThat(Fingerprint.values(connection, CHECK_HEAPS))
                        .as(database + " " + when)
                        .isEmpty();
            }
        }
    }

    /** New transactions, sequences, multixacts and what was prepared go on where they were. */
    private static void useIt(ThrowawayPostgres postgres, String prepared) throws Exception {
        try (Connection connection = postgres.connect();
                Connection other = postgres.connect();
                Statement statement = connection.createStatement();
                Statement second = other.createStatement()) {
            assertThat(Fingerprint.value(connection, "SELECT count(*) FROM unlogged WHERE v = '0'"))
                    .isEqualTo("0");
            statement.execute("INSERT INTO toasted (big) VALUES ('more')");
            statement.execute("BEGIN; SELECT * FROM accounts WHERE id = 8 FOR SHARE");
            second.execute("BEGIN; SELECT * FROM accounts WHERE id = 8 FOR SHARE");
            second.execute("COMMIT");
            statement.execute("COMMIT");
            if (prepared.contains("kept")) {
                assertThatThrownBy(() ->
                                statement.execute(
                                        "SELECT * FROM accounts WHERE id = 5 FOR UPDATE"
                                                + " NOWAIT"))
                        .hasMessageContaining("could not obtain lock");
                statement.execute("COMMIT PREPARED 'kept'");
                assertThat(Fingerprint.value(connection, "SELECT count(*) FROM kept"))
                        .isEqualTo("0");
            }
            statement.execute("CREATE TABLE fresh AS SELECT generate_series(1, 100) i");
            statement.execute("VACUUM FREEZE");
        }
    }

    private static void checkLog(Path original) throws IOException {
        String log = Files.readString(original.resolveSibling("log"));
        assertThat(log)
                .contains("database system was shut down at")
                .doesNotContain("redo starts")
                .doesNotContain("not properly shut down")
                .doesNotContain("WARNING")
                .doesNotContain("PANIC");
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }
}
