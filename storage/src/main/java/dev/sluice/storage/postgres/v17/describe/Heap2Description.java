package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code heap2_desc} in {@code heapdesc.c}, structs in {@code access/heapam_xlog.h}. */
final class Heap2Description implements ManagerDescription {
    private static final int REWRITE = 0x00;
    private static final int PRUNE_ON_ACCESS = 0x10;
    private static final int PRUNE_VACUUM_SCAN = 0x20;
    private static final int PRUNE_VACUUM_CLEANUP = 0x30;
    private static final int VISIBLE = 0x40;
    private static final int MULTI_INSERT = 0x50;
    private static final int LOCK_UPDATED = 0x60;
    private static final int NEW_CID = 0x70;

    private static final int IS_CATALOG_REL = 1 << 1;
    private static final int HAS_CONFLICT_HORIZON = 1 << 3;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case REWRITE -> "REWRITE";
            case PRUNE_ON_ACCESS -> "PRUNE_ON_ACCESS";
            case PRUNE_VACUUM_SCAN -> "PRUNE_VACUUM_SCAN";
            case PRUNE_VACUUM_CLEANUP -> "PRUNE_VACUUM_CLEANUP";
            case VISIBLE -> "VISIBLE";
            case MULTI_INSERT -> "MULTI_INSERT";
            case MULTI_INSERT | HeapDescription.INIT_PAGE -> "MULTI_INSERT+INIT";
            case LOCK_UPDATED -> "LOCK_UPDATED";
            case NEW_CID -> "NEW_CID";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo() & HeapDescription.OPERATION) {
            case PRUNE_ON_ACCESS, PRUNE_VACUUM_SCAN, PRUNE_VACUUM_CLEANUP ->
                    prune(record, data, out);
            case VISIBLE ->
                    out.say("snapshotConflictHorizon: ")
                            .u(data.i32(0))
                            .say(", flags: ")
                            .hex(data.u8(4));
            case MULTI_INSERT -> multiInsert(record, data, out);
            case LOCK_UPDATED -> HeapDescription.lock(data, out);
            case NEW_CID -> newCid(data, out);
            default -> {}
        }
    }

    private static void prune(WalRecord record, Data data, Words out) {
        int flags = data.u8(1);
        if ((flags & HAS_CONFLICT_HORIZON) != 0) {
            out.say("snapshotConflictHorizon: ").u(data.i32(2));
        }
        out.say(", isCatalogRel: ").flag((flags & IS_CATALOG_REL) != 0);
        Data items = Data.block(record, 0);
        if (!items.isEmpty()) {
            new PrunedItems(items, flags).describe(out);
        }
    }

    private static void multiInsert(WalRecord record, Data data, Words out) {
        int count = data.u16(2);
        out.say("ntuples: ").d(count).say(", flags: ").hex(data.u8(0));
        boolean init = (record.rmgrInfo() & HeapDescription.INIT_PAGE) != 0;
        if (!Data.block(record, 0).isEmpty() && !init) {
            out.say(", offsets:").offsets(data, 4, count);
        }
    }

    private static void newCid(Data data, Words out) {
        out.say("rel: ").relation(data, 16);
        out.say(", tid: ").u(data.blockId(28)).say("/").u(data.u16(32));
        out.say(", cmin: ").u(data.i32(4)).say(", cmax: ").u(data.i32(8));
        out.say(", combo: ").u(data.i32(12));
    }
}
