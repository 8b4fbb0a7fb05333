package dev.sluice.controlplane.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sluice.controlplane.catalog.SafekeeperCatalog.Safekeeper;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Standing;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Refusal.Reason;
import dev.sluice.controlplane.wal.ReplacementStart.Starter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ReplacementStartTest {
    private static final Starter READY = new Starter.Ready();
    private static final List<Long> THREE = List.of(1L, 2L, 3L);

    private static List<Safekeeper> members(long... numbers) {
        return LongStream.of(numbers).mapToObj(n -> new Safekeeper(n, Standing.MEMBER)).toList();
    }

    private static void assertRefused(Reason reason, String message, ThrowingCallable call) {
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(call)
                .withMessage(message)
                .matches(refusal -> refusal.reason() == reason);
    }

    @Test
    void theNewOneHasTheNextNumberOrAHigherOne() {
        List<Safekeeper> all = members(1, 3, 4);
        assertThat(ReplacementStart.number(all, 6, 3, Optional.empty())).isEqualTo(7);
        assertThat(ReplacementStart.number(all, 6, 3, Optional.of(9999L))).isEqualTo(9999);
        assertRefused(
                Reason.BAD_REQUEST,
                "numbers are used once: the next safekeeper is 7 or above",
                () -> ReplacementStart.number(all, 6, 3, Optional.of(6L)));
        assertRefused(
                Reason.BAD_REQUEST,
                "a safekeeper's number is at most 9999",
                () -> ReplacementStart.number(all, 6, 3, Optional.of(10_000L)));
        assertRefused(
                Reason.NOT_FOUND,
                "safekeeper not found: \"2\"",
                () -> ReplacementStart.number(all, 6, 2, Optional.empty()));
    }

    @Test
    void oneIsReplacedAtATime() {
        List<Safekeeper> all = new ArrayList<>(members(1, 3));
        all.add(new Safekeeper(2, Standing.LEAVING));
        all.add(new Safekeeper(4, Standing.JOINING));
        assertRefused(
                Reason.CONFLICT,
                "safekeeper 2 is being replaced just now",
                () -> ReplacementStart.number(all, 4, 3, Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "1, 3", "2, 3"})
    void anyMajorityIsEnoughWithTheOldOneOrWithout(long one, long other) {
        assertThatCode(() -> ReplacementStart.require(2, 4, THREE, Set.of(one, other), READY))
                .doesNotThrowAnyException();
    }

    @Test
    void withoutAMajorityItIsRefusedWhoeverWouldStartTheNewOne() {
        assertRefused(
                Reason.UNAVAILABLE,
                "safekeeper 2 cannot be replaced: of safekeepers 1, 2, 3 only 3 answers, and a"
                        + " majority has to; bring more of them back first (sluice safekeepers"
                        + " list)",
                () ->
                        ReplacementStart.require(
                                2, 4, THREE, Set.of(3L), new Starter.Away("it is not there")));
        assertRefused(
                Reason.UNAVAILABLE,
                "safekeeper 1 cannot be replaced: of safekeepers 1, 2, 3, 4, 5 only 2, 5 answer,"
                        + " and a majority has to; bring more of them back first (sluice"
                        + " safekeepers list)",
                () ->
                        ReplacementStart.require(
                                1, 6, List.of(1L, 2L, 3L, 4L, 5L), Set.of(5L, 2L), READY));
    }

    @Test
    void nobodyElseHasTheWalOfASingleOne() {
        assertThatCode(() -> ReplacementStart.require(1, 2, List.of(1L), Set.of(1L), READY))
                .doesNotThrowAnyException();
        assertRefused(
                Reason.UNAVAILABLE,
                "safekeeper 1 cannot be replaced: of safekeepers 1 none answers, and a majority"
                        + " has to; bring more of them back first (sluice safekeepers list)",
                () -> ReplacementStart.require(1, 2, List.of(1L), Set.of(), READY));
    }

    @Test
    void whatIsInTheWayOfTheNewOneIsNamed() {
        assertRefused(
                Reason.CONFLICT,
                "safekeeper 4 cannot be started: cannot listen at 127.0.0.1:7004; clear that, or"
                        + " choose another number (sluice safekeepers replace 2 5)",
                () ->
                        ReplacementStart.require(
                                2,
                                4,
                                THREE,
                                Set.of(1L, 3L),
                                new Starter.Obstructed("cannot listen at 127.0.0.1:7004")));
    }

    @Test
    void withNobodyToStartTheNewOneItIsRefused() {
        assertRefused(
                Reason.UNAVAILABLE,
                "safekeeper 4 cannot be started: the supervisor that would do it does not answer"
                        + " (no such socket); only sluice up --separate-processes has one",
                () ->
                        ReplacementStart.require(
                                2, 4, THREE, Set.of(1L, 2L), new Starter.Away("no such socket")));
    }
}
