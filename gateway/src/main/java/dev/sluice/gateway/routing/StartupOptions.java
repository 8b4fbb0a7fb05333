package dev.sluice.gateway.routing;

import dev.sluice.wire.SqlState;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The startup parameter {@code options}: words separated by white space, a backslash taking the
 * next character as it is, if there is one ({@code pg_split_opts}). Words that are ours are taken
 * out; the others go to Postgres exactly as they came.
 *
 * @param endpoint the value of {@code endpoint=} or {@code project=}, if there is exactly one
 * @param remaining what is left for Postgres
 */
record StartupOptions(Optional<String> endpoint, String remaining) {
    private static final Pattern ESCAPED = Pattern.compile("\\\\(.?)", Pattern.DOTALL);
    private static final Pattern SELECTOR = Pattern.compile("neon_\\w+:.+");

    static StartupOptions parse(String options) {
        List<String> endpoints = new ArrayList<>();
        List<String> remaining = new ArrayList<>();
        for (String raw : words(options)) {
            String word = ESCAPED.matcher(raw).replaceAll("$1");
            if (word.startsWith("endpoint=") || word.startsWith("project=")) {
                endpoints.add(word.substring(word.indexOf('=') + 1));
            } else if (SELECTOR.matcher(word).matches()) {
                refuseUnlessHarmless(word);
            } else {
                remaining.add(raw);
            }
        }
        return new StartupOptions(
                endpoints.size() == 1 ? Optional.of(endpoints.getFirst()) : Optional.empty(),
                String.join(" ", remaining));
    }

    private static void refuseUnlessHarmless(String word) {
        if (!word.startsWith("neon_proxy_params_compat:")) {
            throw new RoutingException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "session selector \"%s\" is not supported"
                            .formatted(word.substring(0, word.indexOf(':'))),
                    "Make a branch at the wanted moment and connect to it.");
        }
    }

    private static List<String> words(String options) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < options.length(); i++) {
            char c = options.charAt(i);
            if (c == '\\' && i + 1 < options.length()) {
                word.append(c).append(options.charAt(++i));
            } else if (Character.isWhitespace(c)) {
                addUnlessEmpty(words, word);
            } else {
                word.append(c);
            }
        }
        addUnlessEmpty(words, word);
        return words;
    }

    private static void addUnlessEmpty(List<String> words, StringBuilder word) {
        if (!word.isEmpty()) {
            words.add(word.toString());
            word.setLength(0);
        }
    }
}
