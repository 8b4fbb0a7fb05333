package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.walservice.wal.WalRecord;

/**
 * A prepare record: a fixed header, then the name and arrays that it counts, each padded to eight
 * bytes ({@code xl_xact_prepare}, {@code ParsePrepareRecord}).
 */
final class PrepareFields {
    private static final int HEADER_BYTES = 72;
    private static final int PREPARED_AT = 16;
    private static final int SUBTRANSACTIONS = 28;
    private static final int COMMIT_RELATIONS = 32;
    private static final int ABORT_RELATIONS = 36;
    private static final int COMMIT_STATISTICS = 40;
    private static final int ABORT_STATISTICS = 44;
    private static final int INVALIDATIONS = 48;
    private static final int INIT_FILE = 52;
    private static final int NAME_LENGTH = 54;
    private static final int ORIGIN_LSN = 56;
    private static final int ORIGIN_TIME = 64;
    private static final int DATABASE = 12;

    private static final int LOCATOR_BYTES = 12;
    private static final int STATISTICS_BYTES = 12;

    private final Data data;
    private int position = HEADER_BYTES;

    private PrepareFields(Data data) {
        this.data = data;
    }

    static void describe(WalRecord record, Data data, Words out) {
        new PrepareFields(data).describe(record.originId(), out);
    }

    /** The place of so many things of so many bytes; the next come after. */
    private int take(int count, int bytesEach) {
        int at = position;
        data.checked(count, at, bytesEach);
        position += LittleEndian.maxAlign(count * bytesEach);
        return at;
    }

    private void describe(int originNode, Words out) {
        int nameLength = data.u16(NAME_LENGTH);
        out.say("gid ").say(data.text(take(nameLength, 1), nameLength)).say(": ");
        out.time(data.i64(PREPARED_AT));
        int subtransactions = data.i32(SUBTRANSACTIONS);
        int subtransactionsAt = take(subtransactions, Integer.BYTES);
        relations("rels(commit)", data.i32(COMMIT_RELATIONS), out);
        relations("rels(abort)", data.i32(ABORT_RELATIONS), out);
        statistics("commit ", data.i32(COMMIT_STATISTICS), out);
        statistics("abort ", data.i32(ABORT_STATISTICS), out);
        TransactionDescription.subtransactions(data, subtransactionsAt, subtransactions, out);
        int messages = data.i32(INVALIDATIONS);
        Invalidations.describe(
                data,
                take(messages, Invalidations.BYTES),
                messages,
                data.i32(DATABASE),
                0,
                data.flag(INIT_FILE),
                out);
        if (originNode != 0) {
            TransactionDescription.origin(
                    originNode, data.i64(ORIGIN_LSN), data.i64(ORIGIN_TIME), out);
        }
    }

    private void relations(String label, int count, Words out) {
        TransactionDescription.relations(label, data, take(count, LOCATOR_BYTES), count, out);
    }

    private void statistics(String label, int count, Words out) {
        TransactionDescription.statistics(label, data, take(count, STATISTICS_BYTES), count, out);
    }
}
