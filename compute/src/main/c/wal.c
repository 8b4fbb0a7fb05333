/*
 * The WAL disk: how far WAL has been written, and the flush that means quorum.
 *
 * Postgres writes whole WAL pages and rewrites the last one as it fills, so "written up to" may
 * stand still while WAL grows inside the last page: it is a bound, never a reason to skip a flush.
 * A flush covers what the flushed segment holds. A segment of which nothing was ever written (a new
 * or recycled one that durable_rename syncs) has nothing to cover and costs nothing.
 */
#include "shim.h"

#include <errno.h>

void shim_wal_wrote(uint64_t end) {
    uint64_t seen = atomic_load(&shim_manifest->wal_written);
    while (seen < end && !atomic_compare_exchange_weak(&shim_manifest->wal_written, &seen, end))
        ;
}

int shim_wal_flush(uint64_t segment_start) {
    uint64_t written = atomic_load(&shim_manifest->wal_written);
    uint64_t segment_end = segment_start + shim_manifest->wal_segment_bytes;
    if (written <= segment_start)
        return 0;
    if (written > segment_end)
        written = segment_end;
    char reason[AGENT_REASON_BYTES];
    if (agent_flush(written, reason)) {
        shim_say("WAL up to %X/%X is not durable: %s", (unsigned)(written >> 32),
                 (unsigned)written, reason);
        errno = EIO;
        return -1;
    }
    return 0;
}
