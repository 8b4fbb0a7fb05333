package dev.sluice.gateway.pooling.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random schedules. Whatever happens when: there are never more server connections than allowed,
 * the line is served in its order, nobody waits while one is idle or for longer than its patience,
 * and all are served in the end. Repeat one with {@code -Dsluice.seed}.
 */
class PoolQueueScheduleTest {
    private static final int STEPS = 20_000;
    private static final PoolLimits LIMITS = new PoolLimits(4, 50, 500, 100);

    /** What must be true, beside the queue. */
    private static final class World implements PoolQueue.Actions<Integer, Integer> {
        final Random random;
        final PoolQueue<Integer, Integer> queue = new PoolQueue<>(LIMITS, this);
        final Deque<Waiter<Integer>> line = new ArrayDeque<>();
        final List<Waiter<Integer>> resting = new ArrayList<>();
        final List<Waiter<Integer>> served = new ArrayList<>();
        final List<Slot<Integer>> serving = new ArrayList<>();
        final List<Slot<Integer>> idle = new ArrayList<>();
        int most = LIMITS.size();
        int opening;
        int servers;
        boolean budget = true;
        long now;

        World(Random random, int clients) {
            this.random = random;
            for (int i = 0; i < clients; i++) {
                resting.add(new Waiter<>(i));
            }
        }

        @Override
        public void waits() {}

        @Override
        public void assign(Waiter<Integer> client, Slot<Integer> server) {
            if (line.contains(client)) {
                assertThat(line.peek()).as("the first in line").isSameAs(client);
                line.poll();
            } else {
                assertThat(line).as("others wait").isEmpty();
            }
            idle.remove(server);
            served.add(client);
            serving.add(server);
        }

        @Override
        public boolean open() {
            if (!budget) {
                return false;
            }
            opening++;
            assertThat(opening + serving.size() + idle.size()).isLessThanOrEqualTo(most);
            return true;
        }

        @Override
        public void close(Slot<Integer> server) {
            idle.remove(server);
        }

        @Override
        public boolean isNeededElsewhere(long wait, long now) {
            return random.nextBoolean();
        }

        @Override
        public void refuse(Waiter<Integer> client, PoolQueue.Refusal why) {
            assertThat(line.poll()).as("the first in line").isSameAs(client);
            if (why == PoolQueue.Refusal.WAITED_TOO_LONG) {
                assertThat(now - client.since()).isGreaterThanOrEqualTo(LIMITS.patience());
            } else {
                assertThat(opening + serving.size() + idle.size()).isZero();
            }
            resting.add(client);
        }

        @Override
        public void paused() {
            assertThat(serving).isEmpty();
            assertThat(opening).isZero();
        }

        private <T> T any(List<T> of) {
            return of.remove(random.nextInt(of.size()));
        }

        void ask() {
            if (!resting.isEmpty()) {
                Waiter<Integer> client = any(resting);
                int before = served.size();
                // assigned in the call, or at the end of the line
                queue.ask(client, now);
                if (served.size() == before) {
                    line.add(client);
                }
            }
        }

        void serverIsDone(boolean dead) {
            if (serving.isEmpty()) {
                return;
            }
            int index = random.nextInt(serving.size());
            Slot<Integer> server = serving.remove(index);
            Waiter<Integer> client = served.remove(index);
            if (!dead) {
                resting.add(client);
                giveBack(server);
                return;
            }
            queue.lost(server, now);
            if (random.nextBoolean()) {
                line.push(client);
                queue.askAgain(client, now);
            } else {
                resting.add(client);
            }
        }

        private void giveBack(Slot<Integer> server) {
            queue.giveBack(server, now);
            if (server.isIdle()) {
                idle.add(server);
            }
        }

        void opened(boolean failed) {
            if (opening == 0) {
                return;
            }
            opening--;
            if (failed) {
                queue.openFailed(now);
            } else {
                Slot<Integer> server = new Slot<>(servers++);
                server.mark(random.nextInt(3));
                queue.opened(server, now);
                if (server.isIdle()) {
                    idle.add(server);
                }
            }
        }

        void idleDies() {
            if (!idle.isEmpty()) {
                queue.lost(any(idle), now);
            }
        }

        void step() {
            now += random.nextInt(4);
            switch (random.nextInt(40)) {
                case 0 -> queue.pause();
                case 1, 2 -> queue.resume(now);
                case 3 -> queue.reconnect(now);
                case 4 -> idleDies();
                case 5 -> serverIsDone(true);
                case 6 -> opened(true);
                case 7 -> {
                    most = 1 + random.nextInt(6);
                    queue.change(
                            new PoolLimits(
                                    most, LIMITS.patience(), LIMITS.lifetime(), LIMITS.idle()));
                }
                case 8 -> budget = random.nextInt(4) > 0;
                case 9 -> {
                    if (!line.isEmpty()) {
                        Waiter<Integer> leaving = line.pollLast();
                        queue.withdraw(leaving);
                        resting.add(leaving);
                    }
                }
                case 10, 11, 12, 13 -> {
                    queue.tick(now);
                    if (!queue.isPaused()) {
                        assertThat(line)
                                .allMatch(client -> now - client.since() < LIMITS.patience());
                    }
                    assertThat(idle)
                            .allMatch(server -> now - server.idleSince() < LIMITS.idle())
                            .allMatch(server -> now - server.openedAt() < LIMITS.lifetime());
                }
                case 14, 15, 16, 17, 18, 19, 20 -> opened(false);
                case 21, 22, 23, 24, 25, 26, 27, 28, 29 -> serverIsDone(false);
                case 30 -> queue.giveUp(now);
                default -> ask();
            }
            check();
        }

        void check() {
            assertThat(queue.waiting()).as("waiting").isEqualTo(line.size());
            assertThat(queue.busy()).as("busy").isEqualTo(serving.size());
            assertThat(queue.idle()).as("idle").isEqualTo(idle.size());
            assertThat(queue.opening()).as("opening").isEqualTo(opening);
            assertThat(line.isEmpty() || idle.isEmpty())
                    .as("nobody waits for an idle one")
                    .isTrue();
            if (queue.isPaused()) {
                assertThat(idle).isEmpty();
            }
        }
    }

    private static long seed() {
        return Long.getLong("sluice.seed", new Random().nextLong());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 50})
    void nothingThatHappensBreaksTheRules(int clients) {
        long seed = seed();
        World world = new World(new Random(seed), clients);
        int step = 0;
        try {
            for (; step < STEPS; step++) {
                world.step();
            }
            world.budget = true;
            world.queue.resume(world.now);
            while (!world.line.isEmpty()) {
                world.now += 2_000_000_000L; // no attempt to open waits for its turn
                world.queue.grow(world.now);
                world.opened(false);
                world.serverIsDone(false);
                world.check();
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("-Dsluice.seed=%d, step %d".formatted(seed, step), e);
        }
    }

    /** Whoever asks again and again gets as much as others that do. */
    @Test
    void everyClientHasItsShare() {
        long seed = seed();
        Random random = new Random(seed);
        World world = new World(random, 30);
        int[] shares = new int[30];
        while (!world.resting.isEmpty()) {
            world.ask();
        }
        int grants = 30_000;
        for (int i = 0; i < grants; ) {
            world.now++;
            world.opened(false);
            if (!world.serving.isEmpty()) {
                int index = random.nextInt(world.serving.size());
                shares[world.served.get(index).client()]++;
                Slot<Integer> server = world.serving.remove(index);
                Waiter<Integer> client = world.served.remove(index);
                world.giveBack(server);
                world.resting.add(client);
                world.ask();
                i++;
            }
        }
        // random ends of four transactions at a time put some ahead by a few turns, not more
        for (int share : shares) {
            assertThat(share).as("-Dsluice.seed=%d", seed).isBetween(950, 1050);
        }
    }
}
