package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** {@code --output}: a table for people or JSON for programs. */
final class Output {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The forms. */
    enum Form {
        TABLE,
        JSON
    }

    /** A column of a table: its heading, and what a row shows in it. */
    record Column(String heading, Function<JsonNode, String> cell) {
        static Column of(String heading, String field) {
            return new Column(heading, row -> row.path(field).asText(""));
        }
    }

    @Option(
            names = {"--output", "-o"},
            paramLabel = "table|json",
            description = "How to print (default: table).")
    private Form form = Form.TABLE;

    boolean isJson() {
        return form == Form.JSON;
    }

    /** Prints the rows as a table, or the JSON as it is. */
    void print(PrintWriter out, JsonNode rows, Column... columns) throws IOException {
        if (isJson()) {
            printJson(out, rows);
        } else {
            printTable(out, rows, List.of(columns));
        }
    }

    /** Prints one thing: a table of one row, or its JSON, which is not an array. */
    void printOne(PrintWriter out, JsonNode row, Column... columns) throws IOException {
        print(out, isJson() ? row : JsonNodeFactory.instance.arrayNode().add(row), columns);
    }

    static void printJson(PrintWriter out, JsonNode node) throws IOException {
        out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(node));
    }

    static void printTable(PrintWriter out, JsonNode rows, List<Column> columns) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(columns.stream().map(Column::heading).toList());
        for (JsonNode row : rows) {
            lines.add(columns.stream().map(column -> column.cell().apply(row)).toList());
        }
        int[] widths = new int[columns.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        for (List<String> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append(line.get(i)).repeat(" ", widths[i] - line.get(i).length() + 2);
            }
            out.println(text.toString().stripTrailing());
        }
    }
}
