package dev.sluice.walservice.consensus;

import dev.sluice.walservice.consensus.PeerState.Phase;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A proposer, and the compute that writes through it. */
final class SimulatedProposer {
    /** After so long without an answer that is due, a connection is given up. */
    private static final long PATIENCE = 25_000;

    private final List<SimulatedAcceptor> acceptors;
    private final ProtocolRules rules;
    private final Ledger ledger;
    private final Tally tally;
    private final Outbox outbox;

    /** The number of the conversation with each acceptor, 0 for none. */
    final int[] conversations;

    private final long[] heard;
    private final long[] log = new long[SimulatedAcceptor.WORDS];
    final int number;
    ProposerState state;
    boolean alive = true;
    long stalledUntil;
    private final int window;
    private int serial;

    /** Takes what a proposer sends. */
    interface Outbox {
        void send(SimulatedProposer from, int peer, ProposerMessage message);
    }

    SimulatedProposer(
            int number,
            int window,
            List<SimulatedAcceptor> acceptors,
            ProtocolRules rules,
            Ledger ledger,
            Tally tally,
            Configuration configuration,
            Outbox outbox) {
        this.number = number;
        this.window = window;
        this.acceptors = acceptors;
        this.rules = rules;
        this.ledger = ledger;
        this.tally = tally;
        this.outbox = outbox;
        conversations = new int[acceptors.size()];
        heard = new long[acceptors.size()];
        state = ProposerState.initial(configuration);
    }

    static int author(long word) {
        return (int) (word >>> 33);
    }

    @Override
    public String toString() {
        return "compute " + number;
    }

    boolean isFenced() {
        return state.role() instanceof Role.Fenced;
    }

    boolean isResting() {
        return state.role() instanceof Role.Resting;
    }

    void rouse() {
        step(new ProposerInput.Roused());
    }

    /**
     * Whether it can write.
     *
     * @param most bytes of its own
     */
    boolean mayWrite(long most) {
        return state.role() instanceof Role.Leader leader
                && state.commit().isValid()
                && state.available().minus(leader.start()) < most
                && SimulatedAcceptor.index(state.available()) < SimulatedAcceptor.WORDS - 64;
    }

    /** The index that the core has for an acceptor; -1 if it knows none. */
    private int slot(int acceptor) {
        for (int slot = 0; slot < state.peers().size(); slot++) {
            if (state.peers().get(slot).node() == acceptor + 1) {
                return slot;
            }
        }
        return -1;
    }

    private int acceptorAt(int slot) {
        return (int) state.peers().get(slot).node() - 1;
    }

    /** Whether an acceptor has a say, as far as it knows. */
    boolean isWanted(int acceptor) {
        return state.configuration().contains(acceptor + 1);
    }

    void connected(int peer, int conversation, long now) {
        conversations[peer] = conversation;
        heard[peer] = now;
        outbox.send(
                this,
                peer,
                new ProposerMessage.Greeting(
                        SimulatedAcceptor.ID,
                        state.configuration(),
                        42,
                        17,
                        Acceptor.SEGMENT_SIZE));
    }

    void disconnected(int peer) {
        conversations[peer] = 0;
        int slot = slot(peer);
        if (slot >= 0) {
            step(new ProposerInput.Disconnected(slot));
        }
    }

    /** Whether an answer has been due for too long. */
    boolean isImpatient(int peer, long now) {
        boolean due =
                !(state.peers().get(slot(peer)).phase() instanceof Phase.Streaming streaming)
                        || !streaming.next().equals(streaming.received());
        return due && now - heard[peer] > PATIENCE;
    }

    void receive(int peer, AcceptorMessage message, long now) {
        heard[peer] = now;
        step(new ProposerInput.Received(slot(peer), message));
    }

    /** A new record of one to five words. */
    void write(SplittableRandom random) {
        int length = 1 + random.nextInt(5);
        Lsn at = state.available();
        for (int i = 0; i < length; i++) {
            log[SimulatedAcceptor.index(at)] =
                    (((long) number << 32 | ++serial) << 1) | (i == length - 1 ? 1 : 0);
            at = at.plus(8);
        }
        step(new ProposerInput.Available(at));
    }

    /** Whether there was anything to send. */
    boolean send(int peer) {
        return step(new ProposerInput.Writable(slot(peer), window));
    }

    void probe(int peer) {
        step(new ProposerInput.Quiet(slot(peer)));
    }

    private boolean step(ProposerInput input) {
        ProposerState before = state;
        Proposer.Step step = rules.proposer(before, input);
        state = step.state();
        observe(before);
        for (ProposerAction action : step.actions()) {
            switch (action) {
                case ProposerAction.Send(int slot, ProposerMessage message) ->
                        outbox.send(this, acceptorAt(slot), message);
                case ProposerAction.SendAppend append -> sendAppend(append);
                case ProposerAction.Reconfigure _ -> {
                    if (state.role() instanceof Role.Leader) {
                        tally.count(Happening.LEADERS_RECONFIGURED);
                    }
                    Arrays.fill(conversations, 0);
                }
            }
        }
        return !step.actions().isEmpty();
    }

    private void observe(ProposerState before) {
        if (state.role() instanceof Role.Leader leader && !(before.role() instanceof Role.Leader)) {
            takeOver(leader);
        }
        if (isFenced() && !(before.role() instanceof Role.Fenced)) {
            tally.count(Happening.FENCINGS);
        }
        if (state.commit().equals(before.commit())) {
            return;
        }
        Invariant.COMMIT_NEVER_GOES_BACK.check(
                state.commit().isAfter(before.commit()),
                () -> this + " goes from " + before + " to " + state);
        Invariant.THE_FENCED_NEVER_ACKNOWLEDGE.check(
                state.role() instanceof Role.Leader,
                () -> this + " goes from " + before + " to " + state);
        if (state.role() instanceof Role.Leader leader) {
            Lsn from = Lsn.max(before.commit(), SimulatedAcceptor.START);
            for (Lsn at = from; at.isBefore(state.commit()); at = at.plus(8)) {
                tally.add(Happening.RECORDS_ACKNOWLEDGED, log[SimulatedAcceptor.index(at)] & 1);
            }
            ledger.commit(leader.term(), from, state.commit(), log, toString());
        }
    }

    private void takeOver(Role.Leader leader) {
        tally.count(Happening.ELECTIONS);
        if (leader.term().number() > 1) {
            tally.count(Happening.CONTESTED_TERMS);
        }
        long[] donors = acceptors.get(acceptorAt(leader.donor())).logsAtVotes.get(leader.term());
        if (donors == null) {
            throw new IllegalStateException("no vote of " + leader.donor() + " in " + leader);
        }
        int start = SimulatedAcceptor.index(leader.start());
        System.arraycopy(donors, 0, log, 0, Math.min(start, donors.length));
        ledger.elected(
                new Ledger.Reign(leader.term(), number, leader.start(), Arrays.copyOf(log, start)));
    }

    private void sendAppend(ProposerAction.SendAppend append) {
        if (!(state.role() instanceof Role.Leader leader)) {
            return;
        }
        ByteBuffer wal = ByteBuffer.allocate((int) append.end().minus(append.begin()));
        SimulatedAcceptor donor =
                append.begin().isBefore(leader.start()) ? donorOf(leader, append) : null;
        if (append.begin().isBefore(leader.start()) && donor == null) {
            disconnected(acceptorAt(append.peer()));
            return;
        }
        for (Lsn at = append.begin(); at.isBefore(append.end()); at = at.plus(8)) {
            long own = log[SimulatedAcceptor.index(at)];
            if (donor != null) {
                long read = donor.word(at);
                Lsn where = at;
                Invariant.ONE_HISTORY.check(
                        read == own, () -> this + " reads another log at " + where);
            }
            wal.putLong(own);
        }
        outbox.send(
                this,
                acceptorAt(append.peer()),
                new ProposerMessage.Append(
                        append.generation(),
                        leader.term(),
                        append.begin(),
                        append.commit(),
                        wal.flip()));
    }

    /** Who has what the leader took over: the donor, or one that it has filled. */
    private @Nullable SimulatedAcceptor donorOf(
            Role.Leader leader, ProposerAction.SendAppend append) {
        for (int i = 0; i < state.peers().size(); i++) {
            SimulatedAcceptor each = acceptors.get(acceptorAt(i));
            boolean has =
                    i == leader.donor() || !state.peers().get(i).acked().isBefore(append.end());
            if (has
                    && each.up
                    && each.exists
                    && each.state.control().term().equals(leader.term())
                    && !each.state.flush().isBefore(append.end())) {
                return each;
            }
        }
        return null;
    }
}
