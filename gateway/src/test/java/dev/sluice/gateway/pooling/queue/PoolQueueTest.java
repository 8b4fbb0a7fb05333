package dev.sluice.gateway.pooling.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One decision after the other, by a clock that only the test moves. */
class PoolQueueTest {
    private static final long PATIENCE = 100;
    private static final long LIFETIME = 1000;
    private static final long IDLE = 300;
    private static final long RETRY = 1_000_000_000L;

    private final List<String> done = new ArrayList<>();
    private boolean mayOpen = true;
    private int begunToWait;
    private long neededFor;
    private final PoolQueue<String, String> queue = queue(2);

    private PoolQueue<String, String> queue(int size) {
        return queue(size, LIFETIME);
    }

    private PoolQueue<String, String> queue(int size, long lifetime) {
        return new PoolQueue<>(
                new PoolLimits(size, PATIENCE, lifetime, IDLE),
                new PoolQueue.Actions<>() {
                    @Override
                    public void assign(Waiter<String> client, Slot<String> server) {
                        done.add(client.client() + " gets " + server.server());
                    }

                    @Override
                    public void waits() {
                        begunToWait++;
                    }

                    @Override
                    public boolean open() {
                        if (mayOpen) {
                            done.add("open");
                        }
                        return mayOpen;
                    }

                    @Override
                    public void close(Slot<String> server) {
                        done.add("close " + server.server());
                    }

                    @Override
                    public boolean isNeededElsewhere(long wait, long now) {
                        return wait < neededFor;
                    }

                    @Override
                    public void refuse(Waiter<String> client, PoolQueue.Refusal why) {
                        done.add(client.client() + " " + why);
                    }

                    @Override
                    public void paused() {
                        done.add("paused");
                    }
                });
    }

    private static PoolLimits limits(int size) {
        return new PoolLimits(size, PATIENCE, LIFETIME, IDLE);
    }

    private List<String> done() {
        List<String> now = List.copyOf(done);
        done.clear();
        return now;
    }

    private Waiter<String> ask(String client, long now) {
        Waiter<String> place = new Waiter<>(client);
        queue.ask(place, now);
        return place;
    }

    private Slot<String> opened(String name, long now) {
        Slot<String> server = new Slot<>(name);
        queue.opened(server, now);
        return server;
    }

    /** Server connections that nobody has, opened one nanosecond after the other. */
    private List<Slot<String>> idle(String... names) {
        List<Waiter<String>> nobodies = new ArrayList<>();
        for (String name : names) {
            nobodies.add(ask(name, 0));
        }
        nobodies.forEach(queue::withdraw);
        List<Slot<String>> idle = new ArrayList<>();
        for (String name : names) {
            idle.add(opened(name, idle.size()));
        }
        assertThat(idle).allMatch(Slot::isIdle);
        done();
        return idle;
    }

    @Test
    void whoComesWhenNoneCouldBeOpenedHasOneOpenedAtOnce() {
        ask("a", 0);
        ask("b", 0);
        queue.openFailed(1);
        queue.openFailed(1);
        assertThat(done()).containsExactly("open", "open", "a NO_SERVER", "b NO_SERVER");
        ask("a", 2);
        assertThat(done()).containsExactly("open");
    }

    @Test
    void timeIsToPassForWhoeverWaitsThoughNothingIsOpened() {
        ask("a", 0);
        ask("b", 0);
        Slot<String> one = opened("1", 1);
        queue.openFailed(1);
        queue.lost(one, 2);
        done();
        begunToWait = 0;
        queue.tick(2 + PATIENCE);
        assertThat(done()).containsExactly("b WAITED_TOO_LONG");
        ask("c", RETRY - 10);
        assertThat(done()).isEmpty();
        assertThat(begunToWait).isEqualTo(1);
        queue.tick(RETRY + 1);
        assertThat(done()).contains("open");
    }

    @Test
    void whoAsksFirstIsServedFirst() {
        ask("a", 0);
        ask("b", 1);
        ask("c", 2);
        assertThat(done()).containsExactly("open", "open");
        Slot<String> one = opened("1", 3);
        opened("2", 4);
        assertThat(done()).containsExactly("a gets 1", "b gets 2");
        queue.giveBack(one, 5);
        assertThat(done()).containsExactly("c gets 1");
        assertThat(queue.waiting()).isZero();
        assertThat(queue.busy()).isEqualTo(2);
    }

    @Test
    void aClientThatAsksAgainStandsBehindAllThatWait() {
        Waiter<String> greedy = ask("greedy", 0);
        Slot<String> one = opened("1", 0);
        queue.change(limits(1));
        ask("a", 1);
        ask("b", 1);
        done();
        queue.giveBack(one, 2);
        queue.ask(greedy, 2);
        queue.giveBack(one, 3);
        queue.giveBack(one, 4);
        assertThat(done()).containsExactly("a gets 1", "b gets 1", "greedy gets 1");
    }

    @Test
    void whoWasGivenADeadOneIsFirstInLine() {
        Waiter<String> unlucky = ask("unlucky", 0);
        Slot<String> dead = opened("dead", 0);
        ask("other", 1);
        done();
        queue.lost(dead, 2);
        queue.askAgain(unlucky, 2);
        opened("2", 3);
        assertThat(done()).containsExactly("open", "unlucky gets 2");
        opened("3", 4);
        assertThat(done()).containsExactly("other gets 3");
    }

    @Test
    void theOneUsedLastIsUsedNextUnlessAnotherFitsBetter() {
        List<Slot<String>> both = idle("1", "2");
        Slot<String> one = both.getFirst();
        Slot<String> two = both.getLast();
        Waiter<String> any = ask("any", 2);
        assertThat(done()).containsExactly("any gets 2");
        queue.giveBack(two, 3);
        one.mark("its settings");
        any.prefer("its settings");
        queue.ask(any, 4);
        assertThat(done()).containsExactly("any gets 1");
    }

    @Test
    void aClientIsRefusedWhenItsPatienceEndsAndNotBefore() {
        ask("a", 7);
        ask("b", 8);
        done();
        queue.tick(7 + PATIENCE - 1);
        assertThat(done()).isEmpty();
        queue.tick(7 + PATIENCE);
        assertThat(done()).containsExactly("a WAITED_TOO_LONG");
        queue.tick(8 + PATIENCE);
        assertThat(done()).containsExactly("b WAITED_TOO_LONG");
        assertThat(queue.waiting()).isZero();
    }

    @Test
    void nobodyIsRefusedForWaitingInAPause() {
        queue.pause();
        ask("a", 0);
        queue.tick(10 * PATIENCE);
        assertThat(done()).containsExactly("paused");
        assertThat(queue.waiting()).isOne();
        queue.resume(11 * PATIENCE);
        queue.tick(12 * PATIENCE - 1);
        assertThat(done()).containsExactly("open");
        queue.tick(12 * PATIENCE);
        assertThat(done()).containsExactly("a WAITED_TOO_LONG");
    }

    @Test
    void nobodyWaitsWhereNoneCanBeOpened() {
        ask("a", 0);
        ask("b", 0);
        queue.openFailed(1);
        assertThat(done()).containsExactly("open", "open");
        queue.openFailed(1);
        assertThat(done()).containsExactly("a NO_SERVER", "b NO_SERVER");
    }

    @Test
    void openingIsTriedAgainAfterAWhileWhereOthersServe() {
        ask("a", 0);
        opened("1", 0);
        ask("b", 1);
        done();
        queue.openFailed(2);
        queue.tick(3);
        assertThat(done()).isEmpty();
        queue.grow(2 + RETRY - 1);
        assertThat(done()).isEmpty();
        queue.grow(2 + RETRY);
        assertThat(done()).containsExactly("open");
    }

    @Test
    void aLimitBeyondThePoolIsAskedAgainWhenThereMayBeRoom() {
        mayOpen = false;
        ask("a", 0);
        assertThat(done()).isEmpty();
        assertThat(queue.opening()).isZero();
        mayOpen = true;
        queue.grow(1);
        assertThat(done()).containsExactly("open");
    }

    @Test
    void oneThatIsTooOldIsReplacedWhenItComesBack() {
        ask("a", 0);
        Slot<String> one = opened("1", 0);
        done();
        queue.giveBack(one, LIFETIME - 1);
        assertThat(done()).isEmpty();
        ask("b", LIFETIME - 1);
        ask("c", LIFETIME - 1);
        queue.openFailed(LIFETIME - 1);
        done();
        queue.giveBack(one, LIFETIME);
        queue.grow(LIFETIME + RETRY);
        assertThat(done()).containsExactly("close 1", "open");
        opened("2", LIFETIME + RETRY);
        assertThat(done()).containsExactly("c gets 2");
    }

    @Test
    void oneThatIsTooOldIsClosedWhereItIsIdle() {
        Slot<String> one = idle("1").getFirst();
        Waiter<String> a = new Waiter<>("a");
        for (long now = 0; now < LIFETIME; now += IDLE / 2) {
            queue.ask(a, now);
            queue.giveBack(one, now);
        }
        done();
        queue.tick(LIFETIME - 1);
        assertThat(done()).isEmpty();
        queue.tick(LIFETIME);
        assertThat(done()).containsExactly("close 1");
        assertThat(queue.idle()).isZero();
    }

    @Test
    void oneThatNobodyUsesIsClosed() {
        idle("1", "2");
        queue.tick(IDLE - 1);
        assertThat(done()).isEmpty();
        queue.tick(IDLE);
        assertThat(done()).containsExactly("close 1");
        queue.tick(IDLE + 1);
        assertThat(done()).containsExactly("close 2");
    }

    @Test
    void aPauseLetsTransactionsEndAndBeginsNone() {
        ask("a", 0);
        Slot<String> one = opened("1", 0);
        done();
        queue.pause();
        ask("b", 1);
        assertThat(done()).isEmpty();
        queue.giveBack(one, 2);
        assertThat(done()).containsExactly("close 1", "paused");
        queue.resume(3);
        opened("2", 4);
        assertThat(done()).containsExactly("open", "b gets 2");
    }

    @Test
    void reconnectingReplacesEachWhenNobodyUsesIt() {
        Slot<String> busy = idle("2", "1").getLast();
        ask("a", 1);
        assertThat(done()).containsExactly("a gets 1");
        queue.reconnect(1);
        assertThat(done()).containsExactly("close 2");
        queue.giveBack(busy, 2);
        assertThat(done()).containsExactly("close 1");
    }

    @Test
    void aSmallerPoolShrinksAsTransactionsEnd() {
        ask("a", 0);
        ask("b", 0);
        Slot<String> one = opened("1", 0);
        Slot<String> two = opened("2", 0);
        queue.change(limits(1));
        ask("c", 1);
        done();
        queue.giveBack(one, 2);
        assertThat(done()).containsExactly("close 1");
        queue.giveBack(two, 3);
        assertThat(done()).containsExactly("c gets 2");
    }

    @Test
    void whoDoesNotWantOneAnyMoreGetsNone() {
        ask("a", 0);
        Waiter<String> b = ask("b", 0);
        ask("c", 0);
        queue.withdraw(b);
        queue.withdraw(b);
        done();
        opened("1", 1);
        opened("2", 1);
        assertThat(done()).containsExactly("a gets 1", "c gets 2");
    }

    @Test
    void theLongestWaitIsThatOfTheFirst() {
        assertThat(queue.longestWait(5)).isZero();
        ask("a", 10);
        ask("b", 20);
        assertThat(queue.longestWait(25)).isEqualTo(15);
    }

    @Test
    void anIdleConnectionIsAnotherPoolsIfItIsNeededThere() {
        idle("one", "two");
        done();
        queue.giveUp(10);
        assertThat(done()).isEmpty();
        neededFor = 5;
        queue.giveUp(10);
        assertThat(done()).containsExactly("close one");
    }

    @Test
    void theNextConnectionThatComesBackIsAnotherPoolsIfItIsNeededThere() {
        Slot<String> one = idle("one").getFirst();
        ask("a", 10);
        done();
        neededFor = 5;
        queue.giveUp(10);
        assertThat(done()).isEmpty();
        queue.giveBack(one, 20);
        assertThat(done()).containsExactly("close one");
    }

    @Test
    void aPoolInWhichClientsWaitTakesTurnsWithThoseThatHaveWaitedLonger() {
        PoolQueue<String, String> one = queue(1, 10 * PoolQueue.TURN);
        Slot<String> server = new Slot<>("one");
        one.ask(new Waiter<>("a"), 0);
        one.opened(server, 0);
        Waiter<String> b = new Waiter<>("b");
        one.ask(b, 0);
        one.giveUp(0);
        done();
        neededFor = PoolQueue.TURN / 2;
        one.giveBack(server, 1);
        assertThat(done()).as("it has just been opened").containsExactly("b gets one");
        one.ask(new Waiter<>("c"), 1);
        one.ask(new Waiter<>("d"), PoolQueue.TURN);
        one.giveBack(server, PoolQueue.TURN);
        assertThat(done()).as("c has waited longer").containsExactly("c gets one");
        one.giveUp(PoolQueue.TURN);
        one.giveBack(server, PoolQueue.TURN + 1);
        assertThat(done()).containsExactly("close one", "open");
    }
}
