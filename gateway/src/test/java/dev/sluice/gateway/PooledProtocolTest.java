package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.CopyInResponse;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.backend.NoticeResponse;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frontend.Bind;
import dev.sluice.wire.frontend.Close;
import dev.sluice.wire.frontend.CopyData;
import dev.sluice.wire.frontend.CopyDone;
import dev.sluice.wire.frontend.CopyFail;
import dev.sluice.wire.frontend.Describe;
import dev.sluice.wire.frontend.Execute;
import dev.sluice.wire.frontend.Flush;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.FunctionCall;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Sync;
import dev.sluice.wire.frontend.Target;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client is answered in a pool is what it is answered on a connection of its own, message by
 * message: while another client makes it change its server connection between any two transactions.
 */
@ExtendWith({SharedPostgres.class, LeakGuard.class})
@Timeout(120)
class PooledProtocolTest {
    @TempDir Path directory;

    private PooledGateway pooled;

    @BeforeEach
    void start(TestPostgres postgres) throws IOException {
        pooled =
                new PooledGateway(
                        postgres, directory, PooledGateway.settings(2, Duration.ofSeconds(20)));
    }

    @AfterEach
    void stop() {
        pooled.close();
    }

    /** Messages that are sent at once, and what comes back to the last ReadyForQuery. */
    record Step(int ready, List<FrontendMessage> messages) {}

    private static Step step(FrontendMessage... messages) {
        int ready = 0;
        for (FrontendMessage message : messages) {
            ready +=
                    message instanceof Query
                                    || message instanceof Sync
                                    || message instanceof FunctionCall
                            ? 1
                            : 0;
        }
        return new Step(ready, Arrays.asList(messages));
    }

    private static Step step(int ready, FrontendMessage... messages) {
        return new Step(ready, Arrays.asList(messages));
    }

    private static Parse parse(String name, String sql, Integer... types) {
        return new Parse(name, sql, List.of(types));
    }

    private static Bind bind(String portal, String name, String... values) {
        return new Bind(portal, name, List.of(), buffers(values), List.of());
    }

    private static List<@Nullable ByteBuf> buffers(String... values) {
        List<@Nullable ByteBuf> buffers = new ArrayList<>();
        for (String value : values) {
            buffers.add(Unpooled.copiedBuffer(value, StandardCharsets.UTF_8));
        }
        return buffers;
    }

    private static Execute execute(String portal) {
        return new Execute(portal, 0);
    }

    private static CopyData data(String rows) {
        return new CopyData(Unpooled.copiedBuffer(rows, StandardCharsets.UTF_8));
    }

    private static final Sync SYNC = new Sync();

    static Stream<Arguments> conversations() {
        return Stream.of(
                Arguments.of(
                        "simple queries, with errors between and inside",
                        List.of(
                                step(new Query("select 1; select 2")),
                                step(new Query("select 1; select 1/0; select 2")),
                                step(new Query("")),
                                step(
                                        new Query("select 'a'"),
                                        new Query("nonsense"),
                                        new Query("select 'b'")),
                                step(new Query("begin; select 1")),
                                step(new Query("select 1/0")),
                                step(new Query("select 'refused'")),
                                step(new Query("rollback; select 3")))),
                Arguments.of(
                        "the unnamed statement, in one transaction and in the next",
                        List.of(
                                step(
                                        parse("", "select $1::int + 1"),
                                        bind("", "", "1"),
                                        new Describe(Target.PORTAL, ""),
                                        execute(""),
                                        SYNC),
                                step(bind("", "", "2"), execute(""), SYNC),
                                step(new Describe(Target.STATEMENT, ""), SYNC),
                                step(parse("", "select 'x' || $1"), SYNC),
                                step(bind("", "", "y"), execute(""), SYNC),
                                step(new Query("select 1")),
                                step(bind("", "", "z"), execute(""), SYNC),
                                step(parse("", "nonsense"), SYNC),
                                step(bind("", "", "z"), execute(""), SYNC))),
                Arguments.of(
                        "named statements, described, closed and made again",
                        List.of(
                                step(
                                        parse("s1", "select $1::text"),
                                        new Describe(Target.STATEMENT, "s1"),
                                        SYNC),
                                step(bind("", "s1", "a"), execute(""), SYNC),
                                step(
                                        bind("p", "s1", "b"),
                                        new Describe(Target.PORTAL, "p"),
                                        execute("p"),
                                        SYNC),
                                step(
                                        parse("s2", "select $1::text"),
                                        bind("", "s2", "c"),
                                        execute(""),
                                        new Close(Target.STATEMENT, "s1"),
                                        SYNC),
                                step(bind("", "s1", "d"), execute(""), SYNC),
                                step(bind("", "s2", "e"), execute(""), SYNC),
                                step(parse("s1", "select 42"), bind("", "s1"), execute(""), SYNC),
                                step(new Close(Target.STATEMENT, "none"), SYNC),
                                step(
                                        new Close(Target.STATEMENT, "s1"),
                                        parse("s1", "select 43"),
                                        bind("", "s1"),
                                        execute(""),
                                        SYNC),
                                step(new Describe(Target.STATEMENT, "none"), SYNC))),
                Arguments.of(
                        "pipelines with errors in their middle",
                        List.of(
                                step(
                                        parse("a", "select 1"),
                                        bind("", "a"),
                                        execute(""),
                                        parse("b", "select nonsense"),
                                        bind("", "b"),
                                        execute(""),
                                        parse("c", "select 3"),
                                        SYNC,
                                        bind("", "a"),
                                        execute(""),
                                        SYNC,
                                        bind("", "b"),
                                        execute(""),
                                        SYNC,
                                        bind("", "c"),
                                        execute(""),
                                        SYNC),
                                step(parse("c", "select 4"), bind("", "c"), execute(""), SYNC),
                                step(
                                        bind("", "a"),
                                        execute(""),
                                        parse("d", "select 1/0"),
                                        bind("", "d"),
                                        execute(""),
                                        new Close(Target.STATEMENT, "a"),
                                        SYNC),
                                step(bind("", "a"), execute(""), SYNC),
                                step(bind("", "d"), execute(""), SYNC),
                                step(
                                        new Query("select 5"),
                                        parse("e", "select 6"),
                                        bind("", "e"),
                                        execute(""),
                                        SYNC,
                                        new Query("select 7")))),
                Arguments.of(
                        "an implicit transaction that is rolled back, and explicit ones",
                        List.of(
                                step(new Query("create table implicit (i int primary key)")),
                                step(
                                        parse("i", "insert into implicit values ($1::int)"),
                                        bind("", "i", "1"),
                                        execute(""),
                                        bind("", "i", "1"),
                                        execute(""),
                                        SYNC),
                                step(new Query("select count(*) from implicit")),
                                step(new Query("begin")),
                                step(bind("", "i", "1"), execute(""), SYNC),
                                step(new Query("savepoint s")),
                                step(bind("", "i", "1"), execute(""), SYNC),
                                step(new Query("rollback to s")),
                                step(bind("", "i", "2"), execute(""), SYNC),
                                step(new Query("commit")),
                                step(new Query("select count(*) from implicit")),
                                step(new Query("drop table implicit")))),
                Arguments.of(
                        "portals that are fetched from in parts",
                        List.of(
                                step(
                                        parse("g", "select g from generate_series(1, 10) g"),
                                        bind("p", "g"),
                                        new Execute("p", 3),
                                        new Execute("p", 3),
                                        new Close(Target.PORTAL, "p"),
                                        SYNC),
                                step(new Query("begin")),
                                step(bind("q", "g"), new Execute("q", 4), SYNC),
                                step(new Execute("q", 4), SYNC),
                                step(new Execute("q", 4), SYNC),
                                step(new Query("commit")),
                                step(new Execute("q", 4), SYNC))),
                Arguments.of(
                        "COPY",
                        List.of(
                                step(new Query("create table copied (i int)")),
                                step(
                                        1,
                                        new Query("copy copied from stdin"),
                                        data("1\n2\n"),
                                        data("3\n"),
                                        new CopyDone()),
                                step(
                                        1,
                                        new Query("copy copied from stdin"),
                                        data("x\n"),
                                        data("4\n"),
                                        new CopyDone()),
                                step(new Query("select count(*) from copied")),
                                step(
                                        1,
                                        new Query("copy copied from stdin"),
                                        data("5\n"),
                                        new CopyFail("no more")),
                                step(
                                        1,
                                        new Query("copy none from stdin"),
                                        data("5\n"),
                                        new CopyDone()),
                                step(new Query("copy copied to stdout")),
                                step(
                                        1,
                                        parse("c", "copy copied from stdin"),
                                        bind("", "c"),
                                        execute(""),
                                        SYNC,
                                        data("6\n"),
                                        new CopyDone(),
                                        SYNC),
                                step(
                                        1,
                                        parse("", "copy copied from stdin"),
                                        bind("", ""),
                                        execute(""),
                                        SYNC,
                                        data("y\n"),
                                        new CopyDone(),
                                        SYNC),
                                step(
                                        parse("o", "copy copied to stdout"),
                                        bind("", "o"),
                                        execute(""),
                                        SYNC),
                                step(
                                        new Query("copy copied from stdin; select 1"),
                                        data("7\n"),
                                        new CopyDone()),
                                step(new Query("select sum(i) from copied; drop table copied")))),
                Arguments.of(
                        "plans that change, and statements that are gone",
                        List.of(
                                step(new Query("create table changing (i int)")),
                                step(
                                        parse("s", "select * from changing"),
                                        bind("", "s"),
                                        execute(""),
                                        SYNC),
                                step(bind("", "s"), execute(""), SYNC),
                                step(new Query("alter table changing add column j text")),
                                step(bind("", "s"), execute(""), SYNC),
                                step(
                                        new Close(Target.STATEMENT, "s"),
                                        parse("s", "select j from changing"),
                                        bind("", "s"),
                                        execute(""),
                                        SYNC),
                                step(new Query("drop table changing")),
                                step(bind("", "s"), execute(""), SYNC))),
                Arguments.of(
                        "statements deallocated by SQL",
                        List.of(
                                step(parse("s1", "select 1"), parse("s2", "select 2"), SYNC),
                                step(new Query("deallocate s1")),
                                step(bind("", "s1"), execute(""), SYNC),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(parse("s1", "select 1"), SYNC),
                                step(
                                        new Query("select 2"),
                                        new Query("deallocate s1"),
                                        parse("s1", "select 111"),
                                        bind("", "s1"),
                                        execute(""),
                                        SYNC,
                                        new Query("deallocate s1"),
                                        new Query("deallocate s1"),
                                        new Query("select 3")),
                                step(parse("s4", "select 4"), parse("", "select 5"), SYNC),
                                step(new Query("deallocate s4")),
                                step(bind("", ""), SYNC),
                                step(new Query("deallocate all")),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(parse("s2", "select 22"), bind("", "s2"), execute(""), SYNC),
                                step(new Query("discard all")),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(parse("s1", "select 1"), bind("", "s1"), execute(""), SYNC),
                                step(new Query("deallocate none")),
                                step(
                                        new Query("deallocate all"),
                                        parse("s1", "select 111"),
                                        bind("", "s1"),
                                        execute(""),
                                        SYNC),
                                step(
                                        new Query("select 4"),
                                        new Query("deallocate all; select pg_sleep(0.2)"),
                                        parse("s5", "select 111"),
                                        bind("", "s5"),
                                        execute(""),
                                        SYNC))),
                Arguments.of(
                        "statements deallocated by SQL in the extended protocol",
                        List.of(
                                step(parse("s1", "select 1"), parse("s2", "select 2"), SYNC),
                                step(
                                        parse("", "DEALLOCATE s1"),
                                        bind("", ""),
                                        new Describe(Target.PORTAL, ""),
                                        execute(""),
                                        SYNC),
                                step(bind("", "s1"), execute(""), SYNC),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(parse("s1", "select 11"), bind("", "s1"), execute(""), SYNC),
                                step(bind("", ""), execute(""), SYNC),
                                step(bind("", ""), execute(""), SYNC))),
                Arguments.of(
                        "statements deallocated by SQL inside of pipelines",
                        List.of(
                                step(
                                        parse("s1", "select 1"),
                                        parse("", "deallocate s1"),
                                        bind("", ""),
                                        new Describe(Target.PORTAL, ""),
                                        execute(""),
                                        parse("s1", "select 11"),
                                        bind("", "s1"),
                                        execute(""),
                                        SYNC),
                                step(bind("", "s1"), execute(""), SYNC),
                                step(
                                        parse("", "deallocate s1"),
                                        bind("", ""),
                                        execute(""),
                                        execute(""),
                                        SYNC,
                                        bind("", "s1"),
                                        SYNC),
                                step(
                                        parse("s2", "select 2"),
                                        parse("d", "DEALLOCATE PREPARE \"s2\";"),
                                        bind("p", "d"),
                                        execute("p"),
                                        parse("s2", "select 22"),
                                        execute("p"),
                                        parse("s3", "select 3"),
                                        SYNC,
                                        bind("", "s2"),
                                        execute(""),
                                        SYNC),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(
                                        parse("", "deallocate s2"),
                                        bind("p", ""),
                                        new Close(Target.PORTAL, "p"),
                                        execute("p"),
                                        SYNC),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(
                                        parse("", "select 1/0"),
                                        bind("", ""),
                                        execute(""),
                                        parse("", "deallocate s2"),
                                        bind("", ""),
                                        execute(""),
                                        SYNC,
                                        bind("", "s2"),
                                        execute(""),
                                        SYNC),
                                step(new Query("begin")),
                                step(bind("q", "d"), SYNC),
                                step(execute("q"), bind("", "s2"), SYNC),
                                step(new Query("rollback")),
                                step(bind("", "s2"), execute(""), SYNC),
                                step(bind("", "d"), SYNC, execute(""), SYNC))),
                Arguments.of(
                        "prepared by SQL",
                        List.of(
                                step(new Query("prepare p as select $1::int * 2")),
                                step(new Query("execute p(21)")),
                                step(bind("", "p", "4"), execute(""), SYNC),
                                step(new Query("deallocate p")),
                                step(new Query("execute p(1)")))),
                Arguments.of(
                        "settings",
                        List.of(
                                step(new Query("set datestyle = 'SQL, DMY'")),
                                step(new Query("select '2020-02-01'::date")),
                                step(new Query("begin; set local timezone = 'Asia/Tokyo'")),
                                step(new Query("show timezone")),
                                step(new Query("commit")),
                                step(new Query("show timezone")),
                                step(new Query("begin; set timezone = 'Asia/Tokyo'; rollback")),
                                step(new Query("begin; set timezone = 'Asia/Tokyo'; commit")),
                                step(new Query("show timezone")),
                                step(
                                        parse(
                                                "s",
                                                "select set_config('application_name', $1, false)"),
                                        bind("", "s", "me"),
                                        execute(""),
                                        SYNC),
                                step(new Query("show application_name")),
                                step(bind("", "s", "you"), execute(""), SYNC),
                                step(new Query("show application_name; show datestyle")),
                                step(new Query("set client_encoding = latin1")),
                                step(new Query("select 'x'")),
                                step(new Query("reset all")),
                                step(
                                        new Query(
                                                "show datestyle; show timezone; show"
                                                        + " client_encoding")),
                                step(
                                        new Query(
                                                "do $$ begin perform set_config('work_mem', '3MB',"
                                                        + " false); end $$")),
                                step(new Query("show work_mem")))),
                Arguments.of(
                        "notices, functions and large results",
                        List.of(
                                step(new Query("do $$ begin raise notice 'told'; end $$")),
                                step(
                                        new FunctionCall(
                                                177,
                                                List.of(Format.BINARY),
                                                List.of(Unpooled.copyInt(20), Unpooled.copyInt(22)),
                                                Format.BINARY)),
                                step(
                                        new Query("select repeat('x', 300000)"),
                                        new Query("select 1")),
                                step(
                                        parse(
                                                "l",
                                                "select repeat('y', 100000) from generate_series(1,"
                                                        + " 20)"),
                                        bind("", "l"),
                                        execute(""),
                                        SYNC),
                                step(new Query("select g from generate_series(1, 5000) g")))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("conversations")
    void answersAreThoseOfAConnectionOfOnesOwn(String what, List<Step> steps) throws Exception {
        List<List<String>> direct = answers(false, steps, 1);
        for (int chunk : new int[] {Integer.MAX_VALUE, 7, 1}) {
            assertThat(answers(true, steps, chunk))
                    .as("%s in chunks of %d", what, chunk)
                    .isEqualTo(direct);
        }
    }

    private List<List<String>> answers(boolean inPool, List<Step> steps, int chunk)
            throws IOException {
        List<List<String>> answers = new ArrayList<>();
        boolean held = false;
        boolean idle = true;
        try (RawClient client = pooled.raw(inPool);
                RawClient other = pooled.raw(inPool)) {
            for (Step step : steps) {
                if (idle) {
                    other.query(held ? "commit" : "begin; select 1");
                    held = !held;
                }
                ByteBuf all = Unpooled.buffer();
                step.messages().forEach(message -> message.encode(all));
                byte[] bytes = ByteBufUtil.getBytes(all);
                if (inPool && chunk < bytes.length && bytes.length < 5000) {
                    for (int at = 0; at < bytes.length; at += chunk) {
                        client.send(
                                Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + chunk)));
                    }
                } else {
                    client.send(bytes);
                }
                List<String> answer = new ArrayList<>();
                try {
                    idle = receive(client, step.ready(), answer) == TransactionStatus.IDLE;
                } catch (IOException e) {
                    throw new IOException(
                            "%s, step %d %s after %s: only %s"
                                    .formatted(
                                            inPool ? "pooled" : "direct",
                                            answers.size(),
                                            step,
                                            answers,
                                            answer),
                            e);
                }
                answers.add(answer);
            }
        }
        return answers;
    }

    private static TransactionStatus receive(RawClient client, int ready, List<String> answer)
            throws IOException {
        int left = ready;
        while (true) {
            BackendMessage message = client.receive();
            if (message == null) {
                throw new EOFException("closed after " + answer);
            }
            String told = inWords(message);
            if (!told.isEmpty()) {
                answer.add(told);
            }
            if (message instanceof ReadyForQuery now && --left == 0) {
                return now.status();
            }
        }
    }

    private static String inWords(BackendMessage message) {
        return switch (message) {
            case ErrorResponse error -> "error " + inWords(error.diagnostic());
            case NoticeResponse notice when notice.diagnostic().message().contains("keeps its") ->
                    "";
            case NoticeResponse notice -> "notice " + inWords(notice.diagnostic());
            case DataRow row ->
                    "row "
                            + row.columns().stream()
                                    .map(column ->
                                            column == null
                                                    ? "null"
                                                    : column.toString(StandardCharsets.ISO_8859_1))
                                    .toList();
            case dev.sluice.wire.backend.CopyData copy ->
                    "copy " + copy.data().toString(StandardCharsets.ISO_8859_1);
            default -> message.toString();
        };
    }

    private static String inWords(Diagnostic diagnostic) {
        return diagnostic.sqlState() + " " + diagnostic.message();
    }

    @Test
    void aParseWithNothingInItEndsItsClientAlone() throws IOException {
        try (RawClient client = pooled.raw();
                RawClient other = pooled.raw()) {
            client.send(RawClient.bytes('P', new byte[0]));
            assertThat(client.lastWords().sqlState()).isEqualTo("08P01");
            assertThat(other.query("select 1")).isEqualTo(List.of(List.of("1")));
        }
    }

    @Test
    void flushIsAnsweredWithoutSync() throws IOException {
        try (RawClient client = pooled.raw()) {
            ByteBuf first = Unpooled.buffer();
            parse("f", "select 1").encode(first);
            new Flush().encode(first);
            for (int i = 0; i < 2; i++) {
                client.send(ByteBufUtil.getBytes(first));
                assertThat(client.receive()).hasToString("ParseComplete[]");
                client.send(bind("", "f"));
                client.send(execute(""));
                client.send(new Flush());
                client.await(DataRow.class);
                client.await(dev.sluice.wire.backend.CommandComplete.class);
                client.send(new Close(Target.STATEMENT, "f"));
                client.send(new Flush());
                client.await(dev.sluice.wire.backend.CloseComplete.class);
                client.send(SYNC);
                client.await(ReadyForQuery.class);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aServerConnectionThatDiesInCopyIsOneErrorAndNoMore(boolean extended) throws Exception {
        String copy = "copy lost_copy from stdin";
        try (RawClient client = pooled.raw();
                Connection direct = pooled.direct();
                Statement statement = direct.createStatement()) {
            statement.execute("create table lost_copy (t text)");
            if (extended) {
                client.send(parse("", copy));
                client.send(bind("", ""));
                client.send(execute(""));
                client.send(new Flush());
            } else {
                client.send(new Query(copy));
            }
            client.await(CopyInResponse.class);
            CopyData data = new CopyData(Unpooled.copiedBuffer("x\n", StandardCharsets.US_ASCII));
            client.send(data);
            statement.execute(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where query = '"
                            + copy
                            + "'");
            assertThat(client.await(ErrorResponse.class).diagnostic().sqlState())
                    .isEqualTo("57P01");
            client.send(data);
            client.send(new CopyDone());
            if (extended) {
                client.send(SYNC);
            }
            client.await(ReadyForQuery.class);
            assertThat(client.query("select 1")).isEqualTo(List.of(List.of("1")));
            statement.execute("drop table lost_copy");
        }
    }

    @Test
    void randomPipelinesAreAnsweredAlike() throws Exception {
        long seed = Long.getLong("sluice.seed", new Random().nextLong());
        int rounds = Integer.getInteger("sluice.rounds", 60);
        Random random = new Random(seed);
        for (int round = 0; round < rounds; round++) {
            List<Step> steps = new ArrayList<>();
            boolean deallocates = random.nextBoolean();
            for (int i = 0; i < 12; i++) {
                steps.add(randomStep(random, deallocates));
            }
            steps.add(step(new Query("rollback")));
            List<List<String>> direct = answers(false, steps, 1);
            List<List<String>> inPool = answers(true, steps, 1 + random.nextInt(200));
            assertThat(anyErrorOfAFailedTransaction(inPool))
                    .as("-Dsluice.seed=%d, round %d: %s", seed, round, steps)
                    .isEqualTo(anyErrorOfAFailedTransaction(direct));
        }
    }

    /**
     * In a transaction that has failed, a statement that the server connection does not have yet
     * cannot be prepared: 25P02 comes before any other error that there might be.
     */
    private static List<List<String>> anyErrorOfAFailedTransaction(List<List<String>> answers) {
        List<List<String>> alike = new ArrayList<>();
        boolean failed = false;
        for (List<String> answer : answers) {
            List<String> step = new ArrayList<>();
            for (String told : answer) {
                if (told.startsWith("ReadyForQuery")) {
                    failed = told.contains("FAILED");
                }
                step.add(failed && told.startsWith("error ") ? "error" : told);
            }
            alike.add(step);
        }
        return alike;
    }

    /**
     * Where statements are deallocated by SQL, none is described: a DEALLOCATE, which has no rows,
     * can be where a transaction has failed, if it need not be prepared first.
     */
    private static Step randomStep(Random random, boolean deallocates) {
        List<FrontendMessage> messages = new ArrayList<>();
        int parts = 1 + random.nextInt(8);
        for (int i = 0; i < parts; i++) {
            String name = List.of("", "a", "b", "c").get(random.nextInt(4));
            messages.add(
                    switch (random.nextInt(16)) {
                        case 0, 1 -> parse(name, "select " + random.nextInt(3));
                        case 2 -> parse(name, "select 1/0");
                        case 3 -> parse(name, "nonsense");
                        case 4, 5, 6 -> bind("", name);
                        case 7, 8 -> execute("");
                        case 9 -> deallocates ? SYNC : new Describe(Target.STATEMENT, name);
                        case 10 -> new Describe(Target.PORTAL, "");
                        case 11 -> new Close(Target.STATEMENT, name);
                        case 12, 13 ->
                                deallocates
                                        ? parse(
                                                name,
                                                "deallocate " + "abc".charAt(random.nextInt(3)))
                                        : execute("");
                        case 14 ->
                                new Query(
                                        List.of(
                                                        "select 7",
                                                        "begin",
                                                        "commit",
                                                        "nonsense",
                                                        "rollback",
                                                        "deallocate all")
                                                .get(random.nextInt(6)));
                        default -> SYNC;
                    });
        }
        messages.add(SYNC);
        return new Step(readies(messages), messages);
    }

    /** After an error of the extended protocol, Query is skipped too: count what is answered. */
    private static int readies(List<FrontendMessage> messages) {
        messages.subList(1, messages.size()).removeIf(Query.class::isInstance);
        return step(messages.toArray(FrontendMessage[]::new)).ready();
    }
}
