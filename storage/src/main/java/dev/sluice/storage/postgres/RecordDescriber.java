package dev.sluice.storage.postgres;

import dev.sluice.walservice.wal.WalRecord;

/**
 * Says in words what WAL records of one Postgres major are, with the words of {@code pg_waldump}.
 * Stateless.
 */
public interface RecordDescriber {

    /**
     * The record's type as its resource manager calls it: {@code INSERT_LEAF}, {@code INSERT+INIT};
     * {@code UNKNOWN (f0)} with the info bits for one that this major does not have.
     */
    String type(WalRecord record);

    /**
     * What the record's fields say. Never fails: where a record's data ends before a field, the
     * text ends with a remark that says so.
     */
    String describe(WalRecord record);
}
