package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.postgres.CheckPoint;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalLayout;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Has a cleanly stopped new cluster go on as if it had written much WAL and had many transactions
 * (as {@code pg_resetwal} does): the high halves of LSNs are not zero then, nor the high bytes of
 * transaction ids, and redo that loses them is found out.
 */
final class LaterStart {
    private static final long SEGMENT = 0x305;
    private static final int XID = 123_456_789;

    private static final int NEXT_XID_AT = 24;
    private static final int COMMIT_LOG_SEGMENT_BYTES = 32 * 8192;
    private static final int XIDS_PER_COMMIT_LOG_SEGMENT = 4 * COMMIT_LOG_SEGMENT_BYTES;

    private LaterStart() {}

    static void of(Path data) throws IOException {
        Path controlFile = data.resolve("global/pg_control");
        ControlFile control = Postgres17.INSTANCE.controlFile(Files.readAllBytes(controlFile));
        Lsn start = WalSegments.recordStart(WalSegments.segmentStart(SEGMENT));
        byte[] struct = control.checkPoint().asShutdown(start, 0).bytes().clone();
        LittleEndian.put64(struct, NEXT_XID_AT, XID);
        CheckPoint checkPoint = Postgres17.INSTANCE.checkPoint(struct);
        byte[] record =
                RecordEncoder.encodeRecord(
                        ResourceManager.RM_XLOG_ID, 0, 0, control.checkPointLocation(), struct);
        byte[] segment = new byte[WalSegments.SIZE];
        WalLayout.layDown(record, start, Postgres17.NUMBER, control.systemIdentifier())
                .writeInto(segment, SEGMENT);
        write(data, "pg_wal/" + WalSegments.fileName(SEGMENT), segment);
        write(
                data,
                String.format("pg_xact/%04X", XID / XIDS_PER_COMMIT_LOG_SEGMENT),
                new byte[COMMIT_LOG_SEGMENT_BYTES]);
        Files.write(controlFile, control.shutDownAt(start, checkPoint, 0).toFile());
    }

    /** Writes a file that belongs to whom the directory does. */
    private static void write(Path data, String name, byte[] content) throws IOException {
        Path file = Files.write(data.resolve(name), content);
        Files.setOwner(file, Files.getOwner(data));
    }
}
