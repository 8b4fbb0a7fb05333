package dev.sluice.gateway.admin;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a command answers.
 *
 * @param columns none if it answers with its tag alone
 * @param rows values as text
 */
record Table(List<Column> columns, List<List<@Nullable String>> rows, String tag) {
    private static final int TEXT = 25;
    private static final int INT8 = 20;

    /**
     * A column.
     *
     * @param type object id
     */
    record Column(String name, int type) {}

    /** A table without rows; names that begin with {@code #} are those of numbers. */
    static Table of(String... names) {
        List<Column> columns = new ArrayList<>();
        for (String name : names) {
            columns.add(
                    name.startsWith("#")
                            ? new Column(name.substring(1), INT8)
                            : new Column(name, TEXT));
        }
        return new Table(Collections.unmodifiableList(columns), new ArrayList<>(), "SHOW");
    }

    static Table done(String tag) {
        return new Table(List.of(), List.of(), tag);
    }

    /** Adds a row; values become text. */
    void add(@Nullable Object... values) {
        if (values.length != columns.size()) {
            throw new IllegalArgumentException(
                    values.length + " values for " + columns.size() + " columns");
        }
        List<@Nullable String> row = new ArrayList<>();
        for (Object value : values) {
            row.add(value == null ? null : value.toString());
        }
        rows.add(row);
    }
}
