package dev.sluice.storage.oracle;

import dev.sluice.wire.Lsn;
import java.util.List;
import java.util.SortedMap;

/**
 * What a run of the oracle found.
 *
 * @param start where redo began
 * @param end the end of the last record that was redone
 * @param ended why it ended there, for people
 * @param bytes of WAL
 * @param counts by record type
 * @param differences the first of them, for people
 * @param differenceCount all of them
 */
public record RedoReport(
        Lsn start,
        Lsn end,
        String ended,
        long bytes,
        SortedMap<String, TypeCount> counts,
        List<String> differences,
        long differenceCount) {

    /** Page images that stood beside the data of records and were compared. */
    public long imagesChecked() {
        return counts.values().stream().mapToLong(TypeCount::checked).sum();
    }

    /** Page images that stand beside the data of records to be compared; full-page writes not. */
    public long imagesBeside() {
        return counts.values().stream().mapToLong(TypeCount::beside).sum();
    }

    public long records() {
        return counts.values().stream().mapToLong(TypeCount::records).sum();
    }

    /** The counts, a line for each record type. */
    public String table() {
        StringBuilder table = new StringBuilder();
        String heading = "%-32s %10s %10s %10s %10s %10s %10s%n";
        table.append(
                String.format(
                        heading,
                        "record type",
                        "records",
                        "redone",
                        "images",
                        "checked",
                        "ahead",
                        "differing"));
        counts.forEach((type, count) ->
                table.append(
                        String.format(
                                heading,
                                type,
                                count.records(),
                                count.redone(),
                                count.images(),
                                count.checked(),
                                count.ahead(),
                                count.differing())));
        return table.toString();
    }
}
