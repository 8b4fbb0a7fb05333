package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/** Source: {@code brindesc.c}, structs in {@code access/brin_xlog.h}. */
final class BrinDescription implements ManagerDescription {
    private static final int CREATE_INDEX = 0x00;
    private static final int INSERT = 0x10;
    private static final int UPDATE = 0x20;
    private static final int SAMEPAGE_UPDATE = 0x30;
    private static final int REVMAP_EXTEND = 0x40;
    private static final int DESUMMARIZE = 0x50;
    private static final int OPERATION = 0x70;
    private static final int INIT_PAGE = 0x80;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case CREATE_INDEX -> "CREATE_INDEX";
            case INSERT -> "INSERT";
            case INSERT | INIT_PAGE -> "INSERT+INIT";
            case UPDATE -> "UPDATE";
            case UPDATE | INIT_PAGE -> "UPDATE+INIT";
            case SAMEPAGE_UPDATE -> "SAMEPAGE_UPDATE";
            case REVMAP_EXTEND -> "REVMAP_EXTEND";
            case DESUMMARIZE -> "DESUMMARIZE";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo() & OPERATION) {
            case CREATE_INDEX -> out.say("v").d(data.u16(4)).say(" pagesPerRange ").u(data.i32(0));
            case INSERT -> {
                out.say("heapBlk ").u(data.i32(0)).say(" pagesPerRange ").u(data.i32(4));
                out.say(" offnum ").u(data.u16(8));
            }
            case UPDATE -> {
                out.say("heapBlk ").u(data.i32(4)).say(" pagesPerRange ").u(data.i32(8));
                out.say(" old offnum ").u(data.u16(0)).say(", new offnum ").u(data.u16(12));
            }
            case SAMEPAGE_UPDATE -> out.say("offnum ").u(data.u16(0));
            case REVMAP_EXTEND -> out.say("targetBlk ").u(data.i32(0));
            case DESUMMARIZE -> {
                out.say("pagesPerRange ").u(data.i32(0)).say(", heapBlk ").u(data.i32(4));
                out.say(", page offset ").u(data.u16(8));
            }
            default -> {}
        }
    }
}
