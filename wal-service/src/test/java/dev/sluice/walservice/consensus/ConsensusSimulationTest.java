package dev.sluice.walservice.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Schedules from {@code sluice.simulation.seed} (1) on, {@code sluice.simulation.schedules} (400)
 * of them. A failure names the seed, and shows what happened last.
 */
final class ConsensusSimulationTest {
    private static final int SCHEDULES = Integer.getInteger("sluice.simulation.schedules", 400);
    private static final long FIRST_SEED = Long.getLong("sluice.simulation.seed", 1);
    private static final int TO_FIND_A_BUG = 10_000;
    private static final int SHOWN = 60;

    @Test
    void everyInvariantHoldsAfterEveryEvent() {
        Tally total = new Tally();
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed++) {
            total.add(run(seed));
        }
        System.out.println(
                "seeds " + FIRST_SEED + " to " + (FIRST_SEED + SCHEDULES - 1) + ": " + total);
        for (Happening happening : Happening.values()) {
            assertThat(total.of(happening)).as(happening.name()).isPositive();
        }
    }

    private static Tally run(long seed) {
        try {
            return new ConsensusSimulation(seed, ProtocolRules.TRUE, null).run();
        } catch (AssertionError | RuntimeException e) {
            List<String> trace = new ArrayList<>();
            assertThatThrownBy(() -> new ConsensusSimulation(seed, ProtocolRules.TRUE, trace).run())
                    .hasMessage(e.getMessage());
            List<String> last = trace.subList(Math.max(0, trace.size() - SHOWN), trace.size());
            throw new AssertionError(
                    "seed " + seed + ": " + e.getMessage() + "\n" + String.join("\n", last), e);
        }
    }

    @Test
    void theSameSeedGivesTheSameLog() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + 20; seed++) {
            List<String> first = new ArrayList<>();
            List<String> second = new ArrayList<>();
            new ConsensusSimulation(seed, ProtocolRules.TRUE, first).run();
            new ConsensusSimulation(seed, ProtocolRules.TRUE, second).run();
            assertThat(first).hasSizeGreaterThan(100).isEqualTo(second);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPlantedBugIsFound(PlantedBug bug) {
        for (long seed = 1; seed <= TO_FIND_A_BUG; seed++) {
            try {
                new ConsensusSimulation(seed, bug, null).run();
            } catch (Invariant.Violation e) {
                System.out.println(bug + " is found by schedule " + seed + ": " + e.invariant());
                return;
            } catch (IllegalArgumentException refused) {
                // the core itself noticed, which is not what is to be shown here
            }
        }
        throw new AssertionError(bug + " is not found in " + TO_FIND_A_BUG + " schedules");
    }
}
