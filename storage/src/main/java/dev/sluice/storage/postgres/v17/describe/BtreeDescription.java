package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code nbtdesc.c}, structs in {@code access/nbtxlog.h}. */
final class BtreeDescription implements ManagerDescription {
    private static final int INSERT_LEAF = 0x00;
    private static final int INSERT_UPPER = 0x10;
    private static final int INSERT_META = 0x20;
    private static final int SPLIT_L = 0x30;
    private static final int SPLIT_R = 0x40;
    private static final int INSERT_POST = 0x50;
    private static final int DEDUP = 0x60;
    private static final int DELETE = 0x70;
    private static final int UNLINK_PAGE = 0x80;
    private static final int UNLINK_PAGE_META = 0x90;
    private static final int NEWROOT = 0xA0;
    private static final int MARK_PAGE_HALFDEAD = 0xB0;
    private static final int VACUUM = 0xC0;
    private static final int REUSE_PAGE = 0xD0;
    private static final int META_CLEANUP = 0xE0;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case INSERT_LEAF -> "INSERT_LEAF";
            case INSERT_UPPER -> "INSERT_UPPER";
            case INSERT_META -> "INSERT_META";
            case SPLIT_L -> "SPLIT_L";
            case SPLIT_R -> "SPLIT_R";
            case INSERT_POST -> "INSERT_POST";
            case DEDUP -> "DEDUP";
            case DELETE -> "DELETE";
            case UNLINK_PAGE -> "UNLINK_PAGE";
            case UNLINK_PAGE_META -> "UNLINK_PAGE_META";
            case NEWROOT -> "NEWROOT";
            case MARK_PAGE_HALFDEAD -> "MARK_PAGE_HALFDEAD";
            case VACUUM -> "VACUUM";
            case REUSE_PAGE -> "REUSE_PAGE";
            case META_CLEANUP -> "META_CLEANUP";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case INSERT_LEAF, INSERT_UPPER, INSERT_META, INSERT_POST ->
                    out.say("off: ").u(data.u16(0));
            case SPLIT_L, SPLIT_R -> split(data, out);
            case DEDUP -> out.say("nintervals: ").u(data.u16(0));
            case VACUUM -> vacuum(record, data, out);
            case DELETE -> delete(record, data, out);
            case MARK_PAGE_HALFDEAD ->
                    out.say("topparent: ")
                            .u(data.i32(16))
                            .say(", leaf: ")
                            .u(data.i32(4))
                            .say(", left: ")
                            .u(data.i32(8))
                            .say(", right: ")
                            .u(data.i32(12));
            case UNLINK_PAGE, UNLINK_PAGE_META -> unlink(data, out);
            case NEWROOT -> out.say("level: ").u(data.i32(4));
            case REUSE_PAGE ->
                    out.say("rel: ")
                            .relation(data, 0)
                            .say(", snapshotConflictHorizon: ")
                            .fullXid(data.i64(16))
                            .say(", isCatalogRel: ")
                            .flag(data.flag(24));
            case META_CLEANUP ->
                    out.say("last_cleanup_num_delpages: ").u(Data.block(record, 0).i32(20));
            default -> {}
        }
    }

    private static void split(Data data, Words out) {
        out.say("level: ").u(data.i32(0)).say(", firstrightoff: ").d(data.u16(4));
        out.say(", newitemoff: ").d(data.u16(6)).say(", postingoff: ").d(data.u16(8));
    }

    private static void vacuum(WalRecord record, Data data, Words out) {
        int deleted = data.u16(0);
        int updated = data.u16(2);
        out.say("ndeleted: ").u(deleted).say(", nupdated: ").u(updated);
        removed(Data.block(record, 0), deleted, updated, out);
    }

    private static void delete(WalRecord record, Data data, Words out) {
        int deleted = data.u16(4);
        int updated = data.u16(6);
        out.say("snapshotConflictHorizon: ").u(data.i32(0));
        out.say(", ndeleted: ").u(deleted).say(", nupdated: ").u(updated);
        out.say(", isCatalogRel: ").flag(data.flag(8));
        removed(Data.block(record, 0), deleted, updated, out);
    }

    private static void unlink(Data data, Words out) {
        out.say("left: ").u(data.i32(0)).say(", right: ").u(data.i32(4));
        out.say(", level: ").u(data.i32(8)).say(", safexid: ").fullXid(data.i64(16));
        out.say(", leafleft: ").u(data.i32(24)).say(", leafright: ").u(data.i32(28));
        out.say(", leaftopparent: ").u(data.i32(32));
    }

    /** {@code delvacuum_desc}: the items deleted, and those that lose some of their TIDs. */
    private static void removed(Data data, int deleted, int updated, Words out) {
        if (data.isEmpty()) {
            return;
        }
        out.say(", deleted:").offsets(data, 0, deleted);
        int updatedAt = 2 * deleted;
        data.checked(updated, updatedAt, 2);
        int[] at = {updatedAt + 2 * updated};
        out.say(", updated:")
                .list(
                        updated,
                        i -> {
                            int tids = data.u16(at[0]);
                            out.say("{ off: ").u(data.u16(updatedAt + 2 * i));
                            out.say(", nptids: ").u(tids).say(", ptids:");
                            out.offsets(data, at[0] + 2, tids).say(" }");
                            at[0] += 2 + 2 * tids;
                        });
    }
}
