package dev.sluice.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.LauncherSessionListener;

class PatienceTest {
    /** It is found by its name in a file, which nothing else would miss. */
    @Test
    void isFound() {
        assertThat(ServiceLoader.load(LauncherSessionListener.class))
                .hasAtLeastOneElementOfType(Patience.class);
    }
}
