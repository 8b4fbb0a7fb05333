package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;

/** A proposer with its connections to each acceptor, each a queue in both directions. */
final class SimulatedProposer {
    private static final int WINDOW = 160;

    private final int number;
    private final List<SimulatedAcceptor> acceptors;
    final List<Queue<ProposerMessage>> outgoing = new ArrayList<>();
    final List<Queue<AcceptorMessage>> incoming = new ArrayList<>();
    private final boolean[] connected;
    private final Map<Lsn, Long> own = new HashMap<>();
    ProposerState state;
    private long serial;

    SimulatedProposer(int number, List<SimulatedAcceptor> acceptors) {
        this.number = number;
        this.acceptors = acceptors;
        this.connected = new boolean[acceptors.size()];
        acceptors.forEach(_ -> {
            outgoing.add(new ArrayDeque<>());
            incoming.add(new ArrayDeque<>());
        });
        state = ProposerState.initial(acceptors.size(), acceptors.size() / 2 + 1);
    }

    boolean isConnected(int peer) {
        return connected[peer];
    }

    void connect(int peer) {
        connected[peer] = true;
        outgoing.get(peer)
                .add(
                        new ProposerMessage.Greeting(
                                SimulatedAcceptor.ID, 0, 42, 17, Acceptor.SEGMENT_SIZE));
    }

    void reset(int peer) {
        connected[peer] = false;
        outgoing.get(peer).clear();
        incoming.get(peer).clear();
        step(new ProposerInput.Disconnected(peer));
    }

    void deliver(int peer) {
        AcceptorMessage message = incoming.get(peer).poll();
        if (message != null) {
            step(new ProposerInput.Received(peer, message));
        }
    }

    /** A new record of one to five words. */
    void write(Random random) {
        int length = 1 + random.nextInt(5);
        Lsn at = state.available();
        for (int i = 0; i < length; i++) {
            own.put(at, ((((long) number << 32) | ++serial) << 1) | (i == length - 1 ? 1 : 0));
            at = at.plus(8);
        }
        step(new ProposerInput.Available(at));
    }

    void send(int peer) {
        step(new ProposerInput.Writable(peer, WINDOW));
    }

    private void step(ProposerInput input) {
        Proposer.Step step = Proposer.step(state, input);
        state = step.state();
        for (ProposerAction action : step.actions()) {
            switch (action) {
                case ProposerAction.Send(int peer, ProposerMessage message) ->
                        outgoing.get(peer).add(message);
                case ProposerAction.SendAppend append -> sendAppend(append);
            }
        }
    }

    private void sendAppend(ProposerAction.SendAppend append) {
        if (!(state.role() instanceof Role.Leader leader)) {
            return;
        }
        ByteBuffer wal = ByteBuffer.allocate((int) append.end().minus(append.begin()));
        for (Lsn at = append.begin(); at.isBefore(append.end()); at = at.plus(8)) {
            if (!at.isBefore(leader.start())) {
                wal.putLong(word(at));
            } else if (acceptors.get(leader.donor()).state.control().term().equals(leader.term())) {
                wal.putLong(acceptors.get(leader.donor()).word(at));
            } else {
                reset(append.peer());
                return;
            }
        }
        outgoing.get(append.peer())
                .add(
                        new ProposerMessage.Append(
                                leader.term(), append.begin(), append.commit(), wal.flip()));
    }

    /** Of its own log, from the leader's start on. */
    long word(Lsn at) {
        Long word = own.get(at);
        if (word == null) {
            throw new AssertionError("proposer " + number + " has nothing at " + at);
        }
        return word;
    }
}
