package dev.sluice.gateway.pooling.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StartupSettingsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '^',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "-c search_path=a^a",
                "-csearch_path=a^a",
                "--search-path=a^a",
                "-c SEARCH_PATH=a -c search_path=b^b",
                "  -c\tsearch_path=a\\ \\\\b ^a \\b",
                "-c search_path=a\\^a",
                "-c search_path=a \\ ^a",
            })
    void areInOptions(String options, String searchPath) {
        Map<String, String> read = StartupSettings.of(Map.of("options", options)).values();
        assertThat(read).containsExactlyInAnyOrderEntriesOf(Map.of("search_path", searchPath));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-c", "-d 5", "search_path=a", "-c =a", "\\"})
    void otherWordsAreRefused(String options) {
        assertThat(StartupSettings.of(Map.of("options", options)).refused()).isPresent();
    }

    @Test
    void areBytes() {
        Map<String, String> parameters = Map.of("user", "ü", "application_name", "ü");
        assertThat(StartupSettings.of(parameters).values())
                .containsExactlyInAnyOrderEntriesOf(Map.of("application_name", "Ã¼"));
    }
}
