package dev.sluice.storage.oracle;

import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where recovery of a data directory begins, as Postgres decides it ({@code InitWalRecovery} in
 * {@code xlogrecovery.c}): at the redo point of the checkpoint that {@code backup_label} names, if
 * there is one, else of that in {@code pg_control}.
 *
 * @param redo where the first record to be redone begins
 * @param checkPoint the bytes of the struct {@code CheckPoint}
 * @param fitsTogether from when on the directory's pages are all of one moment
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record RecoveryStart(Lsn redo, byte[] checkPoint, FitsTogether fitsTogether) {
    private static final Pattern START_LOCATION =
            Pattern.compile("(?m)^START WAL LOCATION: ([0-9A-F]{1,8}/[0-9A-F]{1,8}) ");
    private static final Pattern CHECKPOINT_LOCATION =
            Pattern.compile("(?m)^CHECKPOINT LOCATION: ([0-9A-F]{1,8}/[0-9A-F]{1,8})$");
    private static final Pattern FROM_STANDBY = Pattern.compile("(?m)^BACKUP FROM: standby$");

    private static final int CHECKPOINT_SHUTDOWN = 0x00;
    private static final int CHECKPOINT_ONLINE = 0x10;

    /**
     * When the pages of the directory are all of one moment. Before that, pages may be newer than
     * the record that is redone, and may be missing because a later record removes them.
     */
    sealed interface FitsTogether {
        /** The directory was stopped cleanly: from the start. */
        record AtOnce() implements FitsTogether {}

        /** A recovery was interrupted: when redo has come to where that one was. */
        record FromLsn(Lsn lsn) implements FitsTogether {}

        /** A backup: from the record on that says that the backup begun at {@code start} ended. */
        record AfterBackup(Lsn start) implements FitsTogether {}

        /** A crash, or files copied from under a running server: at the end of the WAL. */
        record AtTheEnd() implements FitsTogether {}
    }

    /**
     * @param wal where the checkpoint's record is, if {@code backup_label} names one
     * @throws IOException if {@code backup_label} is not understood or its checkpoint not found
     */
    static RecoveryStart of(DataDirectory base, Path wal) throws IOException {
        Path label = base.path().resolve("backup_label");
        if (Files.exists(label)) {
            return ofBackup(base, label, wal);
        }
        ControlFile control = base.control();
        return new RecoveryStart(
                control.checkPoint().redo(), control.checkPoint().bytes(), fitsTogether(control));
    }

    private static FitsTogether fitsTogether(ControlFile control) {
        if (control.isShutDown()) {
            return new FitsTogether.AtOnce();
        }
        return control.minRecoveryPoint().isValid()
                ? new FitsTogether.FromLsn(control.minRecoveryPoint())
                : new FitsTogether.AtTheEnd();
    }

    private static RecoveryStart ofBackup(DataDirectory base, Path file, Path wal)
            throws IOException {
        String label = Files.readString(file, StandardCharsets.UTF_8);
        Lsn start = location(START_LOCATION, label, file);
        Lsn location = location(CHECKPOINT_LOCATION, label, file);
        WalRecord record = WalFolder.recordAt(wal, location);
        boolean isCheckPoint =
                record.resourceManager() == ResourceManager.RM_XLOG_ID
                        && (record.rmgrInfo() == CHECKPOINT_SHUTDOWN
                                || record.rmgrInfo() == CHECKPOINT_ONLINE);
        if (!isCheckPoint) {
            throw new IOException(file + " names as its checkpoint the " + record);
        }
        byte[] struct =
                Arrays.copyOfRange(
                        record.raw(),
                        record.mainOffset(),
                        record.mainOffset() + record.mainLength());
        boolean fromStandby = FROM_STANDBY.matcher(label).find();
        return new RecoveryStart(
                base.major().checkPoint(struct).redo(),
                struct,
                fromStandby
                        ? new FitsTogether.FromLsn(base.control().minRecoveryPoint())
                        : new FitsTogether.AfterBackup(start));
    }

    private static Lsn location(Pattern pattern, String label, Path file) throws IOException {
        Matcher matcher = pattern.matcher(label);
        if (!matcher.find()) {
            throw new IOException(file + " is no backup label of Postgres");
        }
        return Lsn.parse(matcher.group(1));
    }
}
