package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code gindesc.c}, structs in {@code access/ginxlog.h}. */
final class GinDescription implements ManagerDescription {
    private static final int CREATE_PTREE = 0x10;
    private static final int INSERT = 0x20;
    private static final int SPLIT = 0x30;
    private static final int VACUUM_PAGE = 0x40;
    private static final int DELETE_PAGE = 0x50;
    private static final int UPDATE_META_PAGE = 0x60;
    private static final int INSERT_LISTPAGE = 0x70;
    private static final int DELETE_LISTPAGE = 0x80;
    private static final int VACUUM_DATA_LEAF_PAGE = 0x90;

    private static final int IS_DATA = 0x01;
    private static final int IS_LEAF = 0x02;
    private static final int SPLIT_ROOT = 0x04;

    private static final int SPLIT_FLAGS_AT = 24;

    /** After {@code GinMetaPageData}. */
    private static final int DELETED_COUNT_AT = 56;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case CREATE_PTREE -> "CREATE_PTREE";
            case INSERT -> "INSERT";
            case SPLIT -> "SPLIT";
            case VACUUM_PAGE -> "VACUUM_PAGE";
            case DELETE_PAGE -> "DELETE_PAGE";
            case UPDATE_META_PAGE -> "UPDATE_META_PAGE";
            case INSERT_LISTPAGE -> "INSERT_LISTPAGE";
            case DELETE_LISTPAGE -> "DELETE_LISTPAGE";
            case VACUUM_DATA_LEAF_PAGE -> "VACUUM_DATA_LEAF_PAGE";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case INSERT -> insert(record, data, out);
            case SPLIT -> {
                int flags = data.u16(SPLIT_FLAGS_AT);
                out.say("isrootsplit: ").flag((flags & SPLIT_ROOT) != 0).say(" ");
                kind(flags, out);
            }
            case VACUUM_DATA_LEAF_PAGE -> {
                if (!image(record, out)) {
                    GinSegments.describe(Data.block(record, 0), out);
                }
            }
            case DELETE_LISTPAGE -> out.say("ndeleted: ").d(data.i32(DELETED_COUNT_AT));
            default -> {}
        }
    }

    private static void kind(int flags, Words out) {
        out.say("isdata: ").flag((flags & IS_DATA) != 0);
        out.say(" isleaf: ").flag((flags & IS_LEAF) != 0);
    }

    private static void insert(WalRecord record, Data data, Words out) {
        int flags = data.u16(0);
        kind(flags, out);
        if ((flags & IS_LEAF) == 0) {
            out.say(" children: ").u(data.blockId(2)).say("/").u(data.blockId(6));
        }
        if (image(record, out)) {
            return;
        }
        Data payload = Data.block(record, 0);
        if ((flags & IS_DATA) == 0) {
            out.say(" isdelete: ").flag(payload.flag(2));
        } else if ((flags & IS_LEAF) != 0) {
            GinSegments.describe(payload, out);
        } else {
            out.say(" pitem: ").u(payload.blockId(2));
            out.say("-").u(payload.blockId(6)).say("/").u(payload.u16(10));
        }
    }

    /** Whether the record has an image of the page, which leaves nothing more to tell. */
    private static boolean image(WalRecord record, Words out) {
        if (!record.hasBlock(0) || !record.blockHasImage(0)) {
            return false;
        }
        out.say(
                record.blockImageApplies(0)
                        ? " (full page image)"
                        : " (full page image, for WAL verification)");
        return true;
    }
}
