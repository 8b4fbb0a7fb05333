package dev.sluice.gateway.pooling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;

class EndpointBudgetTest {
    private final List<String> told = new ArrayList<>();

    private static PoolSettings settings(int perEndpoint, int perDatabase, int perRole) {
        return new PoolSettings(
                100,
                perEndpoint,
                perDatabase,
                perRole,
                100,
                3,
                Duration.ofSeconds(1),
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofSeconds(30),
                200,
                Set.of());
    }

    private EndpointBudget.Member member(String database, String role) {
        PoolKey key = new PoolKey("ep-x", database, role);
        return new EndpointBudget.Member() {
            @Override
            public PoolKey key() {
                return key;
            }

            @Override
            public void roomMayBe() {
                told.add(database + " " + role + ": room");
            }

            @Override
            public void giveUp() {
                told.add(database + " " + role + ": give up");
            }
        };
    }

    private EndpointBudget budget(PoolSettings settings, EndpointBudget.Member... members) {
        EndpointBudget budget = new EndpointBudget(() -> settings);
        for (EndpointBudget.Member member : members) {
            budget.join(member);
        }
        return budget;
    }

    private static boolean take(EndpointBudget budget, EndpointBudget.Member member) {
        return budget.takeServer(member, 0, 0);
    }

    @Test
    void eachLimitForbidsWhatIsBeyondIt() {
        EndpointBudget.Member one = member("app", "alice");
        EndpointBudget.Member sameDatabase = member("app", "bob");
        EndpointBudget.Member sameRole = member("other", "alice");
        EndpointBudget.Member neither = member("other", "bob");
        for (PoolSettings settings :
                List.of(settings(1, 9, 9), settings(9, 1, 9), settings(9, 9, 1))) {
            EndpointBudget budget = budget(settings, one, sameDatabase, sameRole, neither);
            assertThat(take(budget, one)).isTrue();
            assertThat(take(budget, one)).isFalse();
            assertThat(take(budget, sameDatabase)).isEqualTo(settings.perRole() == 1);
            assertThat(take(budget, sameRole)).isEqualTo(settings.perDatabase() == 1);
            budget.returnServer(one);
            assertThat(take(budget, one)).as("%s", settings).isTrue();
        }
    }

    @Test
    void othersAreAskedToGiveUpAndWhoHasWaitedLongestIsToldAndServedFirst() {
        EndpointBudget.Member rich = member("app", "rich");
        EndpointBudget.Member first = member("app", "first");
        EndpointBudget.Member second = member("app", "second");
        EndpointBudget budget = budget(settings(1, 9, 9), rich, second, first);
        take(budget, rich);
        budget.takeServer(second, 20, 20);
        assertThat(told()).containsExactly("app rich: give up", "app first: give up");
        budget.takeServer(first, 10, 30);
        assertThat(told()).containsExactly("app rich: give up", "app second: give up");
        budget.returnServer(rich);
        assertThat(told()).containsExactly("app first: room");
        assertThat(budget.takeServer(rich, 40, 40)).as("it is kept").isFalse();
        assertThat(budget.takeServer(second, 20, 40)).as("it is kept").isFalse();
        assertThat(told()).containsExactly("app first: room", "app first: room");
        assertThat(budget.takeServer(first, 10, 40)).isTrue();
        assertThat(told()).isEmpty();
        budget.returnServer(first);
        assertThat(told()).containsExactly("app second: room");
        budget.wantsNone(second);
        assertThat(told())
                .as("it is kept for nobody who does not want it")
                .containsExactly("app rich: room");
        assertThat(budget.takeServer(rich, 40, 40)).isTrue();
        budget.returnServer(rich);
        assertThat(told()).as("nobody has asked since").isEmpty();
    }

    @Test
    void whoIsStarvedDoesNotAskTheOthersAllTheTime() {
        EndpointBudget.Member rich = member("app", "rich");
        EndpointBudget.Member poor = member("app", "poor");
        EndpointBudget budget = budget(settings(1, 9, 9), rich, poor);
        take(budget, rich);
        long now = 0;
        for (int i = 0; i < 100; i++) {
            budget.takeServer(poor, 0, now);
            now += 1_000_000;
        }
        assertThat(told()).containsExactly("app rich: give up", "app rich: give up");
    }

    @Test
    void aConnectionIsNeededByThoseWithinTheSameLimitWhoHaveWaitedLonger() {
        EndpointBudget.Member rich = member("app", "rich");
        EndpointBudget.Member poor = member("app", "poor");
        EndpointBudget.Member elsewhere = member("other", "rich");
        EndpointBudget budget = budget(settings(9, 1, 9), rich, poor, elsewhere);
        take(budget, rich);
        take(budget, elsewhere);
        assertThat(budget.isNeeded(rich, 0, 100)).as("nobody is starved").isFalse();
        budget.takeServer(poor, 50, 50);
        assertThat(budget.isNeeded(rich, 0, 100)).as("nobody waits here").isTrue();
        assertThat(budget.isNeeded(rich, 49, 100)).isTrue();
        assertThat(budget.isNeeded(rich, 50, 100)).isFalse();
        assertThat(budget.isNeeded(poor, 0, 100)).as("its own").isFalse();
        assertThat(budget.isNeeded(elsewhere, 0, 100)).as("another limit").isFalse();
        budget.returnServer(rich);
        assertThat(budget.isNeeded(rich, 0, 100)).as("there is room").isFalse();
    }

    private List<String> told() {
        List<String> now = List.copyOf(told);
        told.clear();
        return now;
    }

    @Test
    void whoHasLeftIsNotTold() {
        EndpointBudget.Member rich = member("app", "rich");
        EndpointBudget.Member poor = member("app", "poor");
        EndpointBudget budget = budget(settings(1, 9, 9), rich, poor);
        take(budget, rich);
        take(budget, poor);
        budget.leave(poor);
        told.clear();
        budget.returnServer(rich);
        assertThat(told).isEmpty();
        assertThat(budget.isEmpty()).isFalse();
        budget.leave(rich);
        assertThat(budget.isEmpty()).isTrue();
    }

    @Test
    void clientsAreCountedByThemselves() {
        EndpointBudget budget = budget(settings(1, 1, 1));
        for (int i = 0; i < 3; i++) {
            assertThat(budget.takeClient()).isTrue();
        }
        assertThat(budget.takeClient()).isFalse();
        budget.returnClient();
        assertThat(budget.takeClient()).isTrue();
    }

    /** Whoever takes and returns when, no limit is ever exceeded, and none forbids too early. */
    @Test
    void limitsHoldInRandomSchedules() {
        long seed = Long.getLong("sluice.seed", new Random().nextLong());
        Random random = new Random(seed);
        PoolSettings limits = settings(7, 4, 3);
        List<EndpointBudget.Member> members = new ArrayList<>();
        for (String database : List.of("a", "b", "c")) {
            for (String role : List.of("x", "y", "z")) {
                members.add(member(database, role));
            }
        }
        EndpointBudget budget = budget(limits, members.toArray(EndpointBudget.Member[]::new));
        Map<PoolKey, Integer> held = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            EndpointBudget.Member member = members.get(random.nextInt(members.size()));
            PoolKey key = member.key();
            if (random.nextBoolean()) {
                boolean allowed =
                        sum(held, k -> 1) < 7
                                && sum(held, k -> k.database().equals(key.database()) ? 1 : 0) < 4
                                && sum(held, k -> k.role().equals(key.role()) ? 1 : 0) < 3;
                assertThat(take(budget, member))
                        .as("-Dsluice.seed=%d, step %d: %s of %s", seed, step, key, held)
                        .isEqualTo(allowed);
                if (allowed) {
                    held.merge(key, 1, Integer::sum);
                }
            } else if (held.getOrDefault(key, 0) > 0) {
                held.merge(key, -1, Integer::sum);
                budget.returnServer(member);
            }
            told.clear();
        }
    }

    private static int sum(Map<PoolKey, Integer> held, ToIntFunction<PoolKey> counts) {
        return held.entrySet().stream()
                .mapToInt(entry -> entry.getValue() * counts.applyAsInt(entry.getKey()))
                .sum();
    }
}
