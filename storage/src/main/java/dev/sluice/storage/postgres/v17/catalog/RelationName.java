package dev.sluice.storage.postgres.v17.catalog;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A relation's name as people write it in SQL.
 *
 * @param schema null when none is named
 */
record RelationName(@Nullable String schema, String name) {

    /**
     * @throws IllegalArgumentException if it is not a name, or one of more than two parts
     */
    static RelationName parse(String text) {
        List<String> parts = new ArrayList<>();
        int at = 0;
        while (true) {
            StringBuilder part = new StringBuilder();
            at = text.startsWith("\"", at) ? quoted(text, at + 1, part) : plain(text, at, part);
            parts.add(part.toString());
            if (at == text.length()) {
                break;
            }
            at++;
        }
        if (parts.size() > 2 || parts.contains("")) {
            throw malformed(text);
        }
        return new RelationName(parts.size() == 2 ? parts.getFirst() : null, parts.getLast());
    }

    private static int plain(String text, int from, StringBuilder part) {
        int end = text.indexOf('.', from);
        int to = end < 0 ? text.length() : end;
        part.append(text.substring(from, to).toLowerCase(Locale.ROOT));
        return to;
    }

    /** Two quotes stand for one; after the last comes a dot or the end. */
    private static int quoted(String text, int from, StringBuilder part) {
        for (int at = from; at < text.length(); at++) {
            if (text.charAt(at) != '"') {
                part.append(text.charAt(at));
            } else if (text.startsWith("\"\"", at)) {
                part.append('"');
                at++;
            } else if (at + 1 == text.length() || text.charAt(at + 1) == '.') {
                return at + 1;
            } else {
                throw malformed(text);
            }
        }
        throw malformed(text);
    }

    private static IllegalArgumentException malformed(String text) {
        return new IllegalArgumentException(
                "not a relation's name: " + text + " (table, or schema.table)");
    }
}
