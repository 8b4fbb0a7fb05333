package dev.sluice.gateway.parking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.Parse;
import dev.sluice.wire.frontend.Query;
import dev.sluice.wire.frontend.Sync;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Conversations about a session's state, with the server's side played by the tests. */
class ExchangeTest {
    private static final SessionSnapshot SNAPSHOT =
            new SessionSnapshot(
                    Map.of("work_mem", "7168", "statement_timeout", "10", "app.x", "it's \\ 1"),
                    "alice",
                    "bob",
                    Map.of("TimeZone", "UTC"),
                    Set.of(
                            new PreparedStatement("s1", "select $1", List.of(23), false, "25"),
                            new PreparedStatement(
                                    "p", "prepare p as select 1", List.of(), true, "23")),
                    Set.of("news\""));

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static ByteBuf row(@Nullable String... columns) {
        ByteBuf body = Unpooled.buffer();
        List<@Nullable ByteBuf> values = new ArrayList<>();
        for (String column : columns) {
            values.add(
                    column == null
                            ? null
                            : Unpooled.copiedBuffer(column, StandardCharsets.ISO_8859_1));
        }
        new DataRow(values).encodeBody(body);
        return body;
    }

    private static ByteBuf body(BackendMessage message) {
        ByteBuf body = Unpooled.buffer();
        message.encodeBody(body);
        return body;
    }

    private static ByteBuf error(String state, String text) {
        return body(
                new ErrorResponse(
                        Diagnostic.of(Diagnostic.Severity.ERROR, new SqlState(state), text)));
    }

    private static List<FrontendMessage> asked(Exchange exchange) {
        ByteBuf out = Unpooled.buffer();
        exchange.ask(out);
        List<FrontendMessage> messages = new ArrayList<>();
        for (OpaqueFrame frame; (frame = OpaqueFrame.read(out, FrameHeader.MAX_LENGTH)) != null; ) {
            messages.add(FrontendMessage.decode(frame.type(), frame.body()));
        }
        return messages;
    }

    @Test
    void aProbeReadsEverything() {
        ProbeExchange exchange = new ProbeExchange(Set.of("app.x"));
        assertThat(asked(exchange))
                .as("nothing unnamed is touched")
                .noneMatch(message -> message instanceof Query)
                .noneMatch(message -> message instanceof Parse parse && parse.name().isEmpty());
        exchange.answered((byte) '1', Unpooled.EMPTY_BUFFER);
        exchange.answered((byte) 'D', row("setting", hex("work_mem"), hex("7168"), null));
        exchange.answered((byte) 'D', row("setting", hex("statement_timeout"), hex("10"), null));
        exchange.answered((byte) 'D', row("setting", hex("app.x"), hex("it's \\ 1"), null));
        exchange.answered((byte) 'D', row("own", hex("session_authorization"), hex("alice"), null));
        exchange.answered((byte) 'D', row("own", hex("role"), hex("bob"), null));
        exchange.answered((byte) 'D', row("reported", hex("TimeZone"), hex("UTC"), null));
        exchange.answered((byte) 'D', row("statement", hex("s1"), hex("select $1"), "f23|25"));
        exchange.answered(
                (byte) 'D', row("statement", hex("p"), hex("prepare p as select 1"), "t|23"));
        exchange.answered((byte) 'D', row("channel", hex("news\""), "", null));
        assertThat(
                        exchange.answered(
                                (byte) 'Z', Unpooled.copiedBuffer("I", StandardCharsets.UTF_8)))
                .isTrue();
        assertThat(exchange.finding())
                .isEqualTo(new SessionProbe.Finding(SNAPSHOT, Set.of(), null));
    }

    @Test
    void whatCannotBeReadIsAnObstacle() {
        ProbeExchange refused = new ProbeExchange(Set.of());
        refused.answered((byte) 'E', error("42501", "permission denied"));
        assertThat(refused.finding().obstacles()).containsExactly(Obstacle.UNREADABLE);
        assertThat(refused.finding().failure()).contains("42501");

        ProbeExchange large = new ProbeExchange(Set.of());
        large.answered((byte) 'D', row("statement", hex("s"), null, "f|"));
        assertThat(large.finding().obstacles()).containsExactly(Obstacle.TOO_LARGE);

        ProbeExchange many = new ProbeExchange(Set.of());
        for (int i = 0; i < 10; i++) {
            many.answered(
                    (byte) 'D',
                    row(
                            "statement",
                            hex("s" + i),
                            hex("x".repeat(SessionProbe.MAX_BYTES / 8)),
                            "f|"));
        }
        assertThat(many.finding().obstacles()).containsExactly(Obstacle.TOO_LARGE);
    }

    @Test
    void aRestoreSetsWhatCouldEndItLast() {
        List<FrontendMessage> messages = asked(new RestoreExchange(SNAPSHOT, Set.of("app.x")));
        List<String> queries =
                messages.stream()
                        .filter(Query.class::isInstance)
                        .map(message -> ((Query) message).query())
                        .toList();
        assertThat(queries).hasSize(4);
        assertThat(queries.get(0)).contains("SQL_ASCII");
        assertThat(queries.get(1))
                .contains("work_mem", "E'it''s \\\\ 1'")
                .doesNotContain("statement_timeout");
        assertThat(queries.get(2)).contains("session_authorization", "alice", "role", "bob");
        assertThat(queries.get(3)).contains("listen \"news\"\"\"", "statement_timeout");
        assertThat(messages)
                .contains(
                        new Parse("s1", "select $1", List.of(23)),
                        new Parse("", "prepare p as select 1", List.of()))
                .last()
                .isEqualTo(new Sync());
    }

    private static RestoreExchange answeredUpToTheProbe() {
        RestoreExchange exchange = new RestoreExchange(SNAPSHOT, Set.of());
        long steps =
                asked(exchange).stream()
                        .filter(message -> message instanceof Query || message instanceof Sync)
                        .count();
        for (int i = 0; i < steps - 1; i++) {
            exchange.answered((byte) 'D', row("ignored"));
            assertThat(exchange.answered((byte) 'Z', Unpooled.EMPTY_BUFFER)).isFalse();
        }
        return exchange;
    }

    @Test
    void aRestoreThatIsNotTheSameIsNoticed() {
        RestoreExchange exchange = answeredUpToTheProbe();
        exchange.answered((byte) 'D', row("setting", hex("work_mem"), hex("7168"), null));
        exchange.answered((byte) 'D', row("reported", hex("TimeZone"), hex("GMT"), null));
        assertThat(exchange.answered((byte) 'Z', Unpooled.EMPTY_BUFFER)).isTrue();
        assertThat(exchange.error()).isNull();
        assertThat(exchange.differences())
                .containsExactlyInAnyOrder(
                        "setting statement_timeout",
                        "setting app.x",
                        "role",
                        "prepared statements",
                        "channels");
        assertThat(exchange.changedReports()).isEqualTo(Map.of("TimeZone", "GMT"));
    }

    @Test
    void theFirstErrorOfARestoreIsTold() {
        RestoreExchange exchange = new RestoreExchange(SNAPSHOT, Set.of());
        asked(exchange);
        exchange.answered((byte) 'E', error("42704", "first"));
        exchange.answered((byte) 'E', error("42703", "second"));
        assertThat(exchange.error()).isNotNull();
        assertThat(exchange.error().message()).isEqualTo("first");
    }

    @Test
    void statementsAreTriedOneAfterTheOther() {
        RehearsalExchange exchange = new RehearsalExchange(SNAPSHOT);
        assertThat(exchange.isNeeded()).isTrue();
        asked(exchange);
        ByteBuf nothing = Unpooled.EMPTY_BUFFER;
        assertThat(exchange.answered((byte) '1', nothing)).isFalse();
        assertThat(exchange.answered((byte) 't', nothing)).isFalse();
        assertThat(exchange.answered((byte) 'n', nothing)).isFalse();
        assertThat(exchange.answered((byte) 'Z', nothing)).isFalse();
        assertThat(exchange.answered((byte) '3', nothing)).isFalse();
        assertThat(exchange.hasFailed()).isFalse();
        assertThat(exchange.answered((byte) 'E', error("42P01", "gone"))).isFalse();
        assertThat(exchange.hasFailed()).isTrue();
    }

    @Test
    void aHostileServerIsRefusedAndNothingElse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            Exchange exchange =
                    switch (random.nextInt(3)) {
                        case 0 -> new ProbeExchange(Set.of());
                        case 1 -> new RehearsalExchange(SNAPSHOT);
                        default -> answeredUpToTheProbe();
                    };
            byte type = (byte) random.nextInt(256);
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            ByteBuf body =
                    random.nextBoolean()
                            ? Unpooled.wrappedBuffer(bytes)
                            : row(
                                    List.of("setting", "statement", "obstacle", "own", "x")
                                            .get(random.nextInt(5)),
                                    random.nextBoolean() ? "zz" : "61",
                                    random.nextBoolean() ? null : "62",
                                    random.nextBoolean()
                                            ? null
                                            : new String(bytes, StandardCharsets.ISO_8859_1));
            try {
                exchange.answered(random.nextBoolean() ? (byte) 'D' : type, body);
            } catch (WireFormatException e) {
                assertThat(e).as("seed %d", seed).hasMessageMatching("(?s).+");
            }
        }
        assertThatThrownBy(() ->
                        new ProbeExchange(Set.of()).answered((byte) 'G', Unpooled.EMPTY_BUFFER))
                .isInstanceOf(WireFormatException.class);
    }
}
