package dev.sluice.gateway.parking;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlTextTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "prepare p as select 1",
                "prepare p as select 1 ; ",
                "prepare p as select ';' || 'it''s; '",
                "prepare \"a;b\" as select $1 || $2",
                "prepare p as select $$a;b$$ || $x$ $$; $x$",
                "prepare p as select 1 -- ; no\n",
                "prepare p as /* ; /* ; */ ; */ select 1",
                "prepare p as select E'\\n'",
                ""
            })
    void oneCommand(String text) {
        assertThat(SqlText.isOneCommand(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prepare p as select 1; select 2",
                "prepare p as select 'a'; select 2",
                "prepare p as select $1; select 2; ",
                "prepare p as select E'\\'; '",
                "prepare p as select 1 -- no\n; select 2",
                "prepare p as select $1$ || $2$; drop table t"
            })
    void severalOrUnknown(String text) {
        assertThat(SqlText.isOneCommand(text)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prepare p as X",
                " PREPARE p AS X",
                "prepare\n\"p\"as X",
                "prepare \"as \"\" (\"as X",
                "prepare U&\"p\\0061\" as X",
                "prepare p$1 (int, numeric(10, 2), \"a)\") as X",
                "prepare p(int)as X",
                "prepare /* as */ p -- (\n as X",
                "prepare \u00c3\u00a4 as X"
            })
    void whatAPreparePrepares(String text) {
        assertThat(SqlText.preparedQuery(text)).hasValue(" X");
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1", "prepare", "prepare p", "prepare p (int", "prepare p asx"})
    void noPrepareThatIsUnderstood(String text) {
        assertThat(SqlText.preparedQuery(text)).isEmpty();
    }
}
