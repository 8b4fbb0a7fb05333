package dev.sluice.walservice.consensus;

import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.LongPredicate;

/**
 * Which safekeepers decide about a timeline. It is changed in two steps, each the next generation:
 * to a <em>joint</em> one, in which all that is decided takes a majority of the members and a
 * majority of those that are to follow them, and from there to one of the latter alone. So two
 * generations in a row never decide without each other.
 *
 * @param generation counts the configurations, the first is 1; 0 for {@link #UNSET}
 * @param members node ids, ascending, each positive and once; 1 to {@link #MAX_MEMBERS}
 * @param following who is to follow them, in the same form; empty unless joint
 */
public record Configuration(long generation, List<Long> members, List<Long> following) {
    public static final int MAX_MEMBERS = 32;

    /** The generation of a timeline's first. */
    public static final long FIRST = 1;

    /**
     * Of a timeline from before there were configurations: the first one that it hears of holds.
     */
    public static final Configuration UNSET = new Configuration(0, List.of(), List.of());

    /**
     * @throws IllegalArgumentException if it is not as described
     */
    public Configuration {
        members = sorted(members);
        following = sorted(following);
        boolean unset = generation == 0 && members.isEmpty() && following.isEmpty();
        if (!unset && (generation <= 0 || members.isEmpty())) {
            throw new IllegalArgumentException(
                    "no configuration: generation " + generation + " of " + members);
        }
    }

    /** A timeline's first. */
    public static Configuration first(Collection<Long> members) {
        return new Configuration(FIRST, List.copyOf(members), List.of());
    }

    private static List<Long> sorted(List<Long> nodes) {
        List<Long> sorted = nodes.stream().sorted().distinct().toList();
        if (sorted.size() != nodes.size()
                || sorted.size() > MAX_MEMBERS
                || (!sorted.isEmpty() && sorted.getFirst() <= 0)) {
            throw new IllegalArgumentException(
                    nodes + " are no members: 1 to " + MAX_MEMBERS + " positive ids, each once");
        }
        return sorted;
    }

    public boolean isUnset() {
        return generation == 0;
    }

    public boolean isJoint() {
        return !following.isEmpty();
    }

    /** The members and those that are to follow them, ascending. */
    public List<Long> everyone() {
        if (!isJoint()) {
            return members;
        }
        List<Long> all = new ArrayList<>(members);
        following.stream().filter(node -> !members.contains(node)).forEach(all::add);
        return all.stream().sorted().toList();
    }

    public boolean contains(long node) {
        return members.contains(node) || following.contains(node);
    }

    /** Those that are to become members. */
    public List<Long> joining() {
        return following.stream().filter(node -> !members.contains(node)).toList();
    }

    /** The first step of a change. */
    public Configuration jointWith(Collection<Long> next) {
        if (isJoint() || isUnset()) {
            throw new IllegalStateException(this + " cannot become joint");
        }
        return new Configuration(generation + 1, members, List.copyOf(next));
    }

    /** The second step of a change. */
    public Configuration concluded() {
        if (!isJoint()) {
            throw new IllegalStateException(this + " is not joint");
        }
        return new Configuration(generation + 1, following, List.of());
    }

    /** Whether those of whom it holds can decide. */
    public boolean isQuorum(LongPredicate holds) {
        return !isUnset()
                && isMajority(members, holds)
                && (!isJoint() || isMajority(following, holds));
    }

    static boolean isMajority(List<Long> of, LongPredicate holds) {
        return of.stream().filter(holds::test).count() > of.size() / 2;
    }

    /**
     * The highest LSN up to which a quorum has the log.
     *
     * @param ends where each one's log ends
     */
    Lsn quorumHolds(LongFunction<Lsn> ends) {
        Lsn held = majorityHolds(members, ends);
        return isJoint() ? Lsn.min(held, majorityHolds(following, ends)) : held;
    }

    private static Lsn majorityHolds(List<Long> of, LongFunction<Lsn> ends) {
        return of.stream()
                .map(ends::apply)
                .sorted(Comparator.reverseOrder())
                .skip(of.size() / 2)
                .findFirst()
                .orElse(Lsn.INVALID);
    }

    @Override
    public String toString() {
        return "generation " + generation + " of " + members + (isJoint() ? "+" + following : "");
    }
}
