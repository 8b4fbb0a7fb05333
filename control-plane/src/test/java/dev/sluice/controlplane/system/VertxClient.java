package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.pgclient.PgException;
import io.vertx.pgclient.SslMode;
import io.vertx.sqlclient.Cursor;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Transaction;
import io.vertx.sqlclient.Tuple;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * vertx-pg-client: extended queries in binary, pipelined, with a cache of prepared statements. Its
 * newest version needs an older Vert.x than the gateway's, so it is a program of its own, for
 * {@link ScriptedClient}: {@code VertxClient URI MODE AUTHORITY}.
 */
final class VertxClient extends JavaClient {
    private final Vertx vertx = Vertx.vertx();
    private final PgConnectOptions options;
    private final PgConnection connection;
    private final BlockingQueue<String> heard = new ArrayBlockingQueue<>(100);
    private final BlockingQueue<String> seen = new ArrayBlockingQueue<>(100);

    VertxClient(Server server, Mode mode) throws Exception {
        super(server, mode);
        options =
                new PgConnectOptions()
                        .setHost(server.host())
                        .setPort(server.port())
                        .setDatabase(server.database())
                        .setUser(server.role())
                        .setPassword(server.password())
                        .addProperty("options", server.options())
                        .addProperty("application_name", "vertx")
                        .setSslMode(SslMode.VERIFY_CA)
                        .setSslOptions(
                                new ClientSSLOptions()
                                        .setHostnameVerificationAlgorithm("")
                                        .setTrustOptions(
                                                new PemTrustOptions()
                                                        .addCertPath(
                                                                server.authority().toString())))
                        .setCachePreparedStatements(true)
                        .setPipeliningLimit(64);
        connection = await(PgConnection.connect(vertx, options));
        connection.notificationHandler(note -> heard.add(note.getPayload()));
        connection.noticeHandler(notice -> seen.add(notice.getMessage()));
        query("drop table if exists kept");
        query("create table kept (i int primary key)");
        if (!pooled()) {
            query("set app.tenant = 'Zoë'");
            query("listen news");
        }
        feature("simple", this::simple);
        feature("settings", EnumSet.of(Mode.SESSION), this::settings);
        feature("prepared", this::prepared);
        feature("pipelines", this::pipelines);
        feature("batches", this::batches);
        feature("binary-types", this::binaryTypes);
        feature("large-rows", this::largeRows);
        feature("cursors", this::cursors);
        feature("transactions", this::transactions);
        feature("errors", this::errors);
        feature("notifications", EnumSet.of(Mode.SESSION), this::notifications);
        feature("cancel", this::cancel);
        feature("notices", this::notices);
        feature("pool", this::pool);
    }

    public static void main(String[] arguments) throws Exception {
        Mode mode = Mode.valueOf(arguments[1].toUpperCase(Locale.ROOT));
        BufferedReader input =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (VertxClient client =
                new VertxClient(new Server(arguments[0], Path.of(arguments[2])), mode)) {
            while (input.readLine() != null) {
                client.round().forEach(feature -> System.out.println("ok " + feature));
                System.out.println("idle");
            }
        }
    }

    private static <T> T await(Future<T> future) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private RowSet<Row> query(String sql) throws Exception {
        return await(connection.query(sql).execute());
    }

    private Row prepared(String sql, Object... values) throws Exception {
        return await(connection.preparedQuery(sql).execute(Tuple.from(values))).iterator().next();
    }

    private static void refused(String state, Future<?> future) {
        assertThatThrownBy(() -> await(future))
                .isInstanceOfSatisfying(
                        PgException.class,
                        error -> assertThat(error.getSqlState()).isEqualTo(state));
    }

    private void simple(int round) throws Exception {
        RowSet<Row> first = query("select 1; select " + round);
        assertThat(first.next().iterator().next().getInteger(0)).isEqualTo(round);
    }

    private void settings(int round) throws Exception {
        assertThat(
                        query(
                                        "select current_setting('app.tenant') || current_setting('application_name')")
                                .iterator()
                                .next()
                                .getString(0))
                .isEqualTo("Zoëvertx");
    }

    private void prepared(int round) throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(prepared("select $1::int + 1", round + i).getInteger(0))
                    .isEqualTo(round + i + 1);
        }
        assertThat(prepared("select $1::int + " + round, 1).getInteger(0)).isEqualTo(round + 1);
    }

    private void pipelines(int round) throws Exception {
        List<Future<RowSet<Row>>> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            all.add(connection.preparedQuery("select $1::int * 3").execute(Tuple.of(i)));
        }
        Future<RowSet<Row>> failed =
                connection.preparedQuery("select 1 / $1::int").execute(Tuple.of(0));
        Future<RowSet<Row>> last = connection.query("select 7").execute();
        for (int i = 0; i < 200; i++) {
            assertThat(await(all.get(i)).iterator().next().getInteger(0)).isEqualTo(3 * i);
        }
        refused("22012", failed);
        assertThat(await(last).iterator().next().getInteger(0)).isEqualTo(7);
    }

    private void batches(int round) throws Exception {
        query("delete from kept");
        List<Tuple> rows = IntStream.range(0, 500).mapToObj(Tuple::of).toList();
        await(connection.preparedQuery("insert into kept values ($1)").executeBatch(rows));
        assertThat(query("select sum(i)::int from kept").iterator().next().getInteger(0))
                .isEqualTo(124750);
    }

    private void binaryTypes(int round) throws Exception {
        OffsetDateTime when = OffsetDateTime.of(2024, 2, 29, 12, 30, 45, 678_000, ZoneOffset.UTC);
        Buffer bytes = Buffer.buffer(new byte[] {0, -1});
        JsonObject json = new JsonObject().put("a", "é");
        Row row =
                prepared(
                        "select $1::int8, $2::text, $3::timestamptz, $4::bytea, $5::int4[], $6::jsonb, $7::bool, null::text",
                        1L << 62,
                        "ë 😀",
                        when,
                        bytes,
                        new Integer[] {1, null, 3},
                        json,
                        true);
        assertThat(row.getLong(0)).isEqualTo(1L << 62);
        assertThat(row.getString(1)).isEqualTo("ë 😀");
        assertThat(row.getOffsetDateTime(2)).isEqualTo(when);
        assertThat(row.getBuffer(3)).isEqualTo(bytes);
        assertThat(row.getArrayOfIntegers(4)).containsExactly(1, null, 3);
        assertThat(row.getJsonObject(5)).isEqualTo(json);
        assertThat(row.getBoolean(6)).isTrue();
        assertThat(row.getString(7)).isNull();
    }

    private void largeRows(int round) throws Exception {
        Row row = prepared("select $1::text, repeat('y', 5000000)", LARGE);
        same(row.getString(0), LARGE);
        same(row.getString(1), "y".repeat(5_000_000));
    }

    private void cursors(int round) throws Exception {
        var transaction = await(connection.begin());
        var statement = await(connection.prepare("select generate_series(1, $1::int)"));
        Cursor cursor = statement.cursor(Tuple.of(250));
        List<Integer> sizes = new ArrayList<>();
        do {
            sizes.add(await(cursor.read(100)).size());
        } while (cursor.hasMore());
        assertThat(sizes).containsExactly(100, 100, 50);
        Cursor half = statement.cursor(Tuple.of(1000));
        assertThat(await(half.read(10)).size()).isEqualTo(10);
        await(half.close());
        await(statement.close());
        await(transaction.commit());
    }

    private void transactions(int round) throws Exception {
        // Its own transactions are rolled back by the first error.
        query("begin isolation level serializable");
        query("delete from kept");
        query("insert into kept values (1)");
        query("savepoint before");
        refused("23505", connection.query("insert into kept values (1)").execute());
        refused("25P02", connection.query("select 1").execute());
        query("rollback to before");
        query("commit");
        Transaction transaction = await(connection.begin());
        query("insert into kept values (2)");
        await(transaction.rollback());
        assertThat(query("select count(*)::int from kept").iterator().next().getInteger(0))
                .isEqualTo(1);
    }

    private void errors(int round) throws Exception {
        refused("42601", connection.query("selec").execute());
        refused("22012", connection.preparedQuery("select 1 / $1::int").execute(Tuple.of(0)));
        refused("42P01", connection.preparedQuery("select * from nowhere").execute());
        assertThat(query("select 1").size()).isEqualTo(1);
    }

    private void notifications(int round) throws Exception {
        prepared("select pg_notify('news', $1)", "" + round);
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("" + round);
    }

    private void cancel(int round) throws Exception {
        Future<?> sleeping = connection.query("select pg_sleep(60)").execute();
        onceItSleeps(_ -> await(connection.cancelRequest()));
        refused("57014", sleeping);
        assertThat(query("select 1").size()).isEqualTo(1);
    }

    private void notices(int round) throws Exception {
        seen.clear();
        query("do $$ begin raise warning 'seen %', 42; end $$");
        assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("seen 42");
    }

    private void pool(int round) throws Exception {
        Pool pool =
                PgBuilder.pool()
                        .with(new PoolOptions().setMaxSize(4))
                        .connectingTo(options)
                        .using(vertx)
                        .build();
        List<Future<RowSet<Row>>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            all.add(pool.preparedQuery("select $1::int + 1").execute(Tuple.of(i)));
        }
        for (int i = 0; i < 40; i++) {
            assertThat(await(all.get(i)).iterator().next().getInteger(0)).isEqualTo(i + 1);
        }
        await(pool.close());
    }

    @Override
    public void close() throws IOException {
        try {
            await(connection.close());
            await(vertx.close());
        } catch (Exception e) {
            throw new IOException("cannot close", e);
        }
    }
}
