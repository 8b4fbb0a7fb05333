package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/**
 * Source: {@code xlogdesc.c}, structs in {@code catalog/pg_control.h} and {@code
 * access/xlog_internal.h}.
 */
final class XlogDescription implements ManagerDescription {
    private static final int CHECKPOINT_SHUTDOWN = 0x00;
    private static final int CHECKPOINT_ONLINE = 0x10;
    private static final int NOOP = 0x20;
    private static final int NEXTOID = 0x30;
    private static final int SWITCH = 0x40;
    private static final int BACKUP_END = 0x50;
    private static final int PARAMETER_CHANGE = 0x60;
    private static final int RESTORE_POINT = 0x70;
    private static final int FPW_CHANGE = 0x80;
    private static final int END_OF_RECOVERY = 0x90;
    private static final int FPI_FOR_HINT = 0xA0;
    private static final int FPI = 0xB0;
    private static final int OVERWRITE_CONTRECORD = 0xD0;
    private static final int CHECKPOINT_REDO = 0xE0;

    @Override
    public @Nullable String type(int info) {
        return switch (info) {
            case CHECKPOINT_SHUTDOWN -> "CHECKPOINT_SHUTDOWN";
            case CHECKPOINT_ONLINE -> "CHECKPOINT_ONLINE";
            case NOOP -> "NOOP";
            case NEXTOID -> "NEXTOID";
            case SWITCH -> "SWITCH";
            case BACKUP_END -> "BACKUP_END";
            case PARAMETER_CHANGE -> "PARAMETER_CHANGE";
            case RESTORE_POINT -> "RESTORE_POINT";
            case FPW_CHANGE -> "FPW_CHANGE";
            case END_OF_RECOVERY -> "END_OF_RECOVERY";
            case FPI_FOR_HINT -> "FPI_FOR_HINT";
            case FPI -> "FPI";
            case OVERWRITE_CONTRECORD -> "OVERWRITE_CONTRECORD";
            case CHECKPOINT_REDO -> "CHECKPOINT_REDO";
            default -> null;
        };
    }

    @Override
    public void describe(WalRecord record, Words out) {
        Data data = Data.main(record);
        switch (record.rmgrInfo()) {
            case CHECKPOINT_SHUTDOWN -> checkpoint(data, "shutdown", out);
            case CHECKPOINT_ONLINE -> checkpoint(data, "online", out);
            case NEXTOID -> out.u(data.i32(0));
            case BACKUP_END -> out.lsn(data.i64(0));
            case PARAMETER_CHANGE -> parameters(data, out);
            case RESTORE_POINT -> out.say(data.text(8));
            case FPW_CHANGE -> out.say(data.flag(0) ? "true" : "false");
            case END_OF_RECOVERY -> {
                out.say("tli ").u(data.i32(8)).say("; prev tli ").u(data.i32(12));
                out.say("; time ").time(data.i64(0));
                out.say("; wal_level ").say(walLevel(data.i32(16)));
            }
            case OVERWRITE_CONTRECORD ->
                    out.say("lsn ").lsn(data.i64(0)).say("; time ").time(data.i64(8));
            case CHECKPOINT_REDO -> out.say("wal_level ").say(walLevel(data.i32(0)));
            default -> {}
        }
    }

    private static void checkpoint(Data data, String when, Words out) {
        out.say("redo ").lsn(data.i64(0));
        out.say("; tli ").u(data.i32(8)).say("; prev tli ").u(data.i32(12));
        out.say("; fpw ").say(data.flag(16) ? "true" : "false");
        out.say("; wal_level ").say(walLevel(data.i32(20)));
        out.say("; xid ").fullXid(data.i64(24)).say("; oid ").u(data.i32(32));
        out.say("; multi ").u(data.i32(36)).say("; offset ").u(data.i32(40));
        out.say("; oldest xid ").u(data.i32(44)).say(" in DB ").u(data.i32(48));
        out.say("; oldest multi ").u(data.i32(52)).say(" in DB ").u(data.i32(56));
        out.say("; oldest/newest commit timestamp xid: ");
        out.u(data.i32(72)).say("/").u(data.i32(76));
        out.say("; oldest running xid ").u(data.i32(80)).say("; ").say(when);
    }

    private static void parameters(Data data, Words out) {
        out.say("max_connections=").d(data.i32(0));
        out.say(" max_worker_processes=").d(data.i32(4));
        out.say(" max_wal_senders=").d(data.i32(8));
        out.say(" max_prepared_xacts=").d(data.i32(12));
        out.say(" max_locks_per_xact=").d(data.i32(16));
        out.say(" wal_level=").say(walLevel(data.i32(20)));
        out.say(" wal_log_hints=").say(data.flag(24) ? "on" : "off");
        out.say(" track_commit_timestamp=").say(data.flag(25) ? "on" : "off");
    }

    private static String walLevel(int level) {
        return switch (level) {
            case 0 -> "minimal";
            case 1 -> "replica";
            case 2 -> "logical";
            default -> "?";
        };
    }
}
