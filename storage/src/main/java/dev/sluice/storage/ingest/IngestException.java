package dev.sluice.storage.ingest;

import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.io.Serial;

/**
 * A WAL record that ingest cannot or will not file. The message names timeline, position, resource
 * manager, info and blocks, and says why. Ingest of the timeline stops there: nothing is skipped.
 */
public final class IngestException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    /** Most records have no more. */
    private static final int NAMED_BLOCKS = 4;

    public IngestException(String timeline, WalRecord record, String problem) {
        super(message(timeline, record, problem));
    }

    public IngestException(String timeline, WalRecord record, String problem, Throwable cause) {
        super(message(timeline, record, problem), cause);
    }

    private static String message(String timeline, WalRecord record, String problem) {
        return "timeline "
                + timeline
                + ": cannot ingest "
                + record
                + blocks(record)
                + ": "
                + problem;
    }

    /** The blocks that the record changes, as far as it names them. */
    private static String blocks(WalRecord record) {
        StringBuilder blocks = new StringBuilder();
        int named = 0;
        for (int id = 0; id < record.blockCount() && named < NAMED_BLOCKS; id++) {
            if (record.hasBlock(id)) {
                blocks.append(named == 0 ? " on " : ", ")
                        .append("relation ")
                        .append(record.blockRelation(id))
                        .append(record.blockFork(id).suffix())
                        .append(" block ")
                        .append(Integer.toUnsignedString(record.blockNumber(id)));
                named++;
            }
        }
        return blocks.toString();
    }
}
