package dev.sluice.wire.scram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScramVerifierTest {
    private static final String KEY = "A".repeat(43) + "=";

    @Test
    void readsWhatItWrites() {
        ScramVerifier verifier = ScramVerifier.create("secret", new java.security.SecureRandom());
        assertThat(verifier.text())
                .matches("SCRAM-SHA-256\\$4096:[A-Za-z0-9+/]{22}==\\$.{43}=:.{43}=");
        ScramVerifier read = ScramVerifier.parse(verifier.text());
        assertThat(read.text()).isEqualTo(verifier.text());
        assertThat(read.accepts("secret")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "md5abcdef",
                "SCRAM-SHA-256",
                "SCRAM-SHA-256$0:AAAA$K:K",
                "SCRAM-SHA-256$99999999999:AAAA$K:K",
                "SCRAM-SHA-256$9999999999:AAAA$K:K",
                "SCRAM-SHA-256$4096:!$K:K",
                "SCRAM-SHA-256$4096:AAAA$AAAA:K",
                "SCRAM-SHA-256$4096:AAAA$K:AAAA",
                "SCRAM-SHA-256$4096:AAAA$K:K$x",
                "SCRAM-SHA-512$4096:AAAA$K:K"
            })
    void refusesWhatIsNoVerifierWithoutRepeatingIt(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ScramVerifier.parse(text.replace("K", KEY)))
                .withMessageStartingWith("not a SCRAM verifier")
                .withMessageNotContaining(KEY);
    }

    /** RFC 4013, section 3, and what Postgres does where SASLprep gives up. */
    @Test
    void passwordsArePreparedAsPostgresDoesIt() {
        assertThat(prepared("I\u00adX")).isEqualTo(prepared("IX"));
        assertThat(prepared("\u00aa")).isEqualTo(prepared("a"));
        assertThat(prepared("\u2168")).isEqualTo(prepared("IX"));
        assertThat(prepared("a\u00a0b")).isEqualTo(prepared("a b"));
        assertThat(prepared("\u0007")).isEqualTo("07");
        assertThat(prepared("\u06271")).isEqualTo("d8a731");
        assertThat(prepared("\u00ad")).isEqualTo("c2ad");
    }

    private static String prepared(String password) {
        return HexFormat.of().formatHex(ScramPassword.prepared(password));
    }
}
