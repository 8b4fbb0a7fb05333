package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.WalRecord;

/** Positions of a record's fields, checked to lie inside the part of the record they belong to. */
final class RecordFields {
    private RecordFields() {}

    /** Where the main data begins, of which at least {@code bytes} are needed. */
    static int main(WalRecord record, int bytes) throws RedoException {
        if (record.mainLength() < bytes) {
            throw new RedoException(
                    "main data of " + record.mainLength() + " bytes, " + bytes + " are needed");
        }
        return record.mainOffset();
    }

    /** Where a block's data begins, of which at least {@code bytes} are needed. */
    static int data(WalRecord record, int block, int bytes) throws RedoException {
        if (record.blockDataLength(block) < bytes) {
            throw new RedoException(
                    "block data of "
                            + record.blockDataLength(block)
                            + " bytes, "
                            + bytes
                            + " are needed");
        }
        return record.blockDataOffset(block);
    }

    /** Just past the main data, which is the record's last. */
    static int mainEnd(WalRecord record) {
        return record.mainOffset() + record.mainLength();
    }

    static int dataEnd(WalRecord record, int block) {
        return record.blockDataOffset(block) + record.blockDataLength(block);
    }

    /** Checks that {@code bytes} from {@code at} on end no later than {@code end}. */
    static void need(int at, int bytes, int end) throws RedoException {
        if (bytes < 0 || bytes > end - at) {
            throw new RedoException(
                    "data is cut short: " + bytes + " bytes needed, " + (end - at) + " left");
        }
    }

    /**
     * Checks that the record initialises a block's page when its type and fields say so, and only
     * then.
     *
     * @return {@code expected}
     */
    static boolean init(WalRecord record, int block, boolean expected) throws RedoException {
        if (record.blockWillInit(block) != expected) {
            throw new RedoException(
                    "the page is "
                            + (expected ? "" : "not ")
                            + "to be initialized, the reference to it says otherwise");
        }
        return expected;
    }

    /** For record types that change one block alone. */
    static void onlyBlock(int block, int expected) throws RedoException {
        if (block != expected) {
            throw noSuchBlock(block);
        }
    }

    static RedoException unknown(WalRecord record) {
        return new RedoException("unknown record type");
    }

    static RedoException noSuchBlock(int block) {
        return new RedoException("this record type changes no block " + block);
    }
}
