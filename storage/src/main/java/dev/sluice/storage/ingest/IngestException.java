package dev.sluice.storage.ingest;

import dev.sluice.walservice.wal.WalRecord;
import java.io.IOException;
import java.io.Serial;

/**
 * A WAL record that ingest cannot or will not file. The message names timeline, position, resource
 * manager and info, and says why. Ingest of the timeline stops there: nothing is skipped.
 */
public final class IngestException extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    public IngestException(String timeline, WalRecord record, String problem) {
        super(message(timeline, record, problem));
    }

    public IngestException(String timeline, WalRecord record, String problem, Throwable cause) {
        super(message(timeline, record, problem), cause);
    }

    private static String message(String timeline, WalRecord record, String problem) {
        return "timeline " + timeline + ": cannot ingest " + record + ": " + problem;
    }
}
