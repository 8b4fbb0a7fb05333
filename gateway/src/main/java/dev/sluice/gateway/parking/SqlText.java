package dev.sluice.gateway.parking;

import java.util.Collection;
import java.util.Optional;
import java.util.stream.Collectors;

/** SQL written so that no setting of a session changes its meaning. */
public final class SqlText {
    private SqlText() {}

    /** An escape string: the same whatever {@code standard_conforming_strings} is. */
    public static String literal(String text) {
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }

    public static String identifier(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** {@code array['a','b']::text[]}, with schema-qualified types. */
    static String array(Collection<String> texts) {
        return texts.stream()
                .map(SqlText::literal)
                .collect(Collectors.joining(",", "array[", "]::pg_catalog.text[]"));
    }

    /**
     * Whether there is one command only. Where it cannot be told without knowing the session's
     * settings (a backslash may end a string later than it seems) the answer is no if there is a
     * semicolon anywhere but at the end.
     */
    static boolean isOneCommand(String text) {
        int semicolon = text.indexOf('\\') >= 0 ? text.indexOf(';') : endOfCommand(text);
        return semicolon < 0 || text.substring(semicolon + 1).isBlank();
    }

    /** The first semicolon outside of strings, quoted names and comments; -1 if there is none. */
    private static int endOfCommand(String text) {
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == ';') {
                return at;
            }
            at =
                    switch (c) {
                        case '\'', '"' -> after(text, String.valueOf(c), at + 1);
                        case '$' -> afterDollar(text, at);
                        case '-' -> text.startsWith("--", at) ? after(text, "\n", at) : at + 1;
                        case '/' -> text.startsWith("/*", at) ? afterComment(text, at) : at + 1;
                        default -> at + 1;
                    };
        }
        return -1;
    }

    private static int after(String text, String end, int from) {
        int found = text.indexOf(end, from);
        return found < 0 ? text.length() : found + end.length();
    }

    /** {@code $tag$ … $tag$}, or a parameter's {@code $}. */
    private static int afterDollar(String text, int from) {
        int tagEnd = from + 1;
        while (tagEnd < text.length()
                && (Character.isLetterOrDigit(text.charAt(tagEnd)) || text.charAt(tagEnd) == '_')) {
            tagEnd++;
        }
        boolean quote =
                tagEnd < text.length()
                        && text.charAt(tagEnd) == '$'
                        && !Character.isDigit(text.charAt(from + 1));
        return quote ? after(text, text.substring(from, tagEnd + 1), tagEnd + 1) : from + 1;
    }

    private static int afterComment(String text, int from) {
        int depth = 1;
        int at = from + 2;
        while (at < text.length() && depth > 0) {
            if (text.startsWith("/*", at)) {
                depth++;
                at += 2;
            } else if (text.startsWith("*/", at)) {
                depth--;
                at += 2;
            } else {
                at++;
            }
        }
        return at;
    }

    /** Whether the first word is {@code PREPARE}. */
    static boolean isPrepare(String text) {
        return text.stripLeading().regionMatches(true, 0, "prepare", 0, "prepare".length());
    }

    /**
     * What a {@code PREPARE name (types) AS query} prepares; empty if this is written in a way that
     * is not understood here.
     */
    static Optional<String> preparedQuery(String prepare) {
        if (!isPrepare(prepare)) {
            return Optional.empty();
        }
        int at = afterSpace(prepare, afterSpace(prepare, 0) + "prepare".length());
        at = afterSpace(prepare, afterName(prepare, at));
        if (at < prepare.length() && prepare.charAt(at) == '(') {
            at = afterSpace(prepare, afterParentheses(prepare, at));
        }
        int query = at + "as".length();
        return prepare.regionMatches(true, at, "as", 0, "as".length())
                        && query < prepare.length()
                        && !isOfName(prepare.charAt(query))
                ? Optional.of(prepare.substring(query))
                : Optional.empty();
    }

    private static int afterSpace(String text, int from) {
        int at = from;
        while (at < text.length()) {
            if (Character.isWhitespace(text.charAt(at))) {
                at++;
            } else if (text.startsWith("--", at)) {
                at = after(text, "\n", at);
            } else if (text.startsWith("/*", at)) {
                at = afterComment(text, at);
            } else {
                return at;
            }
        }
        return at;
    }

    /** A name, {@code "name"}, in which a quote is doubled, or {@code U&"name"}. */
    private static int afterName(String text, int from) {
        int at = text.regionMatches(true, from, "u&\"", 0, 3) ? from + 2 : from;
        if (at < text.length() && text.charAt(at) == '"') {
            while (at < text.length() && text.charAt(at) == '"') {
                at = after(text, "\"", at + 1);
            }
            return at;
        }
        while (at < text.length() && isOfName(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Bytes of other than ASCII are of names, whatever they stand for. */
    private static boolean isOfName(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c >= 0x80;
    }

    private static int afterParentheses(String text, int from) {
        int depth = 0;
        int at = from;
        while (at < text.length()) {
            switch (text.charAt(at)) {
                case '"' -> at = afterName(text, at);
                case '(' -> {
                    depth++;
                    at++;
                }
                case ')' -> {
                    depth--;
                    at++;
                    if (depth == 0) {
                        return at;
                    }
                }
                default -> at++;
            }
        }
        return at;
    }
}
