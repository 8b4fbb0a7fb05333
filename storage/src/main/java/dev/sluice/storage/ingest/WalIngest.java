package dev.sluice.storage.ingest;

import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;

/**
 * Turns a timeline's WAL records, one after the other, into modifications of its keys.
 * Deterministic: the same records over the same timeline give the same modifications, so ingest can
 * begin again at any record boundary whose state is still readable.
 *
 * <p>Has no I/O of its own but reads, through the timeline's reader, what the timeline held just
 * before the record: so what a record puts must be readable, at the record's end LSN, before the
 * next record is ingested. One thread at a time.
 */
public interface WalIngest {

    /** The end of the last ingested record, or where ingest began. */
    Lsn position();

    /**
     * Files what the record changes.
     *
     * @param record the one that follows {@link #position}
     * @throws IngestException if the record, or something in it, is unknown, refused, or does not
     *     fit the timeline. What was put is then to be thrown away, and this object with it
     * @throws IOException if the timeline cannot be read or the sink cannot take more
     */
    void ingest(WalRecord record, ModificationSink sink) throws IOException;
}
