package dev.sluice.storage.inspect;

import dev.sluice.storage.postgres.RecordDescriber;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.util.Locale;

/**
 * A WAL record as text, in the form of {@code pg_waldump} ({@code XLogDumpDisplayRecord} in {@code
 * pg_waldump.c}, {@code XLogRecGetBlockRefInfo} in {@code xlogdesc.c}).
 */
public final class RecordText {
    private static final int PAGE_BYTES = 8192;

    private final RecordDescriber describer;

    public RecordText(RecordDescriber describer) {
        this.describer = describer;
    }

    /** One line: header, description, and each block in short. */
    public String line(WalRecord record) {
        StringBuilder text = begin(record);
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)) {
                text.append(", ").append(block(record, id));
                if (record.blockHasImage(id)) {
                    text.append(" FPW").append(purpose(record, id));
                }
            }
        }
        return text.toString();
    }

    /** A line for header and description, and an indented one for each block. */
    public String lines(WalRecord record) {
        StringBuilder text = begin(record);
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)) {
                text.append("\n\tblkref #").append(id).append(": rel ");
                text.append(record.blockRelation(id)).append(" fork ");
                text.append(forkName(record.blockFork(id))).append(" blk ");
                text.append(Integer.toUnsignedString(record.blockNumber(id)));
                if (record.blockHasImage(id)) {
                    text.append(image(record, id));
                }
            }
        }
        return text.append('\n').toString();
    }

    private StringBuilder begin(WalRecord record) {
        StringBuilder text = new StringBuilder(160);
        text.append("rmgr: ");
        append(text, managerName(record.resourceManager()), -11);
        text.append(" len (rec/tot): ");
        append(text, Integer.toString(lengthWithoutImages(record)), 6);
        text.append('/');
        append(text, Integer.toString(record.totalLength()), 6);
        text.append(", tx: ");
        append(text, Integer.toUnsignedString(record.xid()), 10);
        text.append(", lsn: ").append(wide(record.start()));
        text.append(", prev ").append(wide(record.prev()));
        text.append(", desc: ").append(describer.type(record)).append(' ');
        return text.append(describer.describe(record));
    }

    /** Pads to {@code width} on the left, on the right if that is negative. */
    private static void append(StringBuilder text, String value, int width) {
        String padding = " ".repeat(Math.max(0, Math.abs(width) - value.length()));
        text.append(width < 0 ? value + padding : padding + value);
    }

    /** The second half with leading zeros, as {@code pg_waldump} prints positions of records. */
    static String wide(Lsn lsn) {
        return Long.toHexString(lsn.value() >>> 32).toUpperCase(Locale.ROOT)
                + '/'
                + String.format("%08X", (int) lsn.value());
    }

    /** The manager's name; for one of an extension its number. */
    public static String managerName(int id) {
        ResourceManager manager = ResourceManager.ofId(id);
        return manager == null
                ? String.format(Locale.ROOT, "custom%03d", id)
                : manager.displayName();
    }

    /** Bytes of page images in the record. */
    public static int imageLength(WalRecord record) {
        int length = 0;
        for (int id = 0; id < record.blockCount(); id++) {
            if (record.hasBlock(id)) {
                length += record.blockImageLength(id);
            }
        }
        return length;
    }

    static int lengthWithoutImages(WalRecord record) {
        return record.totalLength() - imageLength(record);
    }

    /** {@code main}, {@code fsm}, {@code vm}, {@code init}. */
    public static String forkName(Fork fork) {
        return fork == Fork.MAIN ? "main" : fork.suffix().substring(1);
    }

    private static String block(WalRecord record, int id) {
        Fork fork = record.blockFork(id);
        return "blkref #"
                + id
                + ": rel "
                + record.blockRelation(id)
                + (fork == Fork.MAIN ? "" : " fork " + forkName(fork))
                + " blk "
                + Integer.toUnsignedString(record.blockNumber(id));
    }

    private static String purpose(WalRecord record, int id) {
        return record.blockImageApplies(id) ? "" : " for WAL verification";
    }

    private static String image(WalRecord record, int id) {
        String hole =
                String.format(
                        Locale.ROOT,
                        " (FPW%s); hole: offset: %d, length: %d",
                        purpose(record, id),
                        record.blockHoleOffset(id),
                        record.blockHoleLength(id));
        int saved = PAGE_BYTES - record.blockHoleLength(id) - record.blockImageLength(id);
        return record.blockImageCompression(id)
                .map(method -> hole + ", compression saved: " + saved + ", method: " + method)
                .orElse(hole);
    }
}
