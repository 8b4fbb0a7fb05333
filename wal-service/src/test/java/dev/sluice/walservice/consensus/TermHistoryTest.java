package dev.sluice.walservice.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import org.junit.jupiter.api.Test;

final class TermHistoryTest {

    @Test
    void logsAgreeUpToTheEndOfTheirLastCommonTerm() {
        TermHistory leader = history(1, 100, 3, 200, 5, 300);
        assertThat(leader.divergence(history(1, 100, 3, 200), lsn(250))).isEqualTo(lsn(250));
        assertThat(leader.divergence(history(1, 100, 3, 200), lsn(350))).isEqualTo(lsn(300));
        assertThat(leader.divergence(history(1, 100, 2, 150), lsn(400))).isEqualTo(lsn(150));
        assertThat(leader.divergence(history(1, 100, 4, 220), lsn(400))).isEqualTo(lsn(200));
        assertThat(leader.divergence(leader, lsn(900))).isEqualTo(lsn(900));
        assertThat(leader.divergence(TermHistory.EMPTY, lsn(100))).isNull();
        assertThat(leader.divergence(history(2, 100), lsn(400))).isNull();
    }

    @Test
    void whatBeginsPastTheEndDoesNotCount() {
        TermHistory history = history(1, 100, 3, 200);
        assertThat(history.upTo(lsn(199)).lastTerm()).isEqualTo(new Term(1));
        assertThat(history.upTo(lsn(200)).lastTerm()).isEqualTo(new Term(3));
        assertThat(history.upTo(lsn(99)).lastTerm()).isEqualTo(Term.NONE);
    }

    @Test
    void termsRiseAndStartsDoNotFall() {
        assertThatThrownBy(() -> history(2, 100, 2, 200))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> history(1, 100, 2, 90))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(history(1, 100, 2, 100).lastTerm()).isEqualTo(new Term(2));
    }

    static TermHistory history(long... termsAndStarts) {
        TermHistory history = TermHistory.EMPTY;
        for (int i = 0; i < termsAndStarts.length; i += 2) {
            history = history.with(new Term(termsAndStarts[i]), lsn(termsAndStarts[i + 1]));
        }
        return history;
    }

    static Lsn lsn(long value) {
        return new Lsn(value);
    }
}
