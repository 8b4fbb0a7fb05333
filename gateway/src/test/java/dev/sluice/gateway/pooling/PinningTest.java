package dev.sluice.gateway.pooling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PinningTest {
    private final Pinning pinning = new Pinning();

    @Test
    void aClientIsToldOfEachReasonOnce() {
        assertThat(pinning.found(List.of("LISTEN"))).isTrue();
        assertThat(pinning.isPinned()).isTrue();
        assertThat(pinning.found(List.of("LISTEN"))).isFalse();
        assertThat(pinning.found(List.of("LISTEN", "temporary tables"))).isTrue();
        assertThat(pinning.found(List.of())).isFalse();
        assertThat(pinning.isPinned()).isFalse();
        assertThat(pinning.found(List.of("LISTEN"))).as("it was free between").isTrue();
    }

    @Test
    void aSuspicionLastsUntilTheServerIsAsked() {
        assertThat(pinning.isSuspicious()).isFalse();
        pinning.suspect(false);
        assertThat(pinning.isSuspicious()).isTrue();
        pinning.asking();
        assertThat(pinning.isSuspicious()).isFalse();
        assertThat(pinning.found(List.of())).isFalse();
    }

    @Test
    void aLibraryStaysForAsLongAsTheServerConnection() {
        pinning.suspect(true);
        pinning.asking();
        assertThat(pinning.found(List.of())).isTrue();
        assertThat(pinning.reasons()).containsExactly("LOAD");
        pinning.discarded();
        pinning.found(List.of());
        assertThat(pinning.reasons()).containsExactly("LOAD");
        pinning.serverLost();
        pinning.found(List.of());
        assertThat(pinning.isPinned()).isFalse();
    }

    @Test
    void whatCannotBeSharedIsGoneWithDiscardAll() {
        pinning.mustPin("a long statement");
        assertThat(pinning.isSuspicious()).isTrue();
        pinning.asking();
        assertThat(pinning.found(List.of("LISTEN"))).isTrue();
        assertThat(pinning.reasons()).containsExactly("LISTEN", "a long statement");
        pinning.discarded();
        pinning.found(List.of());
        assertThat(pinning.isPinned()).isFalse();
    }
}
