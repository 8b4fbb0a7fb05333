package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code inspect wal} and {@code inspect page} on a server with a branch and a child of it. */
class InspectIT {
    private static Sluice sluice;
    private static String uri;

    /** The table's tablespace, database and relfilenode. */
    private static String locator;

    private static String beforeInsert;
    private static String afterInsert;

    @BeforeAll
    static void start() throws IOException {
        sluice = new Sluice();
        uri = sluice.up();
        Sluice.psql(uri, "create table t (i int, v text)");
        locator =
                Sluice.psql(
                        uri,
                        "select 1663 || '/' || d.oid || '/' || pg_relation_filenode('t')"
                                + " from pg_database d where datname = current_database()");
        beforeInsert = Sluice.psql(uri, "select pg_current_wal_insert_lsn()");
        Sluice.psql(uri, "insert into t values (1, 'one')");
        Sluice.psql(uri, "update t set v = 'uno'");
        afterInsert = Sluice.psql(uri, "select pg_current_wal_insert_lsn()");
    }

    @AfterAll
    static void stop() throws IOException {
        sluice.close();
    }

    private static JsonNode page(String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("inspect", "page"));
        all.addAll(List.of(options));
        return sluice.json(all.toArray(String[]::new));
    }

    private static void pageRefused(String expected, String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of("inspect", "page"));
        all.addAll(List.of(options));
        Sluice.Result result = sluice.run(all.toArray(String[]::new));
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.err()).contains(expected);
        assertThat(result.out()).isEmpty();
    }

    /** The table is dropped by then, its page and its name of before are there. */
    @Test
    void aPageIsShownAsOfAnyMoment() throws IOException {
        Sluice.psql(uri, "create schema s; create table s.\"Gone\" (i int)");
        Sluice.psql(uri, "insert into s.\"Gone\" values (1)");
        String first = Sluice.psql(uri, "select pg_current_wal_insert_lsn()");
        Sluice.psql(uri, "insert into s.\"Gone\" values (2)");
        String second = Sluice.psql(uri, "select pg_current_wal_insert_lsn()");
        Sluice.psql(uri, "drop table s.\"Gone\"");
        JsonNode page = page("--relation", "s.\"Gone\"", "--at", first);
        assertThat(page.path("kind").asText()).isEqualTo("heap");
        assertThat(page.path("items")).hasSize(1);
        assertThat(page.path("chain").findValuesAsText("type")).containsExactly("INSERT+INIT");
        page = page("--relation", "S.\"Gone\"", "--at", second);
        assertThat(page.path("items").findValuesAsText("ctid")).containsExactly("(0,1)", "(0,2)");
        assertThat(page.path("chain").findValuesAsText("type"))
                .containsExactly("INSERT+INIT", "INSERT");
        assertThat(page.path("header").path("lsn"))
                .isEqualTo(page.path("chain").path(1).path("lsn"));
        assertThat(page.path("chain").path(1).path("changed_bytes").asInt()).isBetween(5, 60);
        pageRefused("there is no relation s.\"Gone\"", "--relation", "s.\"Gone\"");
    }

    @Test
    void peopleGetText() throws IOException {
        String text =
                sluice.run("inspect", "page", "--relation", locator, "--at", afterInsert, "--raw")
                        .succeeded()
                        .out();
        assertThat(text)
                .startsWith(locator + ", main fork, block 0 of 1, at " + afterInsert + ": heap")
                .contains("header: lsn ", "item 1, pointer normal, ", ", ctid (0,2), ")
                .contains("from nothing by Heap INSERT+INIT off: 1, flags: 0x0")
                .contains("Heap HOT_UPDATE old_xmax: ", "; changed ")
                .containsPattern("\n1fe0  [0-9a-f]{64}\n");
    }

    @Test
    void indexesCatalogsAndMapsAreShownToo() throws IOException {
        Sluice.psql(
                uri,
                "create table x (i int primary key, v text);"
                        + " insert into x select i, 'v' from generate_series(1, 1000) i");
        Sluice.psql(uri, "create index x_hash on x using hash (v)");
        Sluice.psql(uri, "create index x_brin on x using brin (i)");
        Sluice.psql(uri, "create sequence x_seq");
        Sluice.psql(uri, "vacuum x");
        assertThat(page("--relation", "x_pkey").path("content").path("root").asInt()).isEqualTo(3);
        assertThat(page("--relation", "x_pkey", "--block", "1").path("kind").asText())
                .isEqualTo("btree leaf");
        assertThat(page("--relation", "x_hash").path("kind").asText()).isEqualTo("hash meta");
        assertThat(page("--relation", "x_brin", "--block", "1").path("kind").asText())
                .isEqualTo("brin revmap");
        assertThat(page("--relation", "x_seq").path("items").path(0).path("last_value").asInt())
                .isEqualTo(1);
        JsonNode map = page("--relation", "x", "--fork", "vm");
        assertThat(map.path("content").path("all_visible").asInt())
                .isEqualTo(page("--relation", "x").path("blocks").asInt());
        assertThat(page("--relation", "pg_class").path("relation").path("oid").asInt())
                .isEqualTo(1259);
        assertThat(page("--relation", "pg_database").path("relation").path("database").asInt())
                .isZero();
        assertThat(wal("--relation", "x_pkey", "--rmgr", "Btree", "--limit", "1").getFirst())
                .contains("rmgr: Btree");
    }

    @Test
    void aPageThatIsNotThereIsRefused() throws IOException {
        pageRefused("there is no relation nothing (in database", "--relation", "nothing");
        pageRefused("there is no relation t ", "--relation", "t", "--database", "postgres");
        pageRefused("no database \"d\"", "--relation", "t", "--database", "d");
        pageRefused("it is a view", "--relation", "pg_stat_activity");
        pageRefused("block 7 is past the end: relation", "--relation", "t", "--block", "7");
        pageRefused("has no init fork", "--relation", "t", "--fork", "init");
        pageRefused("has nothing at F/0: its history", "--relation", "t", "--at", "F/0");
        pageRefused("has nothing at 0/28: its history", "--relation", "t", "--at", "0/28");
        pageRefused("not an LSN: \"x\"", "--relation", "t", "--at", "x");
        pageRefused("has no main fork", "--relation", "5/1");
    }

    private static List<String> wal(String... options) throws IOException {
        return inspectWal(options).succeeded().out().lines().toList();
    }

    private static Sluice.Result inspectWal(String... options) throws IOException {
        String[] all = new String[options.length + 2];
        all[0] = "inspect";
        all[1] = "wal";
        System.arraycopy(options, 0, all, 2, options.length);
        return sluice.run(all);
    }

    private static void refused(String expected, String... options) throws IOException {
        Sluice.Result result = inspectWal(options);
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.err()).contains(expected);
        assertThat(result.out()).isEmpty();
    }

    @Test
    void recordsOfABranchAreShownAsPgWaldumpDoes() throws IOException {
        List<String> lines =
                wal("--from", beforeInsert, "--to", afterInsert, "--relation", locator);
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst())
                .startsWith("rmgr: Heap        len (rec/tot): ")
                .contains("desc: INSERT+INIT off: 1, flags: 0x0")
                .endsWith(", blkref #0: rel " + locator + " blk 0");
        assertThat(lines.getLast()).contains("desc: HOT_UPDATE old_xmax: ", "new_off: 2");
    }

    @Test
    void programsGetJson() throws IOException {
        JsonNode records =
                sluice.json(
                        "inspect",
                        "wal",
                        "--from",
                        beforeInsert,
                        "--to",
                        afterInsert,
                        "--rmgr",
                        "heap");
        assertThat(records.findValuesAsText("type")).contains("INSERT+INIT", "HOT_UPDATE");
        JsonNode statistics = sluice.json("inspect", "wal", "--stats");
        assertThat(statistics.path("total").path("records").asLong()).isGreaterThan(10);
        assertThat(statistics.path("types").findValuesAsText("type"))
                .contains("Heap/HOT_UPDATE", "Transaction/COMMIT");
    }

    @Test
    void aPositionInsideARecordIsMovedOn() throws IOException {
        JsonNode records = sluice.json("inspect", "wal", "--from", beforeInsert, "--limit", "2");
        Lsn inside = Lsn.parse(records.path(0).path("lsn").asText()).plus(8);
        String next = records.path(1).path("lsn").asText();
        Sluice.Result result =
                inspectWal("--from", inside.toString(), "--limit", "1", "--output", "json");
        assertThat(result.succeeded().out()).contains("\"lsn\":\"" + next);
        assertThat(result.err()).contains("first record is after " + inside + ", at " + next);
    }

    /** A child shows its own WAL, and on demand what it has of its parent's. */
    @Test
    void aBranchHasItsAncestorsWal() throws IOException {
        sluice.run("branches", "create", "--name", "child", "--at", afterInsert).succeeded();
        Sluice.psql(sluice.connectionString("child"), "insert into t values (2, 'two')");
        List<String> own = wal("--branch", "child", "--relation", locator);
        assertThat(own).hasSize(1).first().asString().contains("INSERT off: 3");
        assertThat(wal("--branch", "child", "--relation", locator, "--from", beforeInsert))
                .containsSubsequence(
                        wal("--from", beforeInsert, "--to", afterInsert, "--relation", locator))
                .contains(own.getFirst());
    }

    @Test
    void filesNeedNoServer() throws IOException {
        Path folder =
                Path.of(sluice.branch("main").path("compute").path("data_directory").asText())
                        .resolve("pg_wal");
        String[] range = {"--from", beforeInsert, "--to", afterInsert};
        List<String> command =
                List.of(
                        Sluice.launcher().toString(),
                        "inspect",
                        "wal",
                        "--wal",
                        folder.toString(),
                        range[0],
                        range[1],
                        range[2],
                        range[3]);
        assertThat(Sluice.execute(Map.of(), command).succeeded().out().lines())
                .isNotEmpty()
                .containsExactlyElementsOf(wal(range));
        refused("no WAL segments", "--wal", "/");
        refused("is not in " + folder, "--wal", folder.toString(), "--from", "F/0");
    }

    @Test
    void whatCannotBeShownIsSaid() throws IOException {
        refused("not an LSN: \"12\"", "--from", "12");
        refused("there is no WAL at 0/28", "--from", "0/28");
        refused("there is no WAL at F/0", "--from", "F/0");
        refused("before --to F/0", "--to", "F/0");
        refused("is before --from", "--from", afterInsert, "--to", beforeInsert);
        refused("no resource manager \"Heep\"; there are XLOG, ", "--rmgr", "Heep");
        refused("branch not found: \"nowhere\"", "--branch", "nowhere");
        refused("no fork \"side\"", "--fork", "side");
    }
}
