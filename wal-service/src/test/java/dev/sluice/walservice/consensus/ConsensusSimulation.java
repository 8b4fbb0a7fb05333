package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Three acceptors, several proposers that come and fight, and a network and disks that fail: all
 * from one seed. After every event it checks that no acknowledged word is ever other than it was,
 * that a term has one leader, and that a leader begins with all that was acknowledged.
 */
final class ConsensusSimulation {
    private static final int ACCEPTORS = 3;

    private final Random random;
    private final List<SimulatedAcceptor> acceptors = new ArrayList<>();
    private final List<SimulatedProposer> proposers = new ArrayList<>();
    private final Map<Term, SimulatedProposer> leaders = new HashMap<>();
    private final Map<Lsn, Long> acknowledged = new HashMap<>();
    private Lsn acknowledgedUpTo = SimulatedAcceptor.START;
    private int crashes;
    private int fencings;

    ConsensusSimulation(long seed) {
        random = new Random(seed);
        for (int i = 0; i < ACCEPTORS; i++) {
            acceptors.add(new SimulatedAcceptor(i + 1));
        }
        addProposer();
    }

    /** What happened, to know that enough did. */
    record Outcome(int elections, int fencings, int truncations, int crashes, long committed) {
        Outcome plus(Outcome other) {
            return new Outcome(
                    elections + other.elections,
                    fencings + other.fencings,
                    truncations + other.truncations,
                    crashes + other.crashes,
                    committed + other.committed);
        }
    }

    Outcome run(int events) {
        for (int i = 0; i < events; i++) {
            event();
            proposers.forEach(this::check);
        }
        settle();
        return new Outcome(
                leaders.size(),
                fencings,
                acceptors.stream().mapToInt(a -> a.truncations).sum(),
                crashes,
                acknowledgedUpTo.minus(SimulatedAcceptor.START));
    }

    private void addProposer() {
        proposers.add(new SimulatedProposer(proposers.size() + 1, acceptors));
    }

    private void event() {
        int dice = random.nextInt(1000);
        if (dice < 3) {
            addProposer();
        } else if (dice < 8) {
            crash(random.nextInt(ACCEPTORS));
        } else {
            SimulatedProposer proposer = proposers.get(random.nextInt(proposers.size()));
            proceed(proposer, random.nextInt(ACCEPTORS), dice);
        }
    }

    private void crash(int acceptor) {
        crashes++;
        acceptors.get(acceptor).crash(random);
        for (SimulatedProposer proposer : proposers) {
            if (proposer.isConnected(acceptor)) {
                proposer.reset(acceptor);
            }
        }
    }

    private void proceed(SimulatedProposer proposer, int peer, int dice) {
        if (proposer.state.role() instanceof Role.Fenced) {
            fencings++;
            proposers.remove(proposer);
            if (proposers.isEmpty()) {
                addProposer();
            }
        } else if (!proposer.isConnected(peer)) {
            proposer.connect(peer);
        } else if (dice < 12) {
            proposer.reset(peer);
        } else if (dice < 300) {
            toAcceptor(proposer, peer);
        } else if (dice < 400) {
            flush(proposer, peer);
        } else if (dice < 700) {
            proposer.deliver(peer);
        } else if (dice < 900) {
            proposer.send(peer);
        } else if (proposer.state.role() instanceof Role.Leader) {
            proposer.write(random);
        }
    }

    private void toAcceptor(SimulatedProposer proposer, int peer) {
        ProposerMessage message = proposer.outgoing.get(peer).poll();
        if (message != null) {
            AcceptorMessage reply = acceptors.get(peer).receive(message);
            if (reply != null) {
                proposer.incoming.get(peer).add(reply);
            }
        }
    }

    private void flush(SimulatedProposer proposer, int peer) {
        if (acceptors.get(peer).hasUnflushed()) {
            AcceptorMessage reply = acceptors.get(peer).flush();
            if (reply != null) {
                proposer.incoming.get(peer).add(reply);
            }
        }
    }

    private void check(SimulatedProposer proposer) {
        if (!(proposer.state.role() instanceof Role.Leader leader)) {
            return;
        }
        SimulatedProposer first = leaders.putIfAbsent(leader.term(), proposer);
        if (first != null && first != proposer) {
            throw new AssertionError("two leaders in term " + leader.term());
        }
        if (first == null && leader.start().isBefore(acknowledgedUpTo)) {
            throw new AssertionError(
                    "leader of term "
                            + leader.term()
                            + " begins at "
                            + leader.start()
                            + ", acknowledged is "
                            + acknowledgedUpTo);
        }
        Lsn commit = proposer.state.commit();
        for (Lsn at = leader.start(); at.isBefore(commit); at = at.plus(8)) {
            Long before = acknowledged.putIfAbsent(at, proposer.word(at));
            if (before != null && before != proposer.word(at)) {
                throw new AssertionError("two things acknowledged at " + at);
            }
        }
        acknowledgedUpTo = Lsn.max(acknowledgedUpTo, commit);
    }

    /** With the faults over, a last proposer gets everything everywhere. */
    private void settle() {
        proposers.clear();
        addProposer();
        SimulatedProposer last = proposers.getFirst();
        boolean wrote = false;
        for (int round = 0; round < 4000 && !isEverywhere(last, wrote); round++) {
            for (int peer = 0; peer < ACCEPTORS; peer++) {
                if (!last.isConnected(peer)) {
                    last.connect(peer);
                }
                toAcceptor(last, peer);
                flush(last, peer);
                last.deliver(peer);
                last.send(peer);
            }
            if (!wrote && last.state.role() instanceof Role.Leader) {
                last.write(random);
                wrote = true;
            }
            check(last);
        }
        if (!isEverywhere(last, wrote)) {
            throw new AssertionError("did not settle: " + last.state);
        }
        for (SimulatedAcceptor acceptor : acceptors) {
            acknowledged.forEach((at, word) -> {
                if (acceptor.word(at) != word) {
                    throw new AssertionError("acknowledged word lost at " + at);
                }
            });
        }
    }

    private boolean isEverywhere(SimulatedProposer last, boolean wrote) {
        Lsn end = last.state.available();
        return wrote
                && last.state.commit().equals(end)
                && acceptors.stream()
                        .allMatch(a ->
                                a.state.flush().equals(end)
                                        && a.state.control().commit().equals(end));
    }
}
