package dev.sluice.storage.template;

import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** The last WAL record of a cleanly stopped data directory: its shutdown checkpoint. */
final class ShutdownRecord {
    private static final int CHECKPOINT_SHUTDOWN = 0x00;

    private ShutdownRecord() {}

    /**
     * @throws IOException if the WAL does not have, where the control file says, the checkpoint
     *     that the control file has
     */
    static WalRecord find(Path directory, ControlFile control) throws IOException {
        Lsn start = control.checkPointLocation();
        WalRecord record = read(directory, start);
        byte[] main =
                Arrays.copyOfRange(
                        record.raw(),
                        record.mainOffset(),
                        record.mainOffset() + record.mainLength());
        if (record.resourceManager() != ResourceManager.RM_XLOG_ID
                || record.rmgrInfo() != CHECKPOINT_SHUTDOWN
                || !Arrays.equals(main, control.checkPoint().bytes())) {
            throw new IOException(
                    directory + ": not the control file's shutdown checkpoint: " + record);
        }
        return record;
    }

    /** The record may go on in the next segment. */
    private static WalRecord read(Path directory, Lsn start) throws IOException {
        WalDecoder decoder = new WalDecoder(start);
        long first = WalSegments.segmentOf(start);
        for (long segment = first; segment <= first + 1; segment++) {
            Path file = directory.resolve("pg_wal").resolve(WalSegments.fileName(segment));
            ByteBuffer wal = ByteBuffer.wrap(Files.readAllBytes(file));
            decoder.feed(segment == first ? wal.position(WalSegments.segmentOffset(start)) : wal);
            WalRecord record = decoder.next();
            if (record != null) {
                return record;
            }
        }
        throw new IOException(directory + " has no whole WAL record at " + start);
    }
}
