package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.MembershipChange.Action;
import dev.sluice.walservice.consensus.MembershipChange.Input;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * The control plane, as far as it changes who decides about the timeline: what it remembers, and
 * drivers of the change at hand. They crash, also between two actions; several work at once,
 * unaware of each other; what they say and are told is lost or late.
 *
 * <p>Only one thing it does reliably: a safekeeper is given the timeline for the first time only
 * while it is not yet to have a say.
 */
final class SimulatedChanges {
    private static final long TICK = 1500;
    private static final int DRIVERS = 2;

    private final World world;
    private final SplittableRandom random;
    private final ProtocolRules rules;
    private final Tally tally;
    private final Weather weather;
    private final List<SimulatedAcceptor> acceptors;
    private final List<Configuration> history = new ArrayList<>();
    private final List<Driver> drivers = new ArrayList<>();
    private List<Long> target;
    private List<Long> leaving = List.of();
    private long spare;

    /** What the rest of a simulation does for it. */
    interface World {
        void after(long delay, Runnable action);

        long delay(long mean);

        boolean faulty();

        void say(Supplier<String> line);

        /** Gives an acceptor an input, unless it is down; what others must hear of it is sent. */
        void give(SimulatedAcceptor acceptor, AcceptorInput input);
    }

    /** One that drives the change. */
    private static final class Driver {
        private MembershipChange.State state;
        private boolean alive = true;

        Driver(MembershipChange.State state) {
            this.state = state;
        }
    }

    SimulatedChanges(
            World world,
            SplittableRandom random,
            ProtocolRules rules,
            Tally tally,
            Weather weather,
            List<SimulatedAcceptor> acceptors,
            Configuration first) {
        this.world = world;
        this.random = random;
        this.rules = rules;
        this.tally = tally;
        this.weather = weather;
        this.acceptors = acceptors;
        this.target = first.members();
        this.spare = first.members().getLast() + 1;
        history.add(first);
    }

    Configuration remembered() {
        return history.getLast();
    }

    /** What a compute is told when it starts; it may have been told a while ago. */
    Configuration told() {
        return world.faulty() && random.nextInt(4) == 0
                ? history.get(random.nextInt(history.size()))
                : remembered();
    }

    boolean isComplete() {
        return remembered().members().equals(target) && !remembered().isJoint();
    }

    /** Those that have a say, or are to have one. */
    List<SimulatedAcceptor> concerned() {
        return remembered().everyone().stream().map(this::acceptor).toList();
    }

    /** Whether all are whole that have a say, or have the timeline and are to have one. */
    boolean mayLoseADisk() {
        return concerned().stream().allMatch(a -> a.isWhole() && !a.dead)
                && target.stream().map(this::acceptor).allMatch(a -> !a.made || a.isWhole());
    }

    /** Those that have a say when the change at hand is complete. */
    List<SimulatedAcceptor> staying() {
        return target.stream().map(this::acceptor).filter(a -> !a.dead).toList();
    }

    private SimulatedAcceptor acceptor(long node) {
        return acceptors.get((int) node - 1);
    }

    /** Every now and then somebody wants other safekeepers. */
    void begin() {
        if (!world.faulty()) {
            return;
        }
        if (isComplete() && spare <= acceptors.size() && random.nextInt(3) > 0) {
            List<Long> next = choose();
            tally.count(Happening.CHANGES_BEGUN);
            leaving = remembered().members().stream().filter(n -> !next.contains(n)).toList();
            target = next;
            world.say(() -> "who decides is to be " + next + " in place of " + remembered());
        }
        if (!isComplete() && drivers.size() < DRIVERS) {
            drive();
        }
        world.after(world.delay(weather.change()), this::begin);
    }

    /** Mostly one member is replaced; at times all are, or one more joins, or one leaves. */
    private List<Long> choose() {
        List<Long> members = new ArrayList<>(remembered().members());
        int dice = random.nextInt(10);
        int spares = (int) (acceptors.size() - spare + 1);
        if (dice == 0 && spares >= members.size()) {
            List<Long> all = LongStream.range(spare, spare + members.size()).boxed().toList();
            spare += members.size();
            return all;
        }
        if (dice == 1 && members.size() > 3) {
            members.remove(random.nextInt(members.size()));
            return members;
        }
        if (dice > 2) {
            long old = members.remove(random.nextInt(members.size()));
            if (random.nextInt(3) == 0) {
                die(acceptor(old));
            }
        }
        members.add(spare++);
        return members;
    }

    /** For good, as one that is to be replaced may be; never a second one of the members. */
    private void die(SimulatedAcceptor acceptor) {
        boolean othersAreFine =
                remembered().members().size() > 2
                        && concerned().stream().allMatch(SimulatedAcceptor::isWhole)
                        && concerned().stream().noneMatch(other -> other.dead);
        if (othersAreFine) {
            tally.count(Happening.SAFEKEEPERS_DEAD_FOR_GOOD);
            world.say(() -> acceptor + " is dead for good");
            acceptor.crash();
            acceptor.dead = true;
        }
    }

    /** Somebody drives the change at hand, if nobody does. */
    void driveOn() {
        if (drivers.isEmpty() && !isComplete()) {
            drive();
        }
    }

    private void drive() {
        Driver driver = new Driver(MembershipChange.State.of(target, leaving, remembered()));
        drivers.add(driver);
        world.after(world.delay(TICK), () -> tick(driver));
    }

    private void tick(Driver driver) {
        if (!driver.alive) {
            return;
        }
        if (world.faulty() && random.nextInt(60) == 0) {
            crash(driver);
            return;
        }
        if (world.faulty() && random.nextInt(40) == 0) {
            world.after(world.delay(4 * weather.calm()), () -> tick(driver));
            return;
        }
        step(driver, new Input.Tick());
        world.after(world.delay(TICK), () -> tick(driver));
    }

    private void crash(Driver driver) {
        if (driver.alive) {
            tally.count(Happening.DRIVERS_CRASHED);
            end(driver);
        }
    }

    private void end(Driver driver) {
        driver.alive = false;
        drivers.remove(driver);
    }

    private void step(Driver driver, Input input) {
        MembershipChange.Step step = rules.change(driver.state, input);
        driver.state = step.state();
        for (Action action : step.actions()) {
            if (!driver.alive) {
                return;
            }
            perform(driver, action);
            if (world.faulty() && random.nextInt(400) == 0) {
                crash(driver);
            }
        }
    }

    private void perform(Driver driver, Action action) {
        switch (action) {
            case Action.Join(long node, Configuration configuration) ->
                    transmit(() -> join(driver, node, configuration));
            case Action.Configure configure -> transmit(() -> configure(driver, configure));
            case Action.Remember(Configuration before, Configuration next) -> {
                if (remembered().equals(before)) {
                    remember(next);
                } else {
                    tally.count(Happening.DRIVERS_OUTRUN);
                }
                recall(driver);
            }
            case Action.Recall _ -> recall(driver);
            case Action.Leave(long node) ->
                    transmit(() -> {
                        SimulatedAcceptor acceptor = acceptor(node);
                        if (acceptor.up) {
                            world.say(() -> acceptor + " leaves");
                            acceptor.leave();
                        }
                    });
            case Action.Finish _ -> end(driver);
        }
    }

    private void remember(Configuration next) {
        world.say(() -> "remembered: " + next);
        tally.count(next.isJoint() ? Happening.JOINT_CONFIGURATIONS : Happening.CHANGES_COMPLETED);
        history.add(next);
    }

    private void recall(Driver driver) {
        Configuration now = remembered();
        world.after(
                world.delay(weather.delay()),
                () -> {
                    if (driver.alive) {
                        step(driver, new Input.Remembered(now));
                    }
                });
    }

    private void transmit(Runnable delivery) {
        if (!world.faulty() || random.nextInt(20) > 0) {
            world.after(world.delay(weather.delay()), delivery);
        }
    }

    private void join(Driver driver, long node, Configuration configuration) {
        SimulatedAcceptor acceptor = acceptor(node);
        if (!remembered().equals(configuration)) {
            recall(driver);
        } else if (acceptor.up) {
            acceptor.join(configuration);
            answer(driver, acceptor);
        }
    }

    private void configure(Driver driver, Action.Configure told) {
        SimulatedAcceptor acceptor = acceptor(told.node());
        if (acceptor.up && acceptor.exists) {
            world.give(acceptor, new AcceptorInput.Configured(told.configuration(), told.term()));
            answer(driver, acceptor);
        }
    }

    private void answer(Driver driver, SimulatedAcceptor acceptor) {
        if (acceptor.up && acceptor.exists) {
            PeerReport report = acceptor.state.report(acceptors.indexOf(acceptor) + 1L);
            transmit(() -> {
                if (driver.alive) {
                    step(driver, new Input.Reported(report));
                }
            });
        }
    }
}
