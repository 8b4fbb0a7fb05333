package dev.sluice.controlplane.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.storage.oracle.ComparisonReport;
import dev.sluice.storage.oracle.RedoReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The result of {@code inspect redo}, for people and for programs.
 *
 * @param seconds that redo took
 * @param against the directory that was compared; null if none was
 * @param comparison with it
 */
record RedoPrint(
        RedoReport redo,
        double seconds,
        @Nullable Path against,
        @Nullable ComparisonReport comparison) {
    private static final double MIB = 1 << 20;
    private static final String NOTHING =
            "nothing was checked: run Postgres with wal_consistency_checking = all";

    /** Whether something was compared and all of it was equal. */
    boolean isProof() {
        return differences() == 0 && (redo.imagesChecked() > 0 || comparedBlocks() > 0);
    }

    private long differences() {
        return redo.differenceCount() + (comparison == null ? 0 : comparison.differenceCount());
    }

    private long comparedBlocks() {
        return comparison == null ? 0 : comparison.blocks();
    }

    void text(PrintWriter out) {
        out.print(redo.table());
        out.printf(
                "%d records, %.1f MB of WAL from %s to %s in %.1f s (%.0f MB/s); %s%n",
                redo.records(),
                redo.bytes() / MIB,
                redo.start(),
                redo.end(),
                seconds,
                redo.bytes() / MIB / seconds,
                redo.ended());
        out.println(images());
        if (comparison != null) {
            out.printf(
                    "compared with %s: %d blocks of %d relation forks, %d SLRU blocks, %d files%s:"
                            + " %s%n",
                    against,
                    comparison.blocks(),
                    comparison.forks(),
                    comparison.slruBlocks(),
                    comparison.files(),
                    comparison.checkPointCompared() ? ", the checkpoint" : "",
                    count(comparison.differenceCount()));
        }
        out.println(count(differences()));
    }

    private String images() {
        if (redo.imagesBeside() == 0) {
            return comparedBlocks() == 0 ? NOTHING : "no page images in the WAL";
        }
        String checked =
                "of %d page images beside data %d were checked"
                        .formatted(redo.imagesBeside(), redo.imagesChecked());
        return redo.imagesBeside() == redo.imagesChecked()
                ? checked
                : checked
                        + ", the others stand beside changes that could not be redone or that the"
                        + " base already has";
    }

    private static String count(long differences) {
        return differences == 0
                ? "no difference"
                : differences + (differences == 1 ? " difference" : " differences");
    }

    JsonNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("start", redo.start().toString())
                .put("end", redo.end().toString())
                .put("ended", redo.ended())
                .put("bytes", redo.bytes())
                .put("seconds", seconds)
                .put("records", redo.records())
                .put("images_beside_data", redo.imagesBeside())
                .put("images_checked", redo.imagesChecked())
                .put("difference_count", differences())
                .put("proved", isProof());
        ArrayNode types = json.putArray("types");
        redo.counts()
                .forEach((type, count) ->
                        types.addObject()
                                .put("type", type)
                                .put("records", count.records())
                                .put("redone", count.redone())
                                .put("images", count.images())
                                .put("checked", count.checked())
                                .put("ahead", count.ahead())
                                .put("differing", count.differing()));
        put(json, redo.differences());
        if (comparison != null) {
            ObjectNode compared =
                    json.putObject("against")
                            .put("directory", String.valueOf(against))
                            .put("forks", comparison.forks())
                            .put("blocks", comparison.blocks())
                            .put("slru_blocks", comparison.slruBlocks())
                            .put("files", comparison.files())
                            .put("checkpoint", comparison.checkPointCompared())
                            .put("difference_count", comparison.differenceCount());
            put(compared, comparison.differences());
        }
        return json;
    }

    private static void put(ObjectNode json, List<String> differences) {
        ArrayNode all = json.putArray("differences");
        differences.forEach(all::add);
    }
}
