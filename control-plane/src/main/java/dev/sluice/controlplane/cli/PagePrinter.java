package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Prints a page that the API took apart. */
final class PagePrinter {
    private static final int RAW_BYTES = 32;

    private final PrintWriter out;
    private final JsonNode page;

    PagePrinter(PrintWriter out, JsonNode page) {
        this.out = out;
        this.page = page;
    }

    void print(boolean raw) throws IOException {
        title();
        fields("header", page.path("header"));
        fields("special", page.path("special"));
        fields("content", page.path("content"));
        for (JsonNode item : page.path("items")) {
            out.println("  " + line(item));
        }
        for (JsonNode problem : page.path("problems")) {
            out.println("problem: " + problem.asText());
        }
        chain();
        if (raw) {
            raw(page.path("page").binaryValue());
        }
        out.flush();
    }

    private void title() {
        JsonNode relation = page.path("relation");
        String numbers =
                relation.path("tablespace").asText()
                        + "/"
                        + relation.path("database").asText()
                        + "/"
                        + relation.path("relfilenode").asText();
        String name =
                relation.has("name")
                        ? relation.path("schema").asText()
                                + "."
                                + relation.path("name").asText()
                                + " ("
                                + numbers
                                + ")"
                        : numbers;
        out.printf(
                "%s, %s fork, block %s of %s, at %s: %s%n",
                name,
                page.path("fork").asText(),
                page.path("block").asText(),
                page.path("blocks").asText(),
                page.path("at").asText(),
                page.path("kind").asText());
        if (page.path("unlogged").asBoolean()) {
            out.println("(the relation is unlogged: after a start it is as its init fork)");
        }
    }

    private void fields(String name, JsonNode fields) {
        if (!fields.isEmpty()) {
            out.println(name + ": " + line(fields));
        }
    }

    private static String line(JsonNode fields) {
        List<String> parts = new ArrayList<>();
        for (Map.Entry<String, JsonNode> field : fields.properties()) {
            parts.add(field.getKey() + " " + text(field.getValue()));
        }
        return String.join(", ", parts);
    }

    private static String text(JsonNode value) {
        if (!value.isArray()) {
            return value.asText();
        }
        List<String> parts = new ArrayList<>();
        value.forEach(part -> parts.add(part.asText()));
        return "[" + String.join(", ", parts) + "]";
    }

    private void chain() {
        JsonNode chain = page.path("chain");
        if (chain.isEmpty()) {
            out.println("made by: nothing ever wrote it, it is all zeros");
            return;
        }
        out.println("made by, oldest first (LSN: the record's end, which is the page's LSN then):");
        boolean first = true;
        for (JsonNode step : chain) {
            out.println("  " + step.path("lsn").asText() + "  " + describe(step, first));
            first = false;
        }
    }

    private static String describe(JsonNode step, boolean first) {
        String kind = step.path("kind").asText();
        String changed = "; changed " + step.path("changed_bytes").asText() + " bytes";
        if (kind.equals("image")) {
            return "page image";
        }
        if (kind.equals("change")) {
            return "(implied by a record) " + step.path("description").asText() + changed;
        }
        String base =
                step.path("image").asBoolean()
                        ? "page image of "
                        : first && kind.equals("initializing record") ? "from nothing by " : "";
        return base
                + step.path("rmgr").asText()
                + " "
                + step.path("type").asText()
                + " "
                + step.path("description").asText()
                + ", tx "
                + step.path("xid").asText()
                + ", "
                + step.path("bytes").asText()
                + " bytes of WAL"
                + changed;
    }

    private void raw(byte[] bytes) {
        HexFormat hex = HexFormat.of();
        for (int at = 0; at < bytes.length; at += RAW_BYTES) {
            int end = Math.min(bytes.length, at + RAW_BYTES);
            out.printf("%04x  %s%n", at, hex.formatHex(bytes, at, end));
        }
    }
}
