package dev.sluice.gateway;

import java.util.List;

/**
 * What came of parking an endpoint's sessions.
 *
 * @param parked sessions that have no server connection now
 * @param ended idle sessions that could not be parked, and were told so
 * @param keeping why the compute is still needed, a line for each session; then none was parked and
 *     none ended
 */
public record ParkReport(int parked, int ended, List<String> keeping) {
    public ParkReport {
        keeping = List.copyOf(keeping);
    }

    /** Whether no idle session stands in the compute's way any more. */
    public boolean isFree() {
        return keeping.isEmpty();
    }
}
