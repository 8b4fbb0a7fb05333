package dev.sluice.gateway.http.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.wire.backend.RowDescription;
import dev.sluice.wire.frame.Format;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from clients is understood or refused, and takes no longer than it is long. */
class HostileRequestsTest {
    private static final int ROUNDS = 200_000;
    private static final String REQUEST =
            "{\"queries\":[{\"query\":\"select $1\",\"params\":[1,\"é\",null,[1,[\"x\"]],{\"a\":1e5}],\"arrayMode\":true}]}";

    @ParameterizedTest
    @ValueSource(longs = {1, 2026})
    void requestsWithWrongBytes(long seed) {
        Random random = new Random(seed);
        byte[] right = REQUEST.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < ROUNDS; i++) {
            byte[] wrong = right.clone();
            for (int j = random.nextInt(4); j >= 0; j--) {
                wrong[random.nextInt(wrong.length)] = (byte) random.nextInt();
            }
            try {
                assertThat(SqlRequest.parse(wrong).queries()).isNotNull();
            } catch (BadRequestException e) {
                assertThat(e.diagnostic().message()).isNotEmpty();
            }
        }
    }

    @Test
    void connectionStringsWithWrongCharacters() {
        Random random = new Random(3);
        String right =
                "postgresql://us%20er:pa%3Ass@ep-x.db.localhost:5432/d%62?options=a%3Db&sslmode=x#f";
        for (int i = 0; i < ROUNDS; i++) {
            StringBuilder wrong = new StringBuilder(right);
            for (int j = random.nextInt(4); j >= 0; j--) {
                wrong.setCharAt(
                        13 + random.nextInt(wrong.length() - 13),
                        ":/@?&=%#[]\0 é".charAt(random.nextInt(13)));
            }
            try {
                assertThat(ConnectionString.parse(wrong.toString()).user()).isNotEmpty();
            } catch (BadRequestException e) {
                assertThat(e.diagnostic().message()).doesNotContain("pa%3Ass", "pa:ss");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "postgres://a:b@h/d, a, b, h, d",
        "postgresql://a:b:c@h:1/d, a, b:c, h, d",
        "postgresql://a%40b:%2F%3F@h/my%20db, a@b, /?, h, my db",
        "postgresql://a:p@ss@h/d, a, p@ss, h, d",
        "postgresql://h/d?user=a&password=b, a, b, h, d",
        "postgresql://a:b@[::1]:5432/d, a, b, ::1, d",
        "postgresql://a:b@/d, a, b, '', d",
    })
    void whatAConnectionStringSays(
            String text, String user, String password, String host, String database) {
        ConnectionString read = ConnectionString.parse(text);
        assertThat(read.user()).isEqualTo(user);
        assertThat(read.password()).isEqualTo(password);
        assertThat(read.host()).isEqualTo(host);
        assertThat(read.database()).isEqualTo(database);
        assertThat(read.toString()).doesNotContain("password");
    }

    @Test
    void whatIsOnlyForClientsIsLeftOut() {
        assertThat(
                        ConnectionString.parse(
                                        "postgresql://a:b@h/d?sslmode=require&channel_binding=require&timezone=UTC"
                                                + "&fallback_application_name=f&options=-c%20x%3D1")
                                .parameters())
                .containsOnlyKeys("timezone", "application_name", "options")
                .containsEntry("application_name", "f")
                .containsEntry("options", "-c x=1");
    }

    /** A server may send anything where an array should be: an error, never broken JSON. */
    @Test
    void arraysWithWrongBytes() {
        Random random = new Random(11);
        byte[] right = "[0:1]={{1,\"a\\\"b\"},{NULL,\"\"}}".getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 20_000; i++) {
            byte[] wrong = right.clone();
            for (int j = random.nextInt(3); j >= 0; j--) {
                wrong[random.nextInt(wrong.length)] = (byte) "{}\",\\x=[".charAt(random.nextInt(8));
            }
            assertThatCode(() -> write(wrong))
                    .satisfiesAnyOf(
                            e -> assertThat(e).isNull(),
                            e -> assertThat(e).isInstanceOf(IOException.class));
        }
    }

    private static void write(byte[] value) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ResultWriter writer = new ResultWriter(out, false, false)) {
            writer.begin(
                    List.of(new RowDescription.Field("a", 0, 0, 1009, -1, -1, Format.TEXT)), true);
            ByteBuf bytes = Unpooled.wrappedBuffer(value);
            writer.row(List.of(bytes));
            writer.end("SELECT 1");
            writer.finish();
        }
        new ObjectMapper().readTree(out.toByteArray());
    }
}
