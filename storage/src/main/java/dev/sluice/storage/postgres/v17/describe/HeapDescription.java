package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code heap_desc} in {@code heapdesc.c}, structs in {@code access/heapam_xlog.h}. */
final class HeapDescription implements ManagerDescription {
    static final int OPERATION = 0x70;
    static final int INIT_PAGE = 0x80;

    private static final int INSERT = 0x00;
    private static final int DELETE = 0x10;
    private static final int UPDATE = 0x20;
    private static final int TRUNCATE = 0x30;
    private static final int HOT_UPDATE = 0x40;
    private static final int CONFIRM = 0x50;
    private static final int LOCK = 0x60;
    private static final int INPLACE = 0x70;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case INSERT -> "INSERT";
            case INSERT | INIT_PAGE -> "INSERT+INIT";
            case DELETE -> "DELETE";
            case UPDATE -> "UPDATE";
            case UPDATE | INIT_PAGE -> "UPDATE+INIT";
            case TRUNCATE -> "TRUNCATE";
            case HOT_UPDATE -> "HOT_UPDATE";
            case HOT_UPDATE | INIT_PAGE -> "HOT_UPDATE+INIT";
            case CONFIRM -> "HEAP_CONFIRM";
            case LOCK -> "LOCK";
            case INPLACE -> "INPLACE";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo() & OPERATION) {
            case INSERT -> out.say("off: ").u(data.u16(0)).say(", flags: ").hex(data.u8(2));
            case DELETE, LOCK -> lock(data, out);
            case UPDATE, HOT_UPDATE -> update(data, out);
            case TRUNCATE -> truncate(data, out);
            case CONFIRM, INPLACE -> out.say("off: ").u(data.u16(0));
            default -> {}
        }
    }

    /** {@code xl_heap_delete}, {@code xl_heap_lock} and {@code xl_heap_lock_updated} are alike. */
    static void lock(Data data, Words out) {
        out.say("xmax: ").u(data.i32(0)).say(", off: ").u(data.u16(4)).say(", ");
        infobits(data.u8(6), "infobits", out);
        out.say(", flags: ").hex(data.u8(7));
    }

    private static void update(Data data, Words out) {
        out.say("old_xmax: ").u(data.i32(0)).say(", old_off: ").u(data.u16(4)).say(", ");
        infobits(data.u8(6), "old_infobits", out);
        out.say(", flags: ").hex(data.u8(7));
        out.say(", new_xmax: ").u(data.i32(8)).say(", new_off: ").u(data.u16(12));
    }

    private static void truncate(Data data, Words out) {
        int count = data.checked(data.i32(4), 12, 4);
        out.bits("flags", data.u8(8), "CASCADE", "RESTART_SEQS");
        out.say(", nrelids: ").u(count).say(", relids:");
        out.list(count, i -> out.u(data.i32(12 + 4 * i)));
    }

    private static void infobits(int bits, String key, Words out) {
        out.bits(key, bits, "IS_MULTI", "LOCK_ONLY", "EXCL_LOCK", "KEYSHR_LOCK", "KEYS_UPDATED");
    }
}
