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
            public void giveUpIdle() {
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

    @Test
    void eachLimitForbidsWhatIsBeyondIt() {
        EndpointBudget.Member one = member("app", "alice");
        EndpointBudget.Member sameDatabase = member("app", "bob");
        EndpointBudget.Member sameRole = member("other", "alice");
        EndpointBudget.Member neither = member("other", "bob");
        for (PoolSettings settings :
                List.of(settings(1, 9, 9), settings(9, 1, 9), settings(9, 9, 1))) {
            EndpointBudget budget = budget(settings, one, sameDatabase, sameRole, neither);
            assertThat(budget.takeServer(one)).isTrue();
            assertThat(budget.takeServer(one)).isFalse();
            assertThat(budget.takeServer(sameDatabase)).isEqualTo(settings.perRole() == 1);
            assertThat(budget.takeServer(sameRole)).isEqualTo(settings.perDatabase() == 1);
            budget.returnServer(one);
            assertThat(budget.takeServer(one)).as("%s", settings).isTrue();
        }
    }

    @Test
    void othersAreAskedToGiveUpAndTheStarvedAreToldInTheOrderInWhichTheyAsked() {
        EndpointBudget.Member rich = member("app", "rich");
        EndpointBudget.Member first = member("app", "first");
        EndpointBudget.Member second = member("app", "second");
        EndpointBudget budget = budget(settings(1, 9, 9), rich, second, first);
        budget.takeServer(rich);
        budget.takeServer(first);
        assertThat(told).containsExactly("app rich: give up", "app second: give up");
        budget.takeServer(second);
        budget.takeServer(first);
        told.clear();
        budget.returnServer(rich);
        assertThat(told).containsExactly("app first: room", "app second: room");
        told.clear();
        assertThat(budget.takeServer(first)).isTrue();
        budget.returnServer(first);
        assertThat(told).as("nobody has asked since").isEmpty();
    }

    @Test
    void whoHasLeftIsNotTold() {
        EndpointBudget.Member rich = member("app", "rich");
        EndpointBudget.Member poor = member("app", "poor");
        EndpointBudget budget = budget(settings(1, 9, 9), rich, poor);
        budget.takeServer(rich);
        budget.takeServer(poor);
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
                assertThat(budget.takeServer(member))
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
