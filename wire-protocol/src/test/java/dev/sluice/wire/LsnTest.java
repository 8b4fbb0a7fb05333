package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LsnTest {
    @ParameterizedTest
    @ValueSource(strings = {"0/0", "0/16B3748", "16/B374D848", "FFFFFFFF/FFFFFFFF"})
    void printsWhatItParses(String text) {
        assertThat(Lsn.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "0",
                "0/",
                "/0",
                "0/123456789",
                "0/-1",
                "x/0",
                "0/0/0",
                "0/ 1",
                "０/1"
            })
    void refusesWhatPgLsnRefuses(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Lsn.parse(text));
    }

    @Test
    void ordersUnsigned() {
        assertThat(new Lsn(-1)).isGreaterThan(new Lsn(1));
        assertThat(new Lsn(-1).isAfter(new Lsn(Long.MAX_VALUE))).isTrue();
    }

    @Test
    void alignsUpToEight() {
        assertThat(new Lsn(1).aligned()).isEqualTo(new Lsn(8));
        assertThat(new Lsn(8).aligned()).isEqualTo(new Lsn(8));
    }
}
