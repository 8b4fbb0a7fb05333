package dev.sluice.storage.inspect;

import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many records of each type there are and how many bytes they take, in the form of {@code
 * pg_waldump --stats=record}. Bounded: there are no more types than manager and info bits tell
 * apart.
 */
public final class RecordStatistics {

    /** What is counted of one type, or of all. */
    public record Count(String type, long records, long recordBytes, long imageBytes) {
        public long bytes() {
            return recordBytes + imageBytes;
        }

        private Count plus(WalRecord record) {
            int images = RecordText.imageLength(record);
            return new Count(
                    type,
                    records + 1,
                    recordBytes + record.totalLength() - images,
                    imageBytes + images);
        }

        private Count plus(Count other) {
            return new Count(
                    type,
                    records + other.records,
                    recordBytes + other.recordBytes,
                    imageBytes + other.imageBytes);
        }
    }

    private static final int TRANSACTION = 1;
    private static final int TRANSACTION_OPERATION = 0x70;

    private final RecordDescriber describer;

    /** By manager and info bits, which is the order to show them in. */
    private final Map<Integer, Count> counts = new TreeMap<>();

    public RecordStatistics(RecordDescriber describer) {
        this.describer = describer;
    }

    public void add(WalRecord record) {
        int manager = record.resourceManager();
        // A commit's highest bit is a flag, not a type.
        int info = record.rmgrInfo() & (manager == TRANSACTION ? TRANSACTION_OPERATION : 0xF0);
        int key = manager << 8 | info;
        Count count = counts.get(key);
        if (count == null) {
            count =
                    new Count(
                            RecordText.managerName(manager) + "/" + describer.type(record),
                            0,
                            0,
                            0);
        }
        counts.put(key, count.plus(record));
    }

    /** One for each type that was met, in the order of managers and types. */
    public List<Count> counts() {
        return new ArrayList<>(counts.values());
    }

    public Count total() {
        Count total = new Count("Total", 0, 0, 0);
        for (Count count : counts.values()) {
            total = total.plus(count);
        }
        return total;
    }

    /**
     * The table.
     *
     * @param from where the first record begins
     * @param to where the last one ends
     */
    public String table(Lsn from, Lsn to) {
        Count total = total();
        StringBuilder text = new StringBuilder();
        text.append("WAL statistics between ").append(from).append(" and ").append(to);
        text.append(":\n");
        heading(
                text,
                "Type",
                "N",
                "(%)",
                "Record size",
                "(%)",
                "FPI size",
                "(%)",
                "Combined size",
                "(%)");
        heading(
                text,
                "----",
                "-",
                "---",
                "-----------",
                "---",
                "--------",
                "---",
                "-------------",
                "---");
        counts.values().forEach(count -> row(text, count, total));
        heading(text, "", "--------", "", "--------", "", "--------", "", "--------", "");
        totals(text, total);
        return text.toString();
    }

    private static void heading(StringBuilder text, Object... columns) {
        text.append(
                        String.format(
                                        Locale.ROOT,
                                        "%-27s %20s %8s %20s %8s %20s %8s %20s %8s",
                                        columns)
                                .stripTrailing())
                .append('\n');
    }

    private static void row(StringBuilder text, Count count, Count total) {
        text.append(
                String.format(
                        Locale.ROOT,
                        "%-27s %20d (%6.02f) %20d (%6.02f) %20d (%6.02f) %20d (%6.02f)%n",
                        count.type,
                        count.records,
                        percent(count.records, total.records),
                        count.recordBytes,
                        percent(count.recordBytes, total.recordBytes),
                        count.imageBytes,
                        percent(count.imageBytes, total.imageBytes),
                        count.bytes(),
                        percent(count.bytes(), total.bytes())));
    }

    private static void totals(StringBuilder text, Count total) {
        text.append(
                String.format(
                                Locale.ROOT,
                                "%-27s %20d %-9s%20d %-9s%20d %-9s%20d %-6s",
                                "Total",
                                total.records,
                                "",
                                total.recordBytes,
                                share(total.recordBytes, total.bytes()),
                                total.imageBytes,
                                share(total.imageBytes, total.bytes()),
                                total.bytes(),
                                "[100%]")
                        .stripTrailing());
        text.append('\n');
    }

    private static String share(long part, long whole) {
        return String.format(Locale.ROOT, "[%.02f%%]", percent(part, whole));
    }

    private static double percent(long part, long whole) {
        return whole == 0 ? 0 : 100.0 * part / whole;
    }
}
