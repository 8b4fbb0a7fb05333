package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.Notification;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import io.r2dbc.postgresql.client.ChannelBindingMode;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.postgresql.client.SSLNegotiation;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Readable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** r2dbc-postgresql: reactive, extended queries with fetch sizes, COPY in. */
final class R2dbcClient extends JavaClient {
    private static final Duration SOON = Duration.ofSeconds(30);

    private final PostgresqlConnection connection;
    private final BlockingQueue<String> heard = new ArrayBlockingQueue<>(100);

    R2dbcClient(Server server, Mode mode) {
        super(server, mode);
        connection =
                connect(builder ->
                        builder.applicationName("r2dbc").preparedStatementCacheQueries(100));
        connection.getNotifications().map(Notification::getParameter).subscribe(heard::add);
        run("drop table if exists copied, kept");
        run("create table copied (i int, t text)");
        run("create table kept (i int primary key)");
        if (!pooled()) {
            run("set app.tenant = 'Zoë'");
            run("listen news");
        }
        feature("simple", this::simple);
        feature("settings", EnumSet.of(Mode.SESSION), this::settings);
        feature("prepared", this::prepared);
        feature("batches", this::batches);
        feature("types", this::types);
        feature("copy-in", this::copyIn);
        feature("large-rows", this::largeRows);
        feature("cursors", this::cursors);
        feature("transactions", this::transactions);
        feature("errors", this::errors);
        feature("notifications", EnumSet.of(Mode.SESSION), this::notifications);
        feature("cancel", this::cancel);
        feature("channel-binding", this::channelBinding);
        feature("direct-tls", this::directTls);
    }

    private PostgresqlConnection connect(
            UnaryOperator<PostgresqlConnectionConfiguration.Builder> more) {
        PostgresqlConnectionConfiguration.Builder builder =
                PostgresqlConnectionConfiguration.builder()
                        .host(server.host())
                        .port(server.port())
                        .database(server.database())
                        .username(server.role())
                        .password(server.password())
                        .options(Map.of("options", server.options()))
                        .sslMode(SSLMode.VERIFY_CA)
                        .sslRootCert(server.authority().toString());
        return wait(new PostgresqlConnectionFactory(more.apply(builder).build()).create());
    }

    private static <T> T wait(Mono<T> mono) {
        return Objects.requireNonNull(mono.block(SOON));
    }

    private static <T> T value(Readable row, int column, Class<T> type) {
        return Objects.requireNonNull(row.get(column, type));
    }

    private static <T> List<T> values(PostgresqlStatement statement, Class<T> type) {
        return wait(
                statement
                        .execute()
                        .flatMap(result -> result.map((row, _) -> value(row, 0, type)))
                        .collectList());
    }

    private static void run(PostgresqlConnection connection, String sql) {
        connection.createStatement(sql).execute().flatMap(r -> r.getRowsUpdated()).blockLast(SOON);
    }

    private void run(String sql) {
        run(connection, sql);
    }

    private String query(String sql) {
        return values(connection.createStatement(sql), String.class).getFirst();
    }

    private static void refused(String state, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        R2dbcException.class,
                        error -> assertThat(error.getSqlState()).isEqualTo(state));
    }

    private void simple(int round) {
        List<Integer> all = values(connection.createStatement("select 1; select 2"), Integer.class);
        assertThat(all).containsExactly(1, 2);
    }

    private void settings(int round) {
        assertThat(
                        query(
                                "select current_setting('app.tenant') || current_setting('application_name')"))
                .isEqualTo("Zoër2dbc");
    }

    private void prepared(int round) {
        for (int i = 0; i < 3; i++) {
            assertThat(
                            values(
                                    connection
                                            .createStatement("select $1::int + 1")
                                            .bind("$1", round + i),
                                    Integer.class))
                    .containsExactly(round + i + 1);
        }
    }

    private void batches(int round) {
        run("delete from kept");
        PostgresqlStatement insert = connection.createStatement("insert into kept values ($1)");
        for (int i = 0; i < 300; i++) {
            insert.bind("$1", i);
            if (i < 299) {
                insert.add();
            }
        }
        insert.execute().flatMap(result -> result.getRowsUpdated()).blockLast(SOON);
        assertThat(query("select sum(i)::text from kept")).isEqualTo("44850");
    }

    private void types(int round) {
        OffsetDateTime when = OffsetDateTime.of(2024, 2, 29, 12, 30, 45, 678_000, ZoneOffset.UTC);
        List<Object> row =
                wait(
                        connection
                                .createStatement(
                                        "select $1::int8, $2::text, $3::timestamptz, $4::int4[], $5::bool")
                                .bind("$1", 1L << 62)
                                .bind("$2", "ë 😀")
                                .bind("$3", when)
                                .bind("$4", new Integer[] {1, 2})
                                .bind("$5", true)
                                .execute()
                                .flatMap(result ->
                                        result.map((r, _) ->
                                                List.<Object>of(
                                                        value(r, 0, Long.class),
                                                        value(r, 1, String.class),
                                                        value(r, 2, OffsetDateTime.class)
                                                                .isEqual(when),
                                                        value(r, 3, Integer[].class)[1],
                                                        value(r, 4, Boolean.class))))
                                .single());
        assertThat(row).containsExactly(1L << 62, "ë 😀", true, 2, true);
    }

    private void copyIn(int round) {
        run("truncate copied");
        Flux<ByteBuf> rows =
                Flux.fromStream(
                        IntStream.range(0, 20000)
                                .mapToObj(i ->
                                        Unpooled.copiedBuffer(
                                                i + "\trow " + i + "\n", StandardCharsets.UTF_8)));
        assertThat(wait(connection.copyIn("copy copied from stdin", rows))).isEqualTo(20000);
        assertThat(query("select sum(i)::text from copied")).isEqualTo("199990000");
    }

    private void largeRows(int round) {
        same(
                values(
                                connection.createStatement("select $1::text").bind("$1", LARGE),
                                String.class)
                        .getFirst(),
                LARGE);
        same(query("select repeat('y', 5000000)"), "y".repeat(5_000_000));
    }

    private void cursors(int round) {
        wait(connection.beginTransaction().thenReturn(true));
        List<Integer> all =
                values(
                        connection
                                .createStatement("select generate_series(1, $1::int)")
                                .bind("$1", 1000)
                                .fetchSize(100),
                        Integer.class);
        assertThat(all).hasSize(1000);
        List<Integer> some =
                wait(
                        connection
                                .createStatement("select generate_series(1, $1::int)")
                                .bind("$1", 1000)
                                .fetchSize(10)
                                .execute()
                                .flatMap(result ->
                                        result.map((row, _) -> value(row, 0, Integer.class)))
                                .take(25)
                                .collectList());
        assertThat(some).hasSize(25);
        wait(connection.commitTransaction().thenReturn(true));
    }

    private void transactions(int round) {
        wait(
                connection
                        .setTransactionIsolationLevel(IsolationLevel.READ_COMMITTED)
                        .then(connection.beginTransaction())
                        .thenReturn(true));
        run("delete from kept");
        run("insert into kept values (1)");
        wait(connection.createSavepoint("before").thenReturn(true));
        refused("23505", () -> run("insert into kept values (1)"));
        wait(connection.rollbackTransactionToSavepoint("before").thenReturn(true));
        wait(connection.commitTransaction().thenReturn(true));
        assertThat(query("select count(*)::text from kept")).isEqualTo("1");
    }

    private void errors(int round) {
        refused("42601", () -> run("selec"));
        refused(
                "22012",
                () ->
                        values(
                                connection.createStatement("select 1 / $1::int").bind("$1", 0),
                                Integer.class));
        refused("42P01", () -> run("select * from nowhere"));
        assertThat(query("select 'x'")).isEqualTo("x");
    }

    private void notifications(int round) throws InterruptedException {
        query("select pg_notify('news', '" + round + "')::text");
        assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("" + round);
    }

    private void cancel(int round) {
        onceItSleeps(_ -> connection.cancelRequest().block(SOON));
        refused("57014", () -> run("select pg_sleep(60)"));
        assertThat(query("select 'x'")).isEqualTo("x");
    }

    private void channelBinding(int round) {
        usable(connect(builder -> builder.channelBinding(ChannelBindingMode.REQUIRE)));
    }

    private void directTls(int round) {
        // The driver itself asks for no protocol in TLS, which Postgres insists on.
        ApplicationProtocolConfig postgres =
                new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        "postgresql");
        usable(
                connect(builder ->
                        builder.sslNegotiation(SSLNegotiation.DIRECT)
                                .sslContextBuilderCustomizer(
                                        tls -> tls.applicationProtocolConfig(postgres))));
    }

    private static void usable(PostgresqlConnection other) {
        assertThat(values(other.createStatement("select 1"), Integer.class)).containsExactly(1);
        other.close().block(SOON);
    }

    @Override
    public void close() {
        connection.close().block(SOON);
    }
}
