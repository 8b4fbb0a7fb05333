package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code hashdesc.c}, structs in {@code access/hash_xlog.h}. */
final class HashDescription implements ManagerDescription {
    private static final int INIT_META_PAGE = 0x00;
    private static final int INIT_BITMAP_PAGE = 0x10;
    private static final int INSERT = 0x20;
    private static final int ADD_OVFL_PAGE = 0x30;
    private static final int SPLIT_ALLOCATE_PAGE = 0x40;
    private static final int SPLIT_PAGE = 0x50;
    private static final int SPLIT_COMPLETE = 0x60;
    private static final int MOVE_PAGE_CONTENTS = 0x70;
    private static final int SQUEEZE_PAGE = 0x80;
    private static final int DELETE = 0x90;
    private static final int SPLIT_CLEANUP = 0xA0;
    private static final int UPDATE_META_PAGE = 0xB0;
    private static final int VACUUM_ONE_PAGE = 0xC0;

    private static final int UPDATES_MASKS = 1;
    private static final int UPDATES_SPLIT_POINT = 2;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case INIT_META_PAGE -> "INIT_META_PAGE";
            case INIT_BITMAP_PAGE -> "INIT_BITMAP_PAGE";
            case INSERT -> "INSERT";
            case ADD_OVFL_PAGE -> "ADD_OVFL_PAGE";
            case SPLIT_ALLOCATE_PAGE -> "SPLIT_ALLOCATE_PAGE";
            case SPLIT_PAGE -> "SPLIT_PAGE";
            case SPLIT_COMPLETE -> "SPLIT_COMPLETE";
            case MOVE_PAGE_CONTENTS -> "MOVE_PAGE_CONTENTS";
            case SQUEEZE_PAGE -> "SQUEEZE_PAGE";
            case DELETE -> "DELETE";
            case SPLIT_CLEANUP -> "SPLIT_CLEANUP";
            case UPDATE_META_PAGE -> "UPDATE_META_PAGE";
            case VACUUM_ONE_PAGE -> "VACUUM_ONE_PAGE";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case INIT_META_PAGE ->
                    out.say("num_tuples ").g(data.f64(0)).say(", fillfactor ").d(data.u16(12));
            case INIT_BITMAP_PAGE -> out.say("bmsize ").d(data.u16(0));
            case INSERT -> out.say("off ").u(data.u16(0));
            case ADD_OVFL_PAGE ->
                    out.say("bmsize ").d(data.u16(0)).say(", bmpage_found ").flag(data.flag(2));
            case SPLIT_ALLOCATE_PAGE -> allocate(data, out);
            case SPLIT_COMPLETE ->
                    out.say("old_bucket_flag ")
                            .u(data.u16(0))
                            .say(", new_bucket_flag ")
                            .u(data.u16(2));
            case MOVE_PAGE_CONTENTS ->
                    out.say("ntups ").d(data.u16(0)).say(", is_primary ").flag(data.flag(2));
            case SQUEEZE_PAGE -> squeeze(data, out);
            case DELETE ->
                    out.say("clear_dead_marking ")
                            .flag(data.flag(0))
                            .say(", is_primary ")
                            .flag(data.flag(1));
            case UPDATE_META_PAGE -> out.say("ntuples ").g(data.f64(0));
            case VACUUM_ONE_PAGE -> vacuum(data, out);
            default -> {}
        }
    }

    private static void allocate(Data data, Words out) {
        int flags = data.u8(8);
        out.say("new_bucket ").u(data.i32(0));
        out.say(", meta_page_masks_updated ").flag((flags & UPDATES_MASKS) != 0);
        out.say(", issplitpoint_changed ").flag((flags & UPDATES_SPLIT_POINT) != 0);
    }

    private static void squeeze(Data data, Words out) {
        out.say("prevblkno ").u(data.i32(0)).say(", nextblkno ").u(data.i32(4));
        out.say(", ntups ").d(data.u16(8)).say(", is_primary ").flag(data.flag(10));
    }

    private static void vacuum(Data data, Words out) {
        out.say("ntuples ").d(data.u16(4));
        out.say(", snapshotConflictHorizon ").u(data.i32(0));
        out.say(", isCatalogRel ").flag(data.flag(6));
    }
}
