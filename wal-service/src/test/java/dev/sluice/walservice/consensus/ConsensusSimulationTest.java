package dev.sluice.walservice.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ConsensusSimulationTest {
    private static final int SCHEDULES = Integer.getInteger("sluice.simulation.schedules", 400);
    private static final long FIRST_SEED = Long.getLong("sluice.simulation.seed", 1);

    @Test
    void nothingAcknowledgedIsLostAndATermHasOneWriter() {
        ConsensusSimulation.Outcome total = new ConsensusSimulation.Outcome(0, 0, 0, 0, 0);
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
            try {
                total = total.plus(new ConsensusSimulation(seed).run(2000));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
            }
        }
        System.out.println("seeds from " + FIRST_SEED + ": " + total);
        assertThat(total.elections()).isGreaterThan(SCHEDULES);
        assertThat(total.fencings()).isPositive();
        assertThat(total.truncations()).isPositive();
        assertThat(total.crashes()).isPositive();
        assertThat(total.committed()).isPositive();
    }
}
