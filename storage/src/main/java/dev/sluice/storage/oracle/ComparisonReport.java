package dev.sluice.storage.oracle;

import java.util.List;

/**
 * What a comparison of the redone cluster with a data directory found.
 *
 * @param forks relation forks that are in one or both of them
 * @param blocks of those
 * @param slruBlocks blocks of SLRU segments
 * @param files relation maps, databases' {@code PG_VERSION}, two-phase states, replication origins
 * @param checkPointCompared whether the control file's checkpoint could be compared: only a
 *     shutdown checkpoint at the very end has all counters exactly
 * @param differences the first of them, for people
 * @param differenceCount all of them
 */
public record ComparisonReport(
        long forks,
        long blocks,
        long slruBlocks,
        long files,
        boolean checkPointCompared,
        List<String> differences,
        long differenceCount) {}
