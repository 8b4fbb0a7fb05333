package dev.sluice.benchmarks.redo;

import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/**
 * The WAL of a small workload of the same kind as that of {@code benchmarks/redo}, made by a real
 * Postgres without full-page images, and the data directory from before.
 */
final class RecordedWal {
    private static final int BUFFERS = 1 << 15;

    private static final List<String> TABLES =
            List.of(
                    "create table branches(bid int primary key, balance int, filler char(88))",
                    "create table accounts(aid int primary key, bid int, balance int, filler char(84))",
                    "create table history(bid int, aid int, delta int, at timestamp, filler char(22))",
                    "insert into branches select g, 0, '' from generate_series(1, 20) g",
                    "insert into accounts select g, 1 + g % 20, 0, '' from generate_series(1, 20000) g",
                    "vacuum analyze");

    private static final List<String> WORKLOAD =
            List.of(
                    """
                    create procedure transfers(count int) language plpgsql as $$
                    declare
                      account int;
                      branch int;
                    begin
                      for i in 1..count loop
                        account := 1 + random() * 19999;
                        branch := 1 + random() * 19;
                        update accounts set balance = balance + i where aid = account;
                        update branches set balance = balance + i where bid = branch;
                        insert into history values (branch, account, i, now());
                        commit;
                      end loop;
                    end $$\
                    """,
                    "call transfers(20000)",
                    "create table load(id bigint primary key, k int, v text, t timestamptz)",
                    "insert into load select g, g % 100, md5(g::text), now() from generate_series(1, 50000) g",
                    "create index on load(k)",
                    "create index on load(v)",
                    "update load set v = v || 'x' where id % 10 = 0",
                    "update load set t = now() where id % 7 = 0",
                    "delete from load where id % 13 = 0",
                    "vacuum load",
                    "create table copied as select * from load",
                    "insert into load select id + 100000, k, v, t from copied",
                    "vacuum analyze");

    private RecordedWal() {}

    /** Makes the WAL and redoes all of it with {@code redo}. */
    static void replay(PageRedo redo) throws Exception {
        try (ThrowawayPostgres postgres =
                new ThrowawayPostgres(
                        "full_page_writes = off",
                        "autovacuum = off",
                        "checkpoint_timeout = 1d",
                        "wal_keep_size = 4GB",
                        "max_wal_size = 4GB")) {
            run(postgres, TABLES);
            postgres.stop();
            Path before = Files.createTempDirectory("sluice-benchmark-base");
            try {
                copy(postgres.data(), before);
                postgres.start();
                run(postgres, WORKLOAD);
                postgres.stop();
                redo(before, postgres, redo);
            } finally {
                delete(before);
            }
        }
    }

    private static void redo(Path before, ThrowawayPostgres postgres, PageRedo redo)
            throws IOException {
        try (BaseDirectory base = new BaseDirectory(before);
                BaseDirectory after = new BaseDirectory(postgres.data())) {
            PagesInMemory pages = new PagesInMemory(base, redo, BUFFERS);
            WalIngest ingest =
                    Postgres17.INSTANCE.ingest(
                            "benchmark", pages, base.control().checkPoint().redo());
            WalFiles.forEach(
                    postgres.wal(),
                    base.control().checkPoint().redo(),
                    after.control().checkPointLocation(),
                    record -> {
                        pages.begin(record);
                        ingest.ingest(record, pages);
                    });
        }
    }

    private static void run(ThrowawayPostgres postgres, List<String> commands) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            for (String command : commands) {
                statement.execute(command);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
    }
}
