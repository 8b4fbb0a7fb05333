package dev.sluice.walservice.client;

/**
 * How much room a safekeeper has for WAL, and whether its disk takes it.
 *
 * @param directory where it keeps it
 * @param usable free bytes of that file system
 * @param total its size in bytes
 * @param reserve bytes that appends leave free
 * @param full whether appends are refused now
 * @param refused how many appends have been refused for lack of room since it was started
 * @param failing whether the last attempt to make WAL durable failed
 * @param failedSyncs how many have since it was started
 */
public record SpaceReport(
        long nodeId,
        String directory,
        long usable,
        long total,
        long reserve,
        boolean full,
        long refused,
        boolean failing,
        long failedSyncs) {

    /** Worth a warning: it will be full before long. */
    public boolean isLow() {
        return full || usable < 10 * reserve;
    }
}
