package dev.sluice.gateway.pooling.state;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The settings in a client's startup message: its parameters, and the {@code -c name=value} and
 * {@code --name=value} inside {@code options}.
 */
public final class StartupSettings {
    private static final Set<String> NO_SETTINGS =
            Set.of("user", "database", "replication", "options");

    /**
     * What was read.
     *
     * @param values one character for each byte; of a name given twice, in whatever case, the last
     * @param refused a word of {@code options} that is no setting
     */
    public record Read(Map<String, String> values, Optional<String> refused) {}

    private StartupSettings() {}

    public static Read of(Map<String, String> parameters) {
        Map<String, String> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        Optional<String> refused = Optional.empty();
        List<String> words = words(parameters.getOrDefault("options", ""));
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            String assignment;
            if (word.equals("-c") && i + 1 < words.size()) {
                assignment = words.get(++i);
            } else if (word.startsWith("-c") || word.startsWith("--")) {
                assignment = word.substring(2);
            } else {
                assignment = "";
            }
            int equals = assignment.indexOf('=');
            if (equals <= 0) {
                refused = Optional.of(word);
            } else {
                values.put(
                        assignment.substring(0, equals).replace('-', '_'),
                        bytes(assignment.substring(equals + 1)));
            }
        }
        parameters.forEach((name, value) -> {
            if (!NO_SETTINGS.contains(name)) {
                values.put(name, bytes(value));
            }
        });
        return new Read(values, refused);
    }

    /** What the server is sent for a text of a client's startup, one character for each byte. */
    static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** Separated by white space; a backslash takes the next character as it is, if there is one. */
    private static List<String> words(String options) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean any = false;
        for (int i = 0; i < options.length(); i++) {
            char c = options.charAt(i);
            if (c == '\\') {
                if (++i < options.length()) {
                    word.append(options.charAt(i));
                }
                any = true;
            } else if (!Character.isWhitespace(c)) {
                word.append(c);
                any = true;
            } else if (any) {
                words.add(word.toString());
                word.setLength(0);
                any = false;
            }
        }
        if (any) {
            words.add(word.toString());
        }
        return words;
    }
}
