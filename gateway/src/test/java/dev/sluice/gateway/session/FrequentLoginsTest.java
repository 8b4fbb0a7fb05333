package dev.sluice.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.scram.ScramVerifier;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FrequentLoginsTest {
    private static final Route ROUTE = new Route("ep-x", "project");
    private static final String OLD = text("old");
    private static final String NEW = text("new");

    /** Answers when it is told to. */
    private static final class SlowDirectory implements Directory {
        final Deque<CompletableFuture<Optional<String>>> asked = new ArrayDeque<>();
        boolean gone;

        @Override
        public CompletionStage<Route> route(RouteRequest request) {
            return gone
                    ? CompletableFuture.failedFuture(RoutingException.noSuchEndpoint())
                    : CompletableFuture.completedFuture(ROUTE);
        }

        @Override
        public CompletionStage<Optional<String>> verifier(Route route, String role) {
            CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
            asked.add(answer);
            return answer;
        }

        @Override
        public CompletionStage<ComputeAddress> wake(Route route) {
            throw new AssertionError("nobody has proved anything");
        }
    }

    private final AtomicLong clock = new AtomicLong(-5);
    private final SlowDirectory directory = new SlowDirectory();
    private final FrequentLogins logins = new FrequentLogins(directory, clock::get);
    private final FrequentLogins.Login alice = login(1);

    private static String text(String password) {
        return ScramVerifier.create(password, new byte[16], 1).text();
    }

    private static FrequentLogins.Login login(int address) {
        return new FrequentLogins.Login(
                InetAddress.ofLiteral("192.0.2." + address),
                new RouteRequest(Optional.of("ep-x"), Optional.empty(), "app", "alice"));
    }

    private void pass(long millis) {
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private FrequentLogins.Answer said(String text) {
        return new FrequentLogins.Answer(ROUTE, text, ScramVerifier.parse(text), logins.asking());
    }

    private void logInOften() {
        for (int i = 0; i < FrequentLogins.OFTEN; i++) {
            assertThat(logins.answer(alice)).isEmpty();
            logins.proved(alice, said(OLD));
            pass(10);
        }
    }

    private Optional<String> answer() {
        return logins.answer(alice).map(FrequentLogins.Answer::text);
    }

    @Test
    void whatIsRememberedDoesNotTellTheVerifier() {
        var answer =
                new FrequentLogins.Answer(
                        ROUTE, OLD, ScramVerifier.parse(OLD), new FrequentLogins.Asked(1, 2));

        assertThat(answer.toString()).contains("ep-x").doesNotContain("SCRAM", OLD.substring(20));
    }

    @Test
    void theDirectoryIsAskedUntilLoginsAreFrequent() {
        logInOften();
        assertThat(answer()).contains(OLD);
    }

    @Test
    void loginsNowAndThenAreNotFrequent() {
        for (int i = 0; i < 100; i++) {
            assertThat(logins.answer(alice)).isEmpty();
            logins.proved(alice, said(OLD));
            pass(150);
        }
    }

    @Test
    void frequentLoginsStayFrequentFromSecondToSecond() {
        logInOften();
        int answered = 0;
        for (int i = 0; i < 500; i++) {
            Optional<FrequentLogins.Answer> answer = logins.answer(alice);
            answered += answer.isPresent() ? 1 : 0;
            logins.proved(alice, answer.orElseGet(() -> said(OLD)));
            while (!directory.asked.isEmpty()) {
                directory.asked.remove().complete(Optional.of(OLD));
            }
            pass(10);
        }
        assertThat(answered).isEqualTo(500);
    }

    @Test
    void anAnswerIsGoodForSoLong() {
        logInOften();
        pass(FrequentLogins.GOOD_FOR.toMillis() - 10);
        assertThat(answer()).contains(OLD);
        pass(1);
        assertThat(answer()).isEmpty();
    }

    @Test
    void usingAnAnswerDoesNotMakeItYounger() {
        logInOften();
        FrequentLogins.Answer answer = logins.answer(alice).orElseThrow();
        pass(FrequentLogins.GOOD_FOR.toMillis() - 10);
        logins.proved(alice, answer);
        pass(1);
        assertThat(answer()).isEmpty();
    }

    @Test
    void theDirectoryIsAskedAgainOnceWhileTheAnswerIsGood() {
        logInOften();
        pass(FrequentLogins.GOOD_FOR.toMillis() / 2);
        assertThat(answer()).contains(OLD);
        assertThat(answer()).contains(OLD);
        assertThat(directory.asked).hasSize(1);
        directory.asked.remove().complete(Optional.of(NEW));
        assertThat(answer()).contains(NEW);
        pass(FrequentLogins.GOOD_FOR.toMillis() - 10);
        assertThat(answer()).contains(NEW);
    }

    @Test
    void anotherAddressIsAnsweredByTheDirectory() {
        logInOften();
        assertThat(logins.answer(login(2))).isEmpty();
    }

    @Test
    void aWrongPasswordMakesItAskAgain() {
        logInOften();
        logins.forget(alice);
        assertThat(answer()).isEmpty();
    }

    @Test
    void whatWasAskedBeforeAChangeIsNotUsedAfterIt() {
        logInOften();
        pass(FrequentLogins.GOOD_FOR.toMillis() / 2);
        FrequentLogins.Answer before = logins.answer(alice).orElseThrow();
        logins.forgetAll();
        directory.asked.remove().complete(Optional.of(OLD));
        for (int i = 0; i < 2 * FrequentLogins.OFTEN; i++) {
            logins.proved(alice, before);
            assertThat(answer()).isEmpty();
        }
    }

    @Test
    void aRoleOrEndpointThatIsGoneIsForgotten() {
        logInOften();
        pass(FrequentLogins.GOOD_FOR.toMillis() / 2);
        assertThat(answer()).contains(OLD);
        directory.asked.remove().complete(Optional.empty());
        assertThat(answer()).isEmpty();
        logInOften();
        pass(FrequentLogins.GOOD_FOR.toMillis() / 2);
        directory.gone = true;
        assertThat(answer()).contains(OLD);
        assertThat(answer()).isEmpty();
    }
}
