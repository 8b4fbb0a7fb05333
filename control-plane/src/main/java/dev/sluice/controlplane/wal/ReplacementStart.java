package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.catalog.SafekeeperCatalog.Safekeeper;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Standing;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.walservice.consensus.Configuration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether one safekeeper can begin to take the place of another, as a function of what is seen.
 *
 * <p>It is asked once, before anything is written down. A replacement that has begun is gone on
 * with whatever is in its way: part of the timelines may have been changed, and its new safekeeper
 * rightly has the port that is asked about here.
 */
final class ReplacementStart {
    private static final long MOST = 9999;

    private ReplacementStart() {}

    /** What is known of whoever would start the new safekeeper. */
    sealed interface Starter {

        /** It could. */
        record Ready() implements Starter {}

        /** It is there, and something is in its way. */
        record Obstructed(String obstacle) implements Starter {}

        /** It is not there. */
        record Away(String why) implements Starter {}
    }

    /**
     * The number that the new safekeeper gets.
     *
     * @param all the safekeepers there are
     * @param last the highest number that was ever given
     * @param wanted empty for the next
     * @throws Refusal if the catalog alone shows that it cannot begin
     */
    static long number(List<Safekeeper> all, long last, long old, Optional<Long> wanted) {
        if (all.stream().noneMatch(safekeeper -> safekeeper.number() == old)) {
            throw Refusal.notFound("safekeeper", Long.toString(old));
        }
        for (Safekeeper safekeeper : all) {
            if (safekeeper.standing() == Standing.LEAVING) {
                throw new Refusal(
                        Refusal.Reason.CONFLICT,
                        "safekeeper " + safekeeper.number() + " is being replaced just now");
            }
        }
        long fresh = wanted.orElse(last + 1);
        if (fresh > MOST) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST, "a safekeeper's number is at most " + MOST);
        }
        if (fresh <= last) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "numbers are used once: the next safekeeper is " + (last + 1) + " or above");
        }
        return fresh;
    }

    /**
     * As many of those that follow have to be there as of the members, and the new one makes up for
     * the old one: so a majority of the members, the old one too, is what it takes.
     *
     * @param members the safekeepers there are
     * @param answering those of them that answer
     * @throws Refusal if it would not get to its end as things are
     */
    static void require(
            long old, long fresh, List<Long> members, Set<Long> answering, Starter starter) {
        if (!Configuration.first(members).isQuorum(answering::contains)) {
            List<Long> there = members.stream().filter(answering::contains).toList();
            throw new Refusal(
                    Refusal.Reason.UNAVAILABLE,
                    ("safekeeper %d cannot be replaced: of safekeepers %s %s, and a majority has"
                                    + " to; bring more of them back first (sluice safekeepers"
                                    + " list)")
                            .formatted(old, list(members), answers(there)));
        }
        switch (starter) {
            case Starter.Ready _ -> {}
            case Starter.Obstructed(String obstacle) ->
                    throw new Refusal(
                            Refusal.Reason.CONFLICT,
                            ("safekeeper %d cannot be started: %s; clear that, or choose another"
                                            + " number (sluice safekeepers replace %d %d)")
                                    .formatted(fresh, obstacle, old, fresh + 1));
            case Starter.Away(String why) ->
                    throw new Refusal(
                            Refusal.Reason.UNAVAILABLE,
                            ("safekeeper %d cannot be started: the supervisor that would do it"
                                            + " does not answer (%s); only sluice up"
                                            + " --separate-processes has one")
                                    .formatted(fresh, why));
        }
    }

    private static String answers(List<Long> there) {
        return switch (there.size()) {
            case 0 -> "none answers";
            case 1 -> "only " + list(there) + " answers";
            default -> "only " + list(there) + " answer";
        };
    }

    private static String list(List<Long> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
