package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code gistdesc.c}, structs in {@code access/gistxlog.h}. */
final class GistDescription implements ManagerDescription {
    private static final int PAGE_UPDATE = 0x00;
    private static final int DELETE = 0x10;
    private static final int PAGE_REUSE = 0x20;
    private static final int PAGE_SPLIT = 0x30;
    private static final int PAGE_DELETE = 0x60;
    private static final int ASSIGN_LSN = 0x70;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case PAGE_UPDATE -> "PAGE_UPDATE";
            case DELETE -> "DELETE";
            case PAGE_REUSE -> "PAGE_REUSE";
            case PAGE_SPLIT -> "PAGE_SPLIT";
            case PAGE_DELETE -> "PAGE_DELETE";
            case ASSIGN_LSN -> "ASSIGN_LSN";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case DELETE ->
                    out.say("delete: snapshotConflictHorizon ")
                            .u(data.i32(0))
                            .say(", nitems: ")
                            .u(data.u16(4))
                            .say(", isCatalogRel ")
                            .flag(data.flag(6));
            case PAGE_REUSE ->
                    out.say("rel ")
                            .relation(data, 0)
                            .say("; blk ")
                            .u(data.i32(12))
                            .say("; snapshotConflictHorizon ")
                            .fullXid(data.i64(16))
                            .say(", isCatalogRel ")
                            .flag(data.flag(24));
            case PAGE_SPLIT -> out.say("page_split: splits to ").d(data.u16(18)).say(" pages");
            case PAGE_DELETE ->
                    out.say("deleteXid ").fullXid(data.i64(0)).say("; downlink ").u(data.u16(8));
            default -> {}
        }
    }
}
