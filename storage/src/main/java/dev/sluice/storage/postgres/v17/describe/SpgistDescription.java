package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code spgdesc.c}, structs in {@code access/spgxlog.h}. */
final class SpgistDescription implements ManagerDescription {
    private static final int ADD_LEAF = 0x10;
    private static final int MOVE_LEAFS = 0x20;
    private static final int ADD_NODE = 0x30;
    private static final int SPLIT_TUPLE = 0x40;
    private static final int PICKSPLIT = 0x50;
    private static final int VACUUM_LEAF = 0x60;
    private static final int VACUUM_ROOT = 0x70;
    private static final int VACUUM_REDIRECT = 0x80;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case ADD_LEAF -> "ADD_LEAF";
            case MOVE_LEAFS -> "MOVE_LEAFS";
            case ADD_NODE -> "ADD_NODE";
            case SPLIT_TUPLE -> "SPLIT_TUPLE";
            case PICKSPLIT -> "PICKSPLIT";
            case VACUUM_LEAF -> "VACUUM_LEAF";
            case VACUUM_ROOT -> "VACUUM_ROOT";
            case VACUUM_REDIRECT -> "VACUUM_REDIRECT";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case ADD_LEAF -> addLeaf(data, out);
            case MOVE_LEAFS -> moveLeafs(data, out);
            case ADD_NODE -> addNode(data, out);
            case SPLIT_TUPLE -> {
                out.say("prefixoff: ").u(data.u16(0)).say(", postfixoff: ").u(data.u16(2));
                remark(data.flag(4), " (newpage)", out);
                remark(data.flag(5), " (same)", out);
            }
            case PICKSPLIT -> pickSplit(data, out);
            case VACUUM_LEAF -> {
                out.say("ndead: ").u(data.u16(0)).say(", nplaceholder: ").u(data.u16(2));
                out.say(", nmove: ").u(data.u16(4)).say(", nchain: ").u(data.u16(6));
            }
            case VACUUM_ROOT -> out.say("ndelete: ").u(data.u16(0));
            case VACUUM_REDIRECT -> {
                out.say("ntoplaceholder: ").u(data.u16(0));
                out.say(", firstplaceholder: ").u(data.u16(2));
                out.say(", snapshotConflictHorizon: ").u(data.i32(4));
                out.say(", isCatalogRel: ").flag(data.flag(8));
            }
            default -> {}
        }
    }

    private static void remark(boolean holds, String words, Words out) {
        if (holds) {
            out.say(words);
        }
    }

    private static void addLeaf(Data data, Words out) {
        out.say("off: ").u(data.u16(2)).say(", headoff: ").u(data.u16(4));
        out.say(", parentoff: ").u(data.u16(6)).say(", nodeI: ").u(data.u16(8));
        remark(data.flag(0), " (newpage)", out);
        remark(data.flag(1), " (nulls)", out);
    }

    private static void moveLeafs(Data data, Words out) {
        out.say("nmoves: ").u(data.u16(0));
        out.say(", parentoff: ").u(data.u16(6)).say(", nodeI: ").u(data.u16(8));
        remark(data.flag(2), " (newpage)", out);
        remark(data.flag(3), " (replacedead)", out);
        remark(data.flag(4), " (nulls)", out);
    }

    private static void addNode(Data data, Words out) {
        out.say("off: ").u(data.u16(0)).say(", newoff: ").u(data.u16(2));
        out.say(", parentBlk: ").d(data.i8(5)).say(", parentoff: ").u(data.u16(6));
        out.say(", nodeI: ").u(data.u16(8));
        remark(data.flag(4), " (newpage)", out);
    }

    private static void pickSplit(Data data, Words out) {
        out.say("ndelete: ").u(data.u16(2)).say(", ninsert: ").u(data.u16(4));
        out.say(", inneroff: ").u(data.u16(8)).say(", parentoff: ").u(data.u16(14));
        out.say(", nodeI: ").u(data.u16(16));
        remark(data.flag(12), " (innerIsParent)", out);
        remark(data.flag(11), " (nulls)", out);
        remark(data.flag(0), " (isRootSplit)", out);
    }
}
