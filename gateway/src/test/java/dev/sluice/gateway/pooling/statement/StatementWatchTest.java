package dev.sluice.gateway.pooling.statement;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementWatchTest {
    private static final int NOTHING = 0;

    private static int watched(String sql) {
        return watched(new StatementWatch(), sql, sql.length() + 1, new Random(0));
    }

    /** In pieces of random lengths. */
    private static int watched(StatementWatch watch, String sql, int longest, Random random) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        watch.begin();
        int at = 0;
        while (at < bytes.writerIndex()) {
            int length = Math.min(1 + random.nextInt(longest), bytes.writerIndex() - at);
            watch.more(bytes, at, length);
            at += length;
        }
        return watch.end();
    }

    private static final List<String> HARMLESS =
            List.of(
                    "",
                    ";",
                    "select 1",
                    "begin; set local work_mem = '5MB'; commit",
                    "set transaction isolation level serializable",
                    "set constraints all deferred",
                    "update t set listen = 1",
                    "select 'set x = 1; listen y'",
                    "select 'it''s; set x = 1'",
                    "select e'\\'; set x = 1'",
                    "select E'\\\\', 'set'",
                    "select \"set\" from \"listen\"",
                    "-- set x = 1\nselect 1",
                    "select 1 -- ; set x = 1",
                    "/* set x = 1; /* listen y; */ set z = 2; */ select 1",
                    "select 1 /*/ ; set x = 1; */",
                    "select 1 /* /*/ */ ; set x = 1; */",
                    "select $$; set x = 1; $$",
                    "select $a$ $$; set x = 1; $b$ $a$",
                    "select $1; select $2",
                    "select a$set from t",
                    "create table temporary_things (i int)",
                    "select temp from weather",
                    "declare c cursor for select 1",
                    "select pg_advisory_xact_lock(1)",
                    "select set_config('app.x', 'y', true)",
                    "select set_config('app.x', 'y', TRUE), 1",
                    "select set_config(concat('a', '.', 'b'), f(1, false), true)",
                    "select setting from pg_settings",
                    "insert into prepared values (1)",
                    "select done from loads");

    private static final List<String> SUSPICIOUS =
            List.of(
                    "set work_mem = '5MB'",
                    "SET SESSION work_mem = '5MB'",
                    "select 1; set x = 1",
                    "begin; set x = 1; commit",
                    "  \n\tset x = 1",
                    "/* c */ set x = 1",
                    "-- c\rset x = 1",
                    "select 2 /* a */* 3; set x = 1",
                    "/*/ ' */ set x = 1",
                    "select 1;listen a",
                    "unlisten *",
                    "prepare p as select 1",
                    "do $$ begin end $$",
                    "create temp table t (i int)",
                    "create local temporary view v as select 1",
                    "create or replace temp view v as select 1",
                    "select 1 into temporary t",
                    "declare c cursor with hold for select 1",
                    "select pg_advisory_lock(1)",
                    "select \"pg_advisory_lock\"(1)",
                    "select pg_catalog.pg_try_advisory_lock_shared(1, 2)",
                    "create table pg_temp.t (i int)",
                    "select set_config('app.x', 'y', false)",
                    "select set_config('app.x', 'true', $1)",
                    "select set_config('a', 'b', true and false)",
                    "select set_config('a', 'b', true), set_config('a', 'b', false)",
                    "select 'é'; set x = 1",
                    "select $é$ ; $é$; set x = 1",
                    "select 'a\\'; set x = 1 --'");

    static Stream<String> all() {
        return Stream.of(HARMLESS, SUSPICIOUS).flatMap(List::stream);
    }

    static List<String> harmless() {
        return HARMLESS;
    }

    static List<String> suspicious() {
        return SUSPICIOUS;
    }

    @ParameterizedTest
    @MethodSource
    void harmless(String sql) {
        assertThat(watched(sql)).isEqualTo(NOTHING);
    }

    @ParameterizedTest
    @MethodSource
    void suspicious(String sql) {
        assertThat(watched(sql)).isEqualTo(StatementWatch.SUSPICIOUS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"deallocate all", "select 1; Deallocate x"})
    void whatDeallocates(String sql) {
        assertThat(watched(sql)).isEqualTo(StatementWatch.SUSPICIOUS | StatementWatch.DEALLOCATES);
    }

    @Test
    void whatResets() {
        assertThat(watched("/**/reset all"))
                .isEqualTo(StatementWatch.SUSPICIOUS | StatementWatch.RESETS);
        assertThat(watched("DISCARD PLANS"))
                .isEqualTo(
                        StatementWatch.SUSPICIOUS
                                | StatementWatch.DEALLOCATES
                                | StatementWatch.RESETS);
    }

    @Test
    void whatLoads() {
        assertThat(watched("load 'auto_explain'"))
                .isEqualTo(StatementWatch.SUSPICIOUS | StatementWatch.LOADS);
    }

    @Test
    void oneWatchForMany() {
        StatementWatch watch = new StatementWatch();
        Random random = new Random(1);
        for (String unfinished :
                List.of("select 'x", "select $a$", "/* ", "select set_config(", "\"")) {
            watched(watch, unfinished, 100, random);
            assertThat(watched(watch, "select 1", 100, random)).as(unfinished).isEqualTo(NOTHING);
        }
    }

    /** Texts come in whatever pieces the network makes of them. */
    @ParameterizedTest
    @MethodSource("all")
    void piecesMakeNoDifference(String sql) {
        long seed = Long.getLong("sluice.seed", new Random().nextLong());
        Random random = new Random(seed);
        StatementWatch watch = new StatementWatch();
        int whole = watched(sql);
        for (int i = 0; i < 20; i++) {
            assertThat(watched(watch, sql, 1 + i, random))
                    .as("-Dsluice.seed=%d, pieces of %d", seed, 1 + i)
                    .isEqualTo(whole);
        }
    }

    /** Two texts in one Query are as suspicious as each by itself. */
    @Test
    void joinedTextsAreAsSuspiciousAsEach() {
        long seed = Long.getLong("sluice.seed", new Random().nextLong());
        Random random = new Random(seed);
        List<String> all = all().toList();
        for (int i = 0; i < 2000; i++) {
            String first = HARMLESS.get(random.nextInt(HARMLESS.size()));
            String second = all.get(random.nextInt(all.size()));
            assertThat(watched(first + "\n;" + second))
                    .as("-Dsluice.seed=%d: %s; %s", seed, first, second)
                    .isEqualTo(watched(second));
        }
    }
}
