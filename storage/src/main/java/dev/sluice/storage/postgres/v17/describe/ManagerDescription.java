package dev.sluice.storage.postgres.v17.describe;

import dev.sluice.walservice.wal.WalRecord;
import org.jspecify.annotations.Nullable;

/**
 * One resource manager's records in words ({@code rm_identify} and {@code rm_desc} of {@code
 * access/rmgrlist.h}).
 */
interface ManagerDescription {

    /**
     * @param info the manager's four info bits, 0x00 to 0xF0
     * @return the type's name; null if there is no such type
     */
    @Nullable String type(int info);

    /**
     * Writes what the record's fields say; nothing for a type that has no more to tell.
     *
     * @throws IndexOutOfBoundsException where the record's data ends before a field
     */
    void describe(WalRecord record, Words out);
}
