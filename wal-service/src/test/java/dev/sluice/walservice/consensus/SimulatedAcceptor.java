package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * An acceptor with a simulated disk. The log is in words of eight bytes; a word's lowest bit says
 * whether a record ends with it. What is written and not flushed is lost, in part, by a crash.
 */
final class SimulatedAcceptor {
    static final Lsn START = new Lsn(800);
    static final TenantTimelineId ID =
            new TenantTimelineId(new TenantId(1, 2), new TimelineId(3, 4));
    static final int WORDS = 1 << 12;

    private final int number;
    private final ProtocolRules rules;
    private final Ledger ledger;
    private final Tally tally;
    private final SplittableRandom random;
    int crashWithin;

    /** The proposers' connections, by the conversation's number. */
    final Map<Integer, SimulatedProposer> conversations = new HashMap<>();

    /** What its log was when it gave a vote, per term. */
    final Map<Term, long[]> logsAtVotes = new HashMap<>();

    /** Which copies are under way, so that a second one is not begun. */
    final Set<Long> copies = new HashSet<>();

    long[] log = new long[WORDS];
    private TimelineControl disk;
    private Lsn durable = START;
    private Term promised = Term.NONE;
    AcceptorState state;
    boolean up = true;
    boolean exists;
    boolean full;

    /** It was given the timeline once. */
    boolean made;

    /** It had the timeline, and has left. */
    boolean gone;

    /** It never comes up again. */
    boolean dead;

    SimulatedAcceptor(
            int number,
            ProtocolRules rules,
            Ledger ledger,
            Tally tally,
            SplittableRandom random,
            Configuration configuration,
            int crashWithin) {
        this.disk = TimelineControl.born(ID, 42, 17, configuration, START);
        this.state = AcceptorState.recovered(disk, START);
        this.made = configuration.contains(number);
        this.exists = made;
        this.number = number;
        this.rules = rules;
        this.ledger = ledger;
        this.tally = tally;
        this.random = random;
        this.crashWithin = crashWithin;
    }

    /** It went down in the middle of a step. */
    static final class Crashed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Crashed() {
            super(null, null, false, false);
        }
    }

    /** It refuses what it was told, and ends the conversation. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(Refusal refusal, String reason) {
            super(refusal + ": " + reason, null, false, false);
        }
    }

    /** What a step wants said and done. */
    static final class Outcome {
        @Nullable AcceptorMessage reply;
        final List<AcceptorMessage> notices = new ArrayList<>();
        AcceptorAction.@Nullable Copy copy;
    }

    static int index(Lsn at) {
        return (int) (at.value() / 8);
    }

    long word(Lsn at) {
        return log[index(at)];
    }

    @Override
    public String toString() {
        return "acceptor " + number;
    }

    Outcome receive(AcceptorInput input) {
        boolean unsettled =
                switch (input) {
                    case AcceptorInput.Received(ProposerMessage.VoteRequest _),
                            AcceptorInput.Received(ProposerMessage.Elected _),
                            AcceptorInput.PeersReported _,
                            AcceptorInput.Configured _ ->
                            true;
                    case AcceptorInput.Received _,
                            AcceptorInput.Copied _,
                            AcceptorInput.Flushed _ ->
                            false;
                };
        if (unsettled && hasUnflushed()) {
            flush();
        }
        return step(input);
    }

    boolean hasUnflushed() {
        return state.written().isAfter(state.received());
    }

    Outcome flush() {
        durable = state.written();
        return step(
                new AcceptorInput.Flushed(
                        state.session(), state.written(), recordEnd(state.written())));
    }

    private Outcome step(AcceptorInput input) {
        Acceptor.Step step = rules.acceptor(number, state, input);
        Outcome outcome = new Outcome();
        for (AcceptorAction action : step.actions()) {
            if (crashWithin > 0 && random.nextInt(1000) < crashWithin) {
                tally.count(Happening.CRASHES_WITHIN_A_STEP);
                throw new Crashed();
            }
            perform(action, step.state(), outcome);
        }
        take(step.state(), heardOf(input));
        return outcome;
    }

    private void perform(AcceptorAction action, AcceptorState next, Outcome outcome) {
        switch (action) {
            case AcceptorAction.Persist(TimelineControl control) -> {
                ledger.adopted(control.history(), toString());
                if (full && random.nextInt(3) == 0) {
                    failToWrite(control);
                }
                if (control.votes() && !disk.votes()) {
                    tally.count(Happening.READMISSIONS);
                }
                if (control.configuration().generation() > disk.configuration().generation()) {
                    tally.count(Happening.SAFEKEEPERS_RECONFIGURED);
                }
                disk = control;
            }
            case AcceptorAction.Truncate(Lsn end) -> {
                tally.count(Happening.TRUNCATIONS);
                erase(end);
                state = rules.cutOff(state, end);
            }
            case AcceptorAction.Write(Lsn at, ByteBuffer wal) ->
                    write(next.control().history(), at, wal);
            case AcceptorAction.Reply(AcceptorMessage message) -> {
                outcome.reply = message;
                promise(message);
            }
            case AcceptorAction.Notify(AcceptorMessage message) -> outcome.notices.add(message);
            case AcceptorAction.Copy copy -> outcome.copy = copy;
            case AcceptorAction.Refuse(Refusal refusal, String reason) -> {
                tally.count(Happening.REFUSALS);
                throw new Refused(refusal, reason);
            }
        }
    }

    /** The control file may be the new one all the same: it was the last sync that failed. */
    private void failToWrite(TimelineControl control) {
        tally.count(Happening.CONTROL_FILES_NOT_WRITTEN);
        if (random.nextBoolean()) {
            disk = control;
        }
        throw new Refused(Refusal.DISK_FULL, "no room for the control file");
    }

    private void promise(AcceptorMessage message) {
        switch (message) {
            case AcceptorMessage.Voted voted -> {
                promised = max(promised, voted.term());
                if (voted.ballot() == AcceptorMessage.Ballot.GIVEN) {
                    logsAtVotes.put(voted.term(), Arrays.copyOf(log, index(voted.flush())));
                } else if (voted.ballot() == AcceptorMessage.Ballot.ABSTAINED) {
                    tally.count(Happening.ABSTENTIONS);
                }
            }
            case AcceptorMessage.Appended appended -> promised = max(promised, appended.term());
            case AcceptorMessage.Greeted greeted -> promised = max(promised, greeted.term());
            case AcceptorMessage.Superseded _ -> {}
        }
    }

    private static Term max(Term a, Term b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    private void write(TermHistory history, Lsn at, ByteBuffer wal) {
        if (full) {
            throw new Refused(Refusal.DISK_FULL, "full");
        }
        int i = index(at);
        for (ByteBuffer rest = wal.duplicate(); rest.hasRemaining(); i++) {
            long word = rest.getLong();
            ledger.written(history, new Lsn(8L * i), word, toString());
            log[i] = word;
        }
    }

    /** The highest term of peers' logs, if that is what it was given. */
    private static Term heardOf(AcceptorInput input) {
        Term highest = Term.NONE;
        if (input instanceof AcceptorInput.PeersReported(List<PeerReport> peers)) {
            for (PeerReport peer : peers) {
                highest = max(highest, peer.lastLogTerm());
            }
        }
        return highest;
    }

    /**
     * @param heard of a log of that term; none if it was not peers that told
     */
    private void take(AcceptorState after, Term heard) {
        AcceptorState before = state;
        TimelineControl control = after.control();
        Invariant.POSITIONS_ARE_IN_ORDER.check(
                !control.start().isAfter(control.commit())
                        && !control.commit().isAfter(after.flush())
                        && !after.flush().isAfter(after.received())
                        && !after.received().isAfter(after.written()),
                () -> this + " goes from " + before + " to " + after);
        Invariant.THE_LOG_IS_THERE.check(
                after.flush().equals(START) || word(after.flush().plus(-8)) != 0,
                () -> this + " has no WAL before " + after.flush());
        Invariant.COMMIT_NEVER_GOES_BACK.check(
                !control.commit().isBefore(before.control().commit()),
                () -> this + " goes from " + before + " to " + after);
        Invariant.GENERATIONS_ONLY_RISE.check(
                control.configuration().generation()
                        >= before.control().configuration().generation(),
                () -> this + " goes from " + before + " to " + after);
        Invariant.TERMS_ARE_NEVER_REUSED.check(
                control.term().compareTo(before.control().term()) >= 0,
                () -> this + " goes from " + before + " to " + after);
        state = after;
        if (control.commit().isAfter(before.control().commit())) {
            Lsn from = before.control().commit();
            if (!heard.equals(Term.NONE) || after.copying().isValid()) {
                ledger.learnt(max(control.term(), heard), from, control.commit(), log, toString());
            } else {
                ledger.commit(control.term(), from, control.commit(), log, toString());
            }
        }
    }

    private Lsn recordEnd(Lsn upTo) {
        return recordEndOf(log, upTo);
    }

    private static Lsn recordEndOf(long[] log, Lsn upTo) {
        Lsn end = upTo;
        while (end.isAfter(START) && (log[index(end.plus(-8))] & 1) == 0) {
            end = end.plus(-8);
        }
        return end;
    }

    private void erase(Lsn from) {
        Arrays.fill(log, index(from), Math.max(index(from), index(state.written())), 0);
        durable = Lsn.min(durable, from);
    }

    /** Goes down; of what was not flushed, a part is lost. */
    void crash() {
        tally.count(Happening.SAFEKEEPER_CRASHES);
        up = false;
        full = false;
        conversations.clear();
        copies.clear();
        long unsynced = Math.max(0, state.written().minus(durable) / 8);
        long kept = unsynced == 0 ? 0 : random.nextLong(unsynced + 1);
        if (kept < unsynced) {
            tally.count(kept == 0 ? Happening.UNSYNCED_WRITES_LOST : Happening.TORN_WRITES);
        }
        Lsn end = recordEnd(Lsn.min(durable, state.written()).plus(8 * kept));
        erase(end);
        durable = end;
        state = AcceptorState.recovered(disk, end);
    }

    void start() {
        if (dead) {
            return;
        }
        up = true;
        Invariant.TERMS_ARE_NEVER_REUSED.check(
                !exists || disk.term().compareTo(promised) >= 0,
                () -> this + " has promised term " + promised + " and remembers " + disk.term());
    }

    /** While it is down. */
    void loseDisk() {
        tally.count(Happening.DISKS_LOST);
        exists = false;
    }

    /**
     * Gets the timeline again, empty; or with its beginning out of an archive, in which others have
     * put what was committed before they removed it.
     */
    void restore(Configuration configuration, Term term, List<SimulatedAcceptor> others) {
        if (!exists && made && !gone) {
            log = new long[WORDS];
            disk = TimelineControl.lost(ID, 42, 17, configuration, START, term);
            durable = START;
            promised = Term.NONE;
            List<SimulatedAcceptor> there =
                    others.stream()
                            .filter(a -> a.up && a.exists && a != this && a.state.control().votes())
                            .toList();
            if (!there.isEmpty() && random.nextInt(3) > 0) {
                takeOver(there.get(random.nextInt(there.size())));
            }
            state = rules.restored(AcceptorState.recovered(disk, durable));
            disk = state.control();
            exists = true;
        }
    }

    private void takeOver(SimulatedAcceptor other) {
        long words = rules.archived(other.state).minus(START) / 8;
        Lsn end = recordEndOf(other.log, START.plus(8 * random.nextLong(words + 1)));
        if (end.isAfter(START)) {
            tally.count(Happening.REJOINS_PAST_THE_START);
            System.arraycopy(other.log, 0, log, 0, index(end));
            disk = disk.from(end, other.state.control().history().upTo(end));
            durable = end;
            ledger.learnt(disk.history().lastTerm(), START, end, log, toString());
        }
    }

    /** Gets the timeline before it has any say, so that there is nothing it can have promised. */
    void join(Configuration configuration) {
        if (!exists && !gone) {
            log = new long[WORDS];
            durable = START;
            promised = Term.NONE;
            tally.count(Happening.SAFEKEEPERS_JOINED);
            disk = TimelineControl.born(ID, 42, 17, configuration, START);
            state = AcceptorState.recovered(disk, START);
            exists = true;
            made = true;
        }
    }

    /** Loses the timeline: it has no say any more. */
    void leave() {
        gone = true;
        exists = false;
        conversations.clear();
        copies.clear();
    }

    boolean isWhole() {
        return exists && state.control().votes();
    }
}
