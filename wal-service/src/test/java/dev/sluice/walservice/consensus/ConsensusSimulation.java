package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Three or five acceptors, computes that come, stall, die and fight, and a network and disks that
 * fail, on a virtual clock: all from one seed. Every {@link Invariant} is checked after every event
 * that can break it.
 *
 * <p>What can happen: a message is delayed, lost, duplicated, overtaken; connections break and
 * links are cut; an acceptor crashes, also within a step, with what it has not synced lost or torn;
 * its disk is full for a while, or lost (one at a time: the next only when the last one is whole
 * again); a compute stalls and goes on, unaware of what happened; another one is started beside it.
 */
final class ConsensusSimulation {
    private static final int EVENTS = 700;
    private static final int COMPUTES = 4;
    private static final long TICK = 700;
    private static final long GOSSIP = 6_000;
    private static final long SETTLING = 5_000_000;
    private static final long RESTART = 400_000;
    private static final long FEW = 200;

    private final SplittableRandom random;
    private final ProtocolRules rules;
    private final @Nullable List<String> trace;
    private final Tally tally = new Tally();
    private final Ledger ledger = new Ledger();
    private final Weather weather;
    private final SimulatedChanges changes;
    private final List<SimulatedAcceptor> acceptors = new ArrayList<>();
    private final List<SimulatedProposer> computes = new ArrayList<>();
    private final Map<Link, Long> lastDelivery = new HashMap<>();
    private final Map<Link, Long> cutUntil = new HashMap<>();
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(
                    Comparator.comparingLong(Event::at).thenComparingLong(Event::sequence));
    private long now;
    private long sequence;
    private int conversations;
    private int computeNumbers;
    private boolean faulty = true;
    private boolean computing = true;

    private record Event(long at, long sequence, Runnable action) {}

    private record Link(int compute, int acceptor, boolean back) {}

    /**
     * @param trace takes a line per thing that happens
     */
    ConsensusSimulation(long seed, ProtocolRules rules, @Nullable List<String> trace) {
        this.random = new SplittableRandom(seed);
        this.rules = rules;
        this.trace = trace;
        this.weather = Weather.draw(random);
        Configuration configuration =
                Configuration.first(
                        LongStream.rangeClosed(1, weather.acceptors()).boxed().toList());
        for (int i = 0; i < weather.acceptors() + weather.spares(); i++) {
            acceptors.add(
                    new SimulatedAcceptor(
                            i + 1,
                            rules,
                            ledger,
                            tally,
                            random,
                            configuration,
                            weather.crashWithin()));
        }
        changes =
                new SimulatedChanges(
                        world(), random, rules, tally, weather, acceptors, configuration);
        say(() -> "seed " + seed + ", " + weather);
    }

    private SimulatedChanges.World world() {
        return new SimulatedChanges.World() {
            @Override
            public void after(long delay, Runnable action) {
                ConsensusSimulation.this.after(delay, action);
            }

            @Override
            public long delay(long mean) {
                return ConsensusSimulation.this.delay(mean);
            }

            @Override
            public boolean faulty() {
                return faulty;
            }

            @Override
            public void say(Supplier<String> line) {
                ConsensusSimulation.this.say(line);
            }

            @Override
            public void give(SimulatedAcceptor acceptor, AcceptorInput input) {
                try {
                    spread(acceptor, acceptor.receive(input));
                } catch (SimulatedAcceptor.Crashed e) {
                    crash(acceptor);
                } catch (SimulatedAcceptor.Refused e) {
                    ConsensusSimulation.this.say(() -> acceptor + ": " + e.getMessage());
                }
            }
        };
    }

    private void say(Supplier<String> line) {
        if (trace != null) {
            trace.add(now + " " + line.get());
        }
    }

    /** Runs with faults, then without, until all is well. */
    Tally run() {
        after(0, this::startCompute);
        after(delay(weather.calm()), this::fault);
        after(delay(weather.change()), changes::begin);
        for (int i = 0; i < acceptors.size(); i++) {
            int acceptor = i;
            after(delay(GOSSIP), () -> gossip(acceptor));
        }
        for (int i = 0; i < EVENTS; i++) {
            proceed();
        }
        settleWithoutComputes();
        settle();
        tally.add(Happening.COMPUTES, computeNumbers);
        return tally;
    }

    private void proceed() {
        Event event = events.remove();
        now = event.at;
        tally.count(Happening.EVENTS);
        event.action.run();
    }

    private void after(long delay, Runnable action) {
        events.add(new Event(now + delay, sequence++, action));
    }

    /** A random delay of that mean: mostly short, at times long. */
    private long delay(long mean) {
        long base = 1 + random.nextLong(mean);
        return random.nextInt(16) == 0 ? base + random.nextLong(8 * mean) : base;
    }

    // ---- computes

    private void startCompute() {
        if (!computing) {
            return;
        }
        SimulatedProposer compute =
                new SimulatedProposer(
                        ++computeNumbers,
                        weather.window(),
                        acceptors,
                        rules,
                        ledger,
                        tally,
                        changes.told(),
                        this::sendToAcceptor);
        say(() -> compute + " starts");
        computes.add(compute);
        if (weather.fickle() && faulty) {
            for (int peer = 0; peer < acceptors.size(); peer++) {
                if (random.nextInt(2) == 0) {
                    cut(compute, peer, delay(8 * weather.calm()));
                }
            }
            after(delay(6 * weather.calm()), () -> die(compute));
        }
        after(delay(TICK), () -> tick(compute));
    }

    private void tick(SimulatedProposer compute) {
        if (!compute.alive) {
            return;
        }
        if (compute.isFenced()) {
            say(() -> compute + " is fenced");
            stop(compute);
            if (computes.isEmpty()) {
                after(delay(3 * TICK), this::startCompute);
            }
            return;
        }
        if (now >= compute.stalledUntil) {
            for (int peer = 0; peer < acceptors.size(); peer++) {
                if (compute.isWanted(peer)) {
                    attend(compute, peer);
                }
            }
            long most = faulty ? Long.MAX_VALUE : FEW;
            for (int i = random.nextInt(weather.haste()); i > 0 && compute.mayWrite(most); i--) {
                compute.write(random);
            }
            for (int peer = 0; peer < acceptors.size(); peer++) {
                pump(compute, peer);
            }
        }
        after(delay(TICK), () -> tick(compute));
    }

    private void attend(SimulatedProposer compute, int peer) {
        if (compute.isResting() && random.nextInt(3) == 0) {
            compute.rouse();
        }
        if (compute.conversations[peer] == 0) {
            connect(compute, peer);
        } else if (compute.isImpatient(peer, now)) {
            say(() -> compute + " waits no longer for " + acceptors.get(peer));
            compute.disconnected(peer);
        } else if (random.nextInt(20) == 0) {
            compute.probe(peer);
        }
    }

    private void connect(SimulatedProposer compute, int peer) {
        SimulatedAcceptor acceptor = acceptors.get(peer);
        if (!acceptor.up || isCut(compute, peer)) {
            return;
        }
        if (!acceptor.exists) {
            if (compute.state.role() instanceof Role.Leader leader) {
                say(() -> compute + " gives " + acceptor + " an empty timeline");
                acceptor.restore(compute.state.configuration(), leader.term(), acceptors);
            }
            return;
        }
        int conversation = ++conversations;
        acceptor.conversations.put(conversation, compute);
        compute.connected(peer, conversation, now);
    }

    /** Sends whatever the window has room for. */
    private static void pump(SimulatedProposer compute, int peer) {
        boolean sent = true;
        while (sent && compute.conversations[peer] != 0) {
            sent = compute.send(peer);
        }
    }

    private void stop(SimulatedProposer compute) {
        compute.alive = false;
        computes.remove(compute);
        acceptors.forEach(a -> a.conversations.values().removeIf(c -> c == compute));
    }

    // ---- network

    private boolean isCut(SimulatedProposer compute, int peer) {
        return faulty && cutUntil.getOrDefault(new Link(compute.number, peer, false), 0L) > now;
    }

    private void sendToAcceptor(SimulatedProposer from, int peer, ProposerMessage message) {
        int conversation = from.conversations[peer];
        ProposerMessage copied = message;
        transmit(
                from,
                peer,
                false,
                () -> toAcceptor(from, peer, conversation, copied),
                () -> from + " to " + acceptors.get(peer) + ": " + text(copied));
    }

    private void sendToProposer(
            SimulatedProposer to, int peer, int conversation, AcceptorMessage message) {
        transmit(
                to,
                peer,
                true,
                () -> toProposer(to, peer, conversation, message),
                () -> acceptors.get(peer) + " to " + to + ": " + message);
    }

    private static String text(ProposerMessage message) {
        return message instanceof ProposerMessage.Append append
                ? "Append["
                        + append.term()
                        + " at "
                        + append.begin()
                        + " to "
                        + append.end()
                        + ", committed "
                        + append.commit()
                        + "]"
                : message.toString();
    }

    private void transmit(
            SimulatedProposer compute,
            int peer,
            boolean back,
            Runnable delivery,
            Supplier<String> what) {
        tally.count(Happening.MESSAGES);
        if (isCut(compute, peer) || (faulty && random.nextInt(1000) < weather.loss())) {
            tally.count(Happening.MESSAGES_LOST);
            say(() -> "lost: " + what.get());
            return;
        }
        int times = 1;
        if (faulty && random.nextInt(1000) < weather.duplication()) {
            tally.count(Happening.MESSAGES_DUPLICATED);
            times = 2;
        }
        Link link = new Link(compute.number, peer, back);
        for (int i = 0; i < times; i++) {
            long at = now + delay(weather.delay());
            long last = lastDelivery.getOrDefault(link, 0L);
            if (at <= last) {
                if (weather.ordered() || !faulty) {
                    at = last + 1;
                } else {
                    tally.count(Happening.MESSAGES_OVERTAKEN);
                }
            }
            lastDelivery.put(link, Math.max(at, last));
            after(
                    at - now,
                    () -> {
                        say(what);
                        delivery.run();
                    });
        }
    }

    private void toProposer(
            SimulatedProposer to, int peer, int conversation, AcceptorMessage message) {
        if (!to.alive || to.conversations[peer] != conversation) {
            return;
        }
        if (now < to.stalledUntil) {
            after(to.stalledUntil - now, () -> toProposer(to, peer, conversation, message));
            return;
        }
        to.receive(peer, message, now);
        for (int other = 0; other < acceptors.size(); other++) {
            pump(to, other);
        }
    }

    // ---- acceptors

    private void toAcceptor(
            SimulatedProposer from, int peer, int conversation, ProposerMessage message) {
        SimulatedAcceptor acceptor = acceptors.get(peer);
        if (!acceptor.up || !acceptor.exists || !acceptor.conversations.containsKey(conversation)) {
            return;
        }
        try {
            SimulatedAcceptor.Outcome outcome =
                    acceptor.receive(new AcceptorInput.Received(message));
            tell(from, peer, conversation, outcome);
            if (outcome.reply == null && acceptor.hasUnflushed()) {
                after(delay(weather.sync()), () -> flush(from, peer, conversation));
            }
        } catch (SimulatedAcceptor.Crashed e) {
            crash(acceptor);
        } catch (SimulatedAcceptor.Refused e) {
            say(() -> acceptor + " refuses " + from + ": " + e.getMessage());
            hangUp(from, peer, conversation);
        }
    }

    private void flush(SimulatedProposer from, int peer, int conversation) {
        SimulatedAcceptor acceptor = acceptors.get(peer);
        if (!acceptor.up || !acceptor.exists || !acceptor.hasUnflushed()) {
            return;
        }
        try {
            say(() -> acceptor + " has synced");
            tell(from, peer, conversation, acceptor.flush());
        } catch (SimulatedAcceptor.Crashed e) {
            crash(acceptor);
        } catch (SimulatedAcceptor.Refused e) {
            say(() -> acceptor + " refuses " + from + ": " + e.getMessage());
            hangUp(from, peer, conversation);
        }
    }

    private void tell(
            SimulatedProposer from, int peer, int conversation, SimulatedAcceptor.Outcome outcome) {
        AcceptorMessage reply = outcome.reply;
        if (reply != null) {
            sendToProposer(from, peer, conversation, reply);
        }
        spreadBut(conversation, acceptors.get(peer), outcome);
    }

    /** Tells every proposer in conversation what none of them asked for. */
    private void spread(SimulatedAcceptor acceptor, SimulatedAcceptor.Outcome outcome) {
        spreadBut(0, acceptor, outcome);
    }

    private void spreadBut(
            int conversation, SimulatedAcceptor acceptor, SimulatedAcceptor.Outcome outcome) {
        int peer = acceptors.indexOf(acceptor);
        for (AcceptorMessage notice : outcome.notices) {
            acceptor.conversations.forEach((other, compute) -> {
                if (other != conversation) {
                    sendToProposer(compute, peer, other, notice);
                }
            });
        }
    }

    private void hangUp(SimulatedProposer compute, int peer, int conversation) {
        acceptors.get(peer).conversations.remove(conversation);
        after(
                delay(weather.delay()),
                () -> {
                    if (compute.alive && compute.conversations[peer] == conversation) {
                        compute.disconnected(peer);
                    }
                });
    }

    private void crash(SimulatedAcceptor acceptor) {
        int peer = acceptors.indexOf(acceptor);
        say(() -> acceptor + " crashes");
        Map.copyOf(acceptor.conversations).entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(e -> hangUp(e.getValue(), peer, e.getKey()));
        acceptor.crash();
        after(delay(5 * weather.calm()), () -> start(acceptor));
    }

    private void start(SimulatedAcceptor acceptor) {
        if (!acceptor.up) {
            say(() -> acceptor + " starts");
            acceptor.start();
        }
    }

    // ---- recovery from peers

    private void gossip(int self) {
        SimulatedAcceptor acceptor = acceptors.get(self);
        List<PeerReport> heard = new ArrayList<>();
        for (int peer = 0; peer < acceptors.size(); peer++) {
            SimulatedAcceptor other = acceptors.get(peer);
            if (peer != self && other.up && other.exists && (!faulty || random.nextInt(4) > 0)) {
                heard.add(other.state.report(peer + 1));
            }
        }
        Configuration newest = newest(heard);
        List<PeerReport> reports =
                heard.stream().filter(report -> newest.contains(report.nodeId())).toList();
        List<Integer> reached = reports.stream().map(report -> (int) report.nodeId() - 1).toList();
        if (acceptor.up && !reports.isEmpty()) {
            after(delay(weather.delay()), () -> compare(self, reached, reports));
        }
        after(delay(GOSSIP), () -> gossip(self));
    }

    private static Configuration newest(List<PeerReport> reports) {
        Configuration newest = Configuration.UNSET;
        for (PeerReport report : reports) {
            if (report.configuration().generation() > newest.generation()) {
                newest = report.configuration();
            }
        }
        return newest;
    }

    private void compare(int self, List<Integer> reached, List<PeerReport> reports) {
        SimulatedAcceptor acceptor = acceptors.get(self);
        if (!acceptor.up || acceptor.copies.contains(acceptor.state.session())) {
            return;
        }
        Configuration newest = newest(reports);
        if (!acceptor.exists && acceptor.made && !acceptor.gone && newest.contains(self + 1)) {
            acceptor.restore(newest, reports.getFirst().term(), acceptors);
        }
        if (!acceptor.exists) {
            return;
        }
        Lsn before = acceptor.state.control().commit();
        try {
            SimulatedAcceptor.Outcome outcome =
                    acceptor.receive(new AcceptorInput.PeersReported(reports));
            if (acceptor.state.control().commit().isAfter(before)) {
                tally.count(Happening.COMMITS_LEARNT_FROM_PEERS);
            }
            spread(acceptor, outcome);
            AcceptorAction.Copy copy = outcome.copy;
            if (copy != null) {
                tally.count(Happening.PEER_RECOVERIES);
                acceptor.copies.add(copy.session());
                copy(self, reached.get(copy.peer()), copy, copy.from());
            }
        } catch (SimulatedAcceptor.Crashed e) {
            crash(acceptor);
        } catch (SimulatedAcceptor.Refused e) {
            say(() -> acceptor + " copies nothing: " + e.getMessage());
        }
    }

    private void copy(int self, int donor, AcceptorAction.Copy copy, Lsn from) {
        SimulatedAcceptor source = acceptors.get(donor);
        SimulatedAcceptor acceptor = acceptors.get(self);
        Lsn to = Lsn.min(copy.to(), from.plus(8L * (1 + random.nextInt(20))));
        if (!source.up
                || !source.exists
                || source.state.flush().isBefore(to)
                || !copy.isOf(source.state.control().history(), source.state.flush(), to)
                || !from.isBefore(copy.to())) {
            acceptor.copies.remove(copy.session());
            return;
        }
        ByteBuffer wal = ByteBuffer.allocate((int) to.minus(from));
        for (Lsn at = from; at.isBefore(to); at = at.plus(8)) {
            wal.putLong(source.word(at));
        }
        after(delay(weather.delay()), () -> copied(self, donor, copy, from, wal.flip()));
    }

    private void copied(int self, int donor, AcceptorAction.Copy copy, Lsn from, ByteBuffer wal) {
        SimulatedAcceptor acceptor = acceptors.get(self);
        if (!acceptor.up || !acceptor.exists) {
            return;
        }
        Lsn end = from.plus(wal.remaining());
        try {
            acceptor.receive(new AcceptorInput.Copied(copy.session(), from, wal));
            if (acceptor.state.session() == copy.session()
                    && acceptor.state.written().equals(end)) {
                say(() -> acceptor + " copied to " + end);
                if (acceptor.hasUnflushed()) {
                    acceptor.flush();
                }
                copy(self, donor, copy, end);
            } else {
                acceptor.copies.remove(copy.session());
            }
        } catch (SimulatedAcceptor.Crashed e) {
            crash(acceptor);
        } catch (SimulatedAcceptor.Refused e) {
            acceptor.copies.remove(copy.session());
        }
    }

    // ---- faults

    private void fault() {
        if (!faulty) {
            return;
        }
        SimulatedAcceptor acceptor = acceptors.get(random.nextInt(acceptors.size()));
        int dice = random.nextInt(100);
        if (dice < 25) {
            if (acceptor.up) {
                crash(acceptor);
            }
        } else if (dice < 32) {
            loseDisk(acceptor);
        } else if (dice < 38) {
            fill(acceptor);
        } else if (dice < 60) {
            if (computes.size() < COMPUTES) {
                startCompute();
            }
        } else if (!computes.isEmpty()) {
            trouble(computes.get(random.nextInt(computes.size())), dice);
        }
        after(delay(weather.calm()), this::fault);
    }

    private void loseDisk(SimulatedAcceptor acceptor) {
        if (weather.diskLoss() && acceptor.up && !acceptor.dead && changes.mayLoseADisk()) {
            crash(acceptor);
            say(() -> acceptor + " has lost its disk");
            acceptor.loseDisk();
        }
    }

    private void fill(SimulatedAcceptor acceptor) {
        tally.count(Happening.DISKS_FULL);
        acceptor.full = true;
        after(delay(4 * weather.calm()), () -> acceptor.full = false);
    }

    private void trouble(SimulatedProposer compute, int dice) {
        int peer = random.nextInt(acceptors.size());
        if (dice < 70) {
            tally.count(Happening.CONNECTIONS_LOST);
            say(() -> compute + " loses its connection to " + acceptors.get(peer));
            compute.disconnected(peer);
        } else if (dice < 82) {
            cut(compute, peer, delay(4 * weather.calm()));
        } else if (dice < 92) {
            tally.count(Happening.STALLS);
            say(() -> compute + " stalls");
            compute.stalledUntil = now + delay(4 * weather.calm());
        } else {
            die(compute);
        }
    }

    private void cut(SimulatedProposer compute, int peer, long duration) {
        tally.count(Happening.PARTITIONS);
        say(() -> compute + " is cut off from " + acceptors.get(peer));
        cutUntil.put(new Link(compute.number, peer, false), now + duration);
    }

    private void die(SimulatedProposer compute) {
        if (faulty && compute.alive) {
            say(() -> compute + " dies");
            stop(compute);
            if (computes.isEmpty()) {
                after(delay(3 * TICK), this::startCompute);
            }
        }
    }

    // ---- the end

    private void settleWithoutComputes() {
        say(() -> "faults are over, and computes");
        faulty = false;
        computing = false;
        List.copyOf(computes).forEach(this::stop);
        acceptors.forEach(a -> {
            a.full = false;
            a.crashWithin = 0;
            start(a);
        });
        Lsn most =
                changes.staying().stream()
                        .filter(a -> a.exists)
                        .map(a -> a.state.control().commit())
                        .max(Comparator.naturalOrder())
                        .orElse(SimulatedAcceptor.START);
        long limit = now + SETTLING;
        while (now < limit && !allCommitted(most)) {
            proceed();
            changes.driveOn();
        }
        Invariant.FAULTS_OVER_ALL_IS_WELL.check(
                allCommitted(most),
                () -> "without a compute, not all have what is committed, to " + most + states());
    }

    private boolean allCommitted(Lsn most) {
        return changes.staying().stream()
                .allMatch(a -> a.exists && !a.state.control().commit().isBefore(most));
    }

    private void settle() {
        computing = true;
        startCompute();
        long limit = now + SETTLING;
        long patience = now + RESTART;
        while (now < limit
                && !(changes.isComplete() && computes.stream().anyMatch(this::isEverywhere))) {
            proceed();
            changes.driveOn();
            if (now > patience) { // it was elected before it met one that had lost its disk
                patience = now + RESTART;
                List.copyOf(computes).forEach(this::stop);
                startCompute();
            }
        }
        Invariant.FAULTS_OVER_ALL_IS_WELL.check(
                changes.isComplete() && computes.stream().anyMatch(this::isEverywhere),
                () -> "did not settle: " + changes.remembered() + states());
        for (SimulatedAcceptor acceptor : changes.staying()) {
            Invariant.NOTHING_ACKNOWLEDGED_IS_LOST.check(
                    ledger.holds(acceptor.log, acceptor.state.control().commit()),
                    () -> acceptor + " has not all that is committed");
        }
    }

    private String states() {
        StringBuilder text = new StringBuilder();
        acceptors.forEach(a -> text.append("; ").append(a).append(' ').append(a.state));
        return text.toString();
    }

    /** Everybody has a log of some records of the last compute, and knows it committed. */
    private boolean isEverywhere(SimulatedProposer last) {
        Lsn end = last.state.commit();
        return last.state.role() instanceof Role.Leader leader
                && !end.isBefore(leader.start().plus(8))
                && changes.staying().stream()
                        .allMatch(a ->
                                a.isWhole()
                                        && !a.state
                                                .control()
                                                .commit()
                                                .isBefore(leader.start().plus(8)));
    }
}
