package dev.sluice.walservice.proposer;

import dev.sluice.wire.Lsn;

/**
 * Learns how a flush ended: one call, from whichever thread knows first, which it must not block.
 */
public interface FlushListener {
    /**
     * @param end of the last whole record below what was to be flushed
     */
    void durable(Lsn end);

    void failed(Exception why);
}
