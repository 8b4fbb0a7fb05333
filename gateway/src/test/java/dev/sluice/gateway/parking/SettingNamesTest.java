package dev.sluice.gateway.parking;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingNamesTest {
    /** Fed in chunks of every size, with the same result. */
    private static SettingNames names(String sql) {
        SettingNames whole = new SettingNames();
        feed(whole, sql, sql.length() + 1);
        for (int size = 1; size <= 7; size++) {
            SettingNames chunked = new SettingNames();
            feed(chunked, sql, size);
            assertThat(chunked.names()).isEqualTo(whole.names());
            assertThat(chunked.isNameless()).isEqualTo(whole.isNameless());
        }
        return whole;
    }

    private static void feed(SettingNames names, String sql, int size) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql + "\0", StandardCharsets.ISO_8859_1);
        names.begin();
        for (int at = 0; at < bytes.readableBytes(); at += size) {
            names.more(bytes, at, Math.min(size, bytes.readableBytes() - at));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '^',
            quoteCharacter = '`',
            value = {
                "set app.tenant = '42'^app.tenant",
                "SET SESSION App.Tenant TO 42^app.tenant",
                "set\tlocal\t  a.b.c=1^a.b.c",
                "select 1;set \"app\".\"x\" = 1^app.x",
                "set \"app.x\" to 1^app.x",
                "set app.tenant^app.tenant",
                "select pg_catalog.set_config('app.x', $1, true)^app.x",
                "SELECT SET_CONFIG ( 'App.X' , $1, true)^app.x",
                "(set_config('a.b','c',false))^a.b",
                "alter role bob set app.y = 1^app.y",
                "set/* the tenant **/app.x = 1^app.x",
                "set /* a /* b **/ //* c */ d */ app.x = 1^app.x",
                "set session/* the tenant */app.x = 1^app.x",
            })
    void areFound(String sql, String name) {
        assertThat(names(sql).names()).containsExactly(name);
        assertThat(names(sql).isNameless()).isFalse();
    }

    @Test
    void areFoundBehindCommentsOfALine() {
        assertThat(names("set -- the tenant\n  /* of */ session --\r app.x = 1").names())
                .containsExactly("app.x");
        assertThat(names("set session-- the tenant\napp.x = 1").names()).containsExactly("app.x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select 1",
                "set work_mem = '4MB'",
                "update t set x = y.z",
                "select * from offset_a.b",
                "reset app.x",
                "select setting.a from b",
                "set_config",
                "select set_config('work_mem', '1MB', false)",
                "set"
            })
    void nothingToFind(String sql) {
        assertThat(names(sql).names()).isEmpty();
        assertThat(names(sql).isNameless()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select set_config($1, $2, false)",
                "select set_config('a' || '.b', 'x', false)",
                "select set_config(E'a.b', 'x', false)",
                "select set_config(name, value, false) from t",
                "select set_config('a.\\b', 'x', false)"
            })
    void computedNamesAreNoticed(String sql) {
        assertThat(names(sql).isNameless()).isTrue();
    }

    @Test
    void tooManyAreNoticed() {
        SettingNames names = new SettingNames();
        for (int i = 0; i < 64; i++) {
            feed(names, "set app.n" + i + " = 1", 100);
        }
        assertThat(names.isNameless()).isFalse();
        feed(names, "set app.n0 = 1; set app.one_more = 1", 100);
        assertThat(names.isNameless()).isTrue();
        assertThat(names.names()).hasSize(64);
    }
}
