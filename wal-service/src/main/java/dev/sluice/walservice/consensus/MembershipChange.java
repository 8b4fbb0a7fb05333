package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * How other safekeepers are put in charge of a timeline while it is written, as a function.
 *
 * <pre>
 *   1  those that join get the timeline, empty, and fill it with what is committed
 *   2  the joint configuration is remembered, then told to everyone, and answered by a majority of
 *      the members: from then on nothing is decided without those that follow
 *   3  the members' most advanced log and highest term are known. Wait until a majority of those
 *      that follow, and all that join, have that log, and have been raised to that term
 *   4  the configuration of those that follow alone is remembered, then told to a majority of them
 *   5  those that left lose the timeline
 * </pre>
 *
 * <p>What is remembered is all that counts: each step can be done again, by whoever goes on with
 * the change after a crash, and by several at once, since a configuration takes the place of the
 * remembered one only if that is the one before it.
 *
 * <p>Why 3 is enough: what the members alone committed, a majority of them had, each before it
 * heard of the joint configuration, and one of those has answered. So the most advanced log has it;
 * and a leader that the members alone elected is of no higher term than they answered with, so that
 * none of a lower one is listened to any more by those that follow.
 */
public final class MembershipChange {
    private MembershipChange() {}

    /** What can happen. */
    public sealed interface Input {

        /** It is time to ask, or to ask again. */
        record Tick() implements Input {}

        /** What a safekeeper said of itself. */
        record Reported(PeerReport report) implements Input {}

        /** What is remembered as the timeline's configuration. */
        record Remembered(Configuration configuration) implements Input {}
    }

    /** What is to be done. Answers may be lost, and come late and out of order. */
    public sealed interface Action {

        /**
         * Make the timeline, empty, on a safekeeper that does not have it, which gives a report;
         * only as long as {@code configuration} is what is remembered, so that it can have promised
         * nothing. If it is not, give what is.
         */
        record Join(long node, Configuration configuration) implements Action {}

        /** Tell a safekeeper, which gives a report. */
        record Configure(long node, Configuration configuration, Term term) implements Action {}

        /**
         * Remember {@code next}, durably, if {@code before} is what is remembered; and give what is
         * then remembered.
         */
        record Remember(Configuration before, Configuration next) implements Action {}

        /** Give what is remembered: somebody else goes on with the change. */
        record Recall() implements Action {}

        /** A safekeeper that has left gives up the timeline; its objects are the others'. */
        record Leave(long node) implements Action {}

        /** The change is complete. */
        record Finish() implements Action {}
    }

    /**
     * A log's end and the highest promise, as the members answered.
     *
     * @param lastTerm the term that wrote the end of the most advanced log
     * @param flush where it ends
     * @param term the highest that any had voted for or obeyed
     */
    public record Point(Term lastTerm, Lsn flush, Term term) {
        boolean isReachedBy(PeerReport report) {
            int order = report.lastLogTerm().compareTo(lastTerm);
            return report.term().compareTo(term) >= 0
                    && (order > 0 || (order == 0 && !report.flush().isBefore(flush)));
        }
    }

    /**
     * @param target who is to be in charge
     * @param leaving who may still have the timeline and is to lose it
     * @param begun the generation that was remembered at the beginning
     * @param configuration the remembered one
     * @param reports the last of each safekeeper since that is remembered
     * @param enough where the log of those that join is to end before they are waited for by
     *     commits: what the members knew to be committed, the least that they said, since one that
     *     crashed may know less; null until known
     * @param point what those that follow must reach; null until known
     */
    public record State(
            List<Long> target,
            List<Long> leaving,
            long begun,
            Configuration configuration,
            Map<Long, PeerReport> reports,
            @Nullable Lsn enough,
            @Nullable Point point) {
        public State {
            target = target.stream().sorted().toList();
            leaving = List.copyOf(leaving);
            reports = Map.copyOf(reports);
        }

        /** At the beginning, or when the change is taken up again. */
        public static State of(List<Long> target, List<Long> leaving, Configuration remembered) {
            return new State(
                    target, leaving, remembered.generation(), remembered, Map.of(), null, null);
        }

        private State with(PeerReport report) {
            Map<Long, PeerReport> more = new HashMap<>(reports);
            more.put(report.nodeId(), report);
            return new State(target, leaving, begun, configuration, more, enough, point);
        }

        State with(Point newPoint) {
            return with(enough, newPoint);
        }

        private State with(@Nullable Lsn newEnough, @Nullable Point newPoint) {
            return new State(target, leaving, begun, configuration, reports, newEnough, newPoint);
        }

        private State with(Configuration remembered) {
            return new State(target, leaving, begun, remembered, Map.of(), null, null);
        }

        private List<Long> joining() {
            return configuration.isJoint()
                    ? configuration.joining()
                    : target.stream().filter(n -> !configuration.members().contains(n)).toList();
        }

        private boolean hasIt(long node) {
            PeerReport report = reports.get(node);
            return report != null && report.configuration().equals(configuration);
        }

        private boolean answers(long node) {
            PeerReport report = reports.get(node);
            return hasIt(node) && report != null && report.votes();
        }

        private boolean hasReached(long node) {
            PeerReport report = reports.get(node);
            return answers(node) && point != null && report != null && point.isReachedBy(report);
        }
    }

    /** What comes of an input. */
    public record Step(State state, List<Action> actions) {
        public Step {
            actions = List.copyOf(actions);
        }

        Step(State state, Action... actions) {
            this(state, List.of(actions));
        }
    }

    public static Step step(State state, Input input) {
        return switch (input) {
            case Input.Remembered(Configuration remembered) ->
                    new Step(
                            remembered.generation() <= state.configuration().generation()
                                    ? state
                                    : state.with(remembered));
            case Input.Reported(PeerReport report) -> {
                boolean behind =
                        report.configuration().generation() > state.configuration().generation();
                State known = state.with(report);
                yield behind ? new Step(known, new Action.Recall()) : new Step(learn(known));
            }
            case Input.Tick _ -> new Step(state, next(state));
        };
    }

    /** Fixes what is to be reached as soon as a majority of the members has answered. */
    private static State learn(State state) {
        Configuration configuration = state.configuration();
        if (!Configuration.isMajority(configuration.members(), state::answers)) {
            return state;
        }
        List<PeerReport> answered =
                configuration.members().stream()
                        .filter(state::answers)
                        .map(state.reports()::get)
                        .toList();
        if (configuration.isJoint()) {
            return state.point() == null ? state.with(null, pointOf(answered)) : state;
        }
        Lsn commit = Lsn.INVALID;
        for (PeerReport report : answered) {
            commit = Lsn.max(commit, report.commit());
        }
        Lsn enough = state.enough();
        return state.with(enough == null ? commit : Lsn.min(enough, commit), null);
    }

    private static Point pointOf(List<PeerReport> answered) {
        Point point = new Point(Term.NONE, Lsn.INVALID, Term.NONE);
        for (PeerReport report : answered) {
            int order = report.lastLogTerm().compareTo(point.lastTerm());
            boolean further = order > 0 || (order == 0 && report.flush().isAfter(point.flush()));
            point =
                    new Point(
                            further ? report.lastLogTerm() : point.lastTerm(),
                            further ? report.flush() : point.flush(),
                            report.term().compareTo(point.term()) > 0
                                    ? report.term()
                                    : point.term());
        }
        return point;
    }

    private static List<Action> next(State state) {
        Configuration configuration = state.configuration();
        if (configuration.isJoint()) {
            return nextWhileJoint(state);
        }
        if (configuration.members().equals(state.target())) {
            return nextAtTheEnd(state);
        }
        return configuration.generation() == state.begun()
                ? nextBefore(state)
                : List.of(new Action.Finish()); // another change has followed on this one
    }

    private static List<Action> nextBefore(State state) {
        Configuration configuration = state.configuration();
        Lsn enough = state.enough();
        boolean ready =
                enough != null
                        && state.joining().stream()
                                .allMatch(node -> {
                                    PeerReport report = state.reports().get(node);
                                    return report != null && !report.flush().isBefore(enough);
                                });
        if (ready) {
            return List.of(
                    new Action.Remember(configuration, configuration.jointWith(state.target())));
        }
        List<Action> actions =
                new ArrayList<>(tell(configuration.members(), configuration, Term.NONE));
        state.joining().forEach(node -> actions.add(new Action.Join(node, configuration)));
        return actions;
    }

    private static List<Action> nextWhileJoint(State state) {
        Configuration configuration = state.configuration();
        Point point = state.point();
        if (point == null) {
            return tellAndRecall(configuration.everyone(), configuration, Term.NONE);
        }
        LongPredicate reached = state::hasReached;
        if (Configuration.isMajority(configuration.following(), reached)
                && configuration.joining().stream().allMatch(reached::test)) {
            return List.of(new Action.Remember(configuration, configuration.concluded()));
        }
        return tellAndRecall(configuration.following(), configuration, point.term());
    }

    private static List<Action> nextAtTheEnd(State state) {
        Configuration configuration = state.configuration();
        if (!Configuration.isMajority(configuration.members(), state::hasIt)) {
            return tellAndRecall(configuration.members(), configuration, Term.NONE);
        }
        List<Action> actions = new ArrayList<>();
        state.leaving().stream()
                .filter(node -> !configuration.contains(node))
                .forEach(node -> actions.add(new Action.Leave(node)));
        actions.add(new Action.Finish());
        return actions;
    }

    /**
     * Somebody else may have gone on, without having been able to tell those that are waited for.
     */
    private static List<Action> tellAndRecall(
            List<Long> nodes, Configuration configuration, Term term) {
        List<Action> actions = new ArrayList<>(tell(nodes, configuration, term));
        actions.add(new Action.Recall());
        return actions;
    }

    private static List<Action> tell(List<Long> nodes, Configuration configuration, Term term) {
        List<Action> actions = new ArrayList<>();
        nodes.forEach(node -> actions.add(new Action.Configure(node, configuration, term)));
        return actions;
    }
}
