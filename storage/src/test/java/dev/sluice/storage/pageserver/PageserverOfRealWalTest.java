package dev.sluice.storage.pageserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.timeline.TimelineSettings;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.proposer.ProposerConfig;
import dev.sluice.walservice.proposer.WalProposer;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Safekeeper and pageserver with what a real Postgres writes, and back into a real Postgres. */
class PageserverOfRealWalTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final PageserverSettings SMALL_LAYERS =
            new PageserverSettings(
                    new TimelineSettings(512 << 10, Duration.ofHours(1), 2, 4, 2, 2 << 20),
                    4,
                    1 << 20,
                    1 << 20,
                    2,
                    Duration.ofMillis(100),
                    Duration.ofMillis(300));

    @TempDir Path directory;

    private static final Configuration ALONE = Configuration.first(List.of(1L));
    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());

    @Test
    void whatPostgresWroteIsThereAtEveryPointOfItsHistory() throws Exception {
        try (ThrowawayPostgres postgres =
                        new ThrowawayPostgres(
                                "full_page_writes = off",
                                "wal_keep_size = 4GB",
                                "autovacuum = on");
                Safekeeper safekeeper =
                        Safekeeper.start(
                                new SafekeeperConfig(
                                        1,
                                        directory.resolve("safekeeper"),
                                        new PartAddress.Tcp("127.0.0.1", 0)));
                Pageserver pageserver =
                        Pageserver.open(
                                directory.resolve("pages"), SMALL_LAYERS, PageserverListener.NONE);
                PageServiceServer server =
                        PageServiceServer.start(pageserver, new PartAddress.Tcp("127.0.0.1", 0));
                PageServiceClient client = new PageServiceClient(server.address())) {
            postgres.stop();
            long system = control(postgres).systemIdentifier();
            Lsn start = client.createTimeline(id, postgres.data(), system);
            new SafekeeperClient(safekeeper.address()).createTimeline(id, system, 17, ALONE, start);
            client.attachWal(id, List.of(safekeeper.address()));

            postgres.start();
            workload(postgres, 1);
            List<String> first = facts(postgres);
            postgres.stop();
            Lsn middle = propose(postgres, safekeeper, system);
            client.waitForLsn(id, middle, LIMIT);
            safekeeperHearsHowFarIngestIs(safekeeper, middle);
            postgres.start();
            workload(postgres, 2);
            List<String> second = facts(postgres);
            postgres.stop();
            Lsn end = propose(postgres, safekeeper, system);
            client.waitForLsn(id, end, LIMIT);

            restartedReadsTheSame(client, safekeeper, end);

            TenantTimelineId branch = new TenantTimelineId(id.tenant(), TimelineId.random());
            client.branchTimeline(id, branch.timeline(), middle);
            assertThat(restored(postgres, client, id, end)).isEqualTo(second);
            assertThat(restored(postgres, client, branch, middle)).isEqualTo(first);
            assertThat(layerKinds()).contains("merged", "image");

            assertThatThrownBy(() -> client.deleteTimeline(id)).hasMessageContaining("branch");
            client.deleteTimeline(branch);
            client.deleteTimeline(branch);
            client.deleteTimeline(id);
            assertThat(client.timelines()).isEmpty();
        }
    }

    private void safekeeperHearsHowFarIngestIs(Safekeeper safekeeper, Lsn ingested) {
        SafekeeperClient client = new SafekeeperClient(safekeeper.address());
        await().untilAsserted(() -> {
            PageserverFeedback heard = client.status(id).feedback();
            assertThat(heard.ingested()).isEqualTo(ingested);
            // with layers of half a megabyte, some of it is in files already
            assertThat(heard.durable()).isGreaterThan(client.status(id).start());
            assertThat(heard.durable()).isLessThanOrEqualTo(ingested);
        });
    }

    private static ControlFile control(ThrowawayPostgres postgres) throws IOException {
        return PostgresMajor.of(17)
                .controlFile(Files.readAllBytes(postgres.data().resolve("global/pg_control")));
    }

    /** Gives the safekeeper all that the stopped Postgres wrote; returns its end. */
    private Lsn propose(ThrowawayPostgres postgres, Safekeeper safekeeper, long system)
            throws IOException {
        Lsn last = control(postgres).checkPointLocation();
        Lsn pageEnd = new Lsn((last.value() + 200 + 8191) / 8192 * 8192);
        try (WalProposer proposer =
                WalProposer.elect(
                        new ProposerConfig(
                                id,
                                17,
                                system,
                                ALONE,
                                SafekeeperDirectory.of(Map.of(1L, safekeeper.address())),
                                LIMIT),
                        new LocalSegments(postgres.wal()))) {
            return proposer.flush(pageEnd);
        }
    }

    private static void workload(ThrowawayPostgres postgres, int round) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            String t = "t" + round;
            sql.execute("CREATE TABLE " + t + " (id int PRIMARY KEY, v int, filler text)");
            sql.execute("CREATE UNLOGGED TABLE u" + round + " (id int PRIMARY KEY)");
            sql.execute("CREATE TABLE IF NOT EXISTS hot (id int PRIMARY KEY, n bigint)");
            sql.execute("INSERT INTO hot VALUES (1, 0) ON CONFLICT DO NOTHING");
            sql.execute(
                    "INSERT INTO "
                            + t
                            + " SELECT g, g, repeat(md5(g::text), 3)"
                            + " FROM generate_series(1, 20000) g");
            for (int i = 0; i < 300; i++) {
                sql.execute("UPDATE hot SET n = n + " + i);
                sql.execute("UPDATE " + t + " SET v = v + 1 WHERE id % 300 = " + i);
            }
            sql.execute("DELETE FROM " + t + " WHERE id % 7 = 0");
            sql.execute("VACUUM " + t);
            sql.execute("CREATE INDEX ON " + t + " (v)");
            sql.execute("CREATE DATABASE d" + round);
            sql.execute("CHECKPOINT");
            sql.execute("TRUNCATE hot");
            sql.execute("INSERT INTO hot SELECT g, g FROM generate_series(1, 500) g");
        }
    }

    private static List<String> facts(ThrowawayPostgres postgres) throws SQLException {
        List<String> facts = new ArrayList<>();
        try (Connection connection = postgres.connect();
                Statement sql = connection.createStatement()) {
            facts.add(one(sql, "SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database"));
            facts.add(one(sql, "SELECT sum(hashtext(c::text)) FROM pg_class c"));
            facts.add(one(sql, "SELECT count(*), sum(hashtext(h::text)) FROM hot h"));
            facts.add(one(sql, "SELECT count(*), sum(hashtext(t::text)) FROM t1 t"));
            facts.add(one(sql, "SELECT count(*), sum(v) FROM t1 WHERE v > 5000"));
            facts.add(one(sql, "SELECT count(*) FROM u1"));
        }
        return facts;
    }

    private static String one(Statement sql, String query) throws SQLException {
        try (ResultSet row = sql.executeQuery(query)) {
            row.next();
            StringBuilder columns = new StringBuilder();
            for (int i = 1; i <= row.getMetaData().getColumnCount(); i++) {
                columns.append(row.getString(i)).append(' ');
            }
            return columns.toString();
        }
    }

    /** The facts that a Postgres states which starts from a base backup. */
    private static List<String> restored(
            ThrowawayPostgres postgres, PageService service, TenantTimelineId id, Lsn at)
            throws Exception {
        Path data = postgres.data();
        Path aside = data.resolveSibling("aside-" + at.value());
        Files.move(data, aside);
        BackupDirectory.write(service, id, service.baseBackup(id, at), data);
        for (String name : List.of("postgresql.conf", "pg_hba.conf", "pg_ident.conf")) {
            Files.copy(aside.resolve(name), data.resolve(name));
        }
        if (System.getProperty("user.name").equals("root")) {
            new ProcessBuilder("chown", "-R", "65534:65534", data.toString()).start().waitFor();
        }
        postgres.start();
        List<String> facts = facts(postgres);
        postgres.stop();
        return facts;
    }

    /** A pageserver that is killed reads again from the safekeeper what it had not written. */
    private void restartedReadsTheSame(PageService before, Safekeeper safekeeper, Lsn end)
            throws IOException {
        Path copy = directory.resolve("killed");
        copyTimeline(directory.resolve("pages"), copy);
        try (Pageserver after = Pageserver.open(copy, SMALL_LAYERS, PageserverListener.NONE)) {
            assertThat(after.status(id).lastRecordLsn()).isLessThan(end);
            after.attachWal(id, List.of(safekeeper.address()));
            after.waitForLsn(id, end, LIMIT);
            for (BaseBackup.RelationFork fork : before.baseBackup(id, end).relations()) {
                if (fork.blocks() > 0) {
                    assertThat(read(after, fork, end)).isEqualTo(read(before, fork, end));
                }
            }
        }
    }

    private ByteBuffer read(PageService service, BaseBackup.RelationFork fork, Lsn at)
            throws IOException {
        ByteBuffer pages = ByteBuffer.allocate(fork.blocks() * 8192);
        service.readPages(id, at, fork.relation(), fork.fork(), 0, fork.blocks(), pages);
        return pages.flip();
    }

    /** Takes what a crash would leave: the index as it is, and the layers it names. */
    private void copyTimeline(Path from, Path to) throws IOException {
        Path timeline = Path.of(id.tenant().toString(), id.timeline().toString());
        Path source = from.resolve(timeline);
        Path target = Files.createDirectories(to.resolve(timeline));
        for (int attempt = 1; ; attempt++) {
            try {
                Path index = target.resolve(TimelineIndex.FILE_NAME);
                Files.copy(
                        source.resolve(TimelineIndex.FILE_NAME),
                        index,
                        StandardCopyOption.REPLACE_EXISTING);
                for (LayerDescriptor layer : TimelineIndex.read(target).layers()) {
                    String name = layer.fileName();
                    Files.copy(
                            source.resolve(name),
                            target.resolve(name),
                            StandardCopyOption.REPLACE_EXISTING);
                }
                return;
            } catch (NoSuchFileException e) {
                assertThat(attempt).as("%s", e).isLessThan(100);
            }
        }
    }

    private List<String> layerKinds() throws IOException {
        try (Stream<Path> files =
                Files.list(
                        directory
                                .resolve("pages")
                                .resolve(id.tenant().toString())
                                .resolve(id.timeline().toString()))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(LayerDescriptor::isFileName)
                    .map(name -> name.substring(name.indexOf('.') + 1))
                    .distinct()
                    .toList();
        }
    }
}
