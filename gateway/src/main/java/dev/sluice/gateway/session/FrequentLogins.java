package dev.sluice.gateway.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.gateway.door.ProxyHeader;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RouteRequest;
import dev.sluice.wire.scram.ScramVerifier;
import io.netty.channel.Channel;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What the directory said of clients that log in {@value #OFTEN} times a second or more, for a
 * quarter of a second: so they do not ask it each time. It is kept for the address that proved the
 * password, so a stranger is answered by the directory always, and cannot tell by the clock which
 * roles are in use. It is forgotten when a password is wrong, here or for Postgres, and when the
 * control plane says that something has changed; what it is not told, {@code ALTER ROLE} by SQL,
 * counts when the time is over.
 */
public final class FrequentLogins {
    /** Logins within a second that make a client one of these. */
    static final int OFTEN = 8;

    /** An answer that was asked for longer ago than this is not used. */
    static final Duration GOOD_FOR = Duration.ofMillis(250);

    /** After this the directory is asked again, while the old answer is still good. */
    private static final long RENEW_NANOS = GOOD_FOR.toNanos() / 2;

    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final int REMEMBERED = 10_000;

    private final Directory directory;
    private final LongSupplier nanoTime;
    private final AtomicLong changes = new AtomicLong();
    private final Cache<Login, Entry> entries =
            Caffeine.newBuilder()
                    .maximumSize(REMEMBERED)
                    .expireAfterAccess(Duration.ofSeconds(5))
                    .build();

    public FrequentLogins(Directory directory) {
        this(directory, System::nanoTime);
    }

    FrequentLogins(Directory directory, LongSupplier nanoTime) {
        this.directory = directory;
        this.nanoTime = nanoTime;
    }

    /** Who logs in, and where to. */
    record Login(InetAddress client, RouteRequest request) {
        static Login of(Channel client, RouteRequest request) {
            return new Login(ProxyHeader.client(client), request);
        }
    }

    /** When the directory was asked. */
    record Asked(long nanos, long changes) {}

    /** What it said of a role that can log in. */
    record Answer(Route route, String text, ScramVerifier verifier, Asked asked) {
        /** Without the verifier's text, which is a secret. */
        @Override
        public String toString() {
            return "Answer[" + route + ", " + asked + "]";
        }
    }

    private static final class Entry {
        private Answer answer;
        private boolean renewing;
        private long secondBegan;
        private int thisSecond;
        private int lastSecond;

        Entry(Answer answer, long now) {
            this.answer = answer;
            this.secondBegan = now;
        }

        void count(long now) {
            long past = now - secondBegan;
            if (past >= SECOND) {
                lastSecond = past < 2 * SECOND ? thisSecond : 0;
                thisSecond = 0;
                secondBegan = now;
            }
            thisSecond++;
        }

        boolean isFrequent(long now) {
            long past = now - secondBegan;
            return (past < 2 * SECOND && thisSecond >= OFTEN)
                    || (past < SECOND && lastSecond >= OFTEN);
        }
    }

    /** To be called before the directory is asked. */
    Asked asking() {
        return new Asked(nanoTime.getAsLong(), changes.get());
    }

    /** What the directory would say, if the login is a frequent one. */
    Optional<Answer> answer(Login login) {
        Entry entry = entries.getIfPresent(login);
        if (entry == null) {
            return Optional.empty();
        }
        long now = nanoTime.getAsLong();
        Answer answer;
        synchronized (entry) {
            answer = entry.answer;
            if (!entry.isFrequent(now) || !isGood(answer.asked(), now)) {
                return Optional.empty();
            }
            if (entry.renewing || now - answer.asked().nanos() < RENEW_NANOS) {
                return Optional.of(answer);
            }
            entry.renewing = true;
        }
        renew(login, entry, answer);
        return Optional.of(answer);
    }

    private boolean isGood(Asked asked, long now) {
        return asked.changes() == changes.get() && now - asked.nanos() <= GOOD_FOR.toNanos();
    }

    /** The client has proved the password of a role of which the directory said this. */
    void proved(Login login, Answer answer) {
        long now = nanoTime.getAsLong();
        Entry entry = entries.get(login, _ -> new Entry(answer, now));
        synchronized (entry) {
            entry.count(now);
            put(entry, answer);
        }
    }

    /** The older of two answers may have been overtaken by a change. */
    private static void put(Entry entry, Answer answer) {
        if (answer.asked().nanos() - entry.answer.asked().nanos() > 0) {
            entry.answer = answer;
        }
    }

    /** The password was wrong: perhaps there is a new one. */
    void forget(Login login) {
        entries.invalidate(login);
    }

    /** Roles, routes or who may come in may have changed. */
    public void forgetAll() {
        changes.incrementAndGet();
        entries.invalidateAll();
    }

    private void renew(Login login, Entry entry, Answer before) {
        Asked asked = asking();
        try {
            var _ =
                    directory
                            .route(login.request())
                            .thenCompose(route -> ask(route, login.request().role(), before, asked))
                            .whenComplete((answer, _) -> renewed(login, entry, answer));
        } catch (RuntimeException e) {
            forget(login);
        }
    }

    private CompletionStage<@Nullable Answer> ask(
            Route route, String role, Answer before, Asked asked) {
        return directory
                .verifier(route, role)
                .thenApply(text ->
                        text.map(known -> answer(route, known, before, asked)).orElse(null));
    }

    private static Answer answer(Route route, String text, Answer before, Asked asked) {
        ScramVerifier verifier =
                text.equals(before.text()) ? before.verifier() : ScramVerifier.parse(text);
        return new Answer(route, text, verifier, asked);
    }

    private void renewed(Login login, Entry entry, @Nullable Answer answer) {
        if (answer == null) {
            forget(login);
            return;
        }
        synchronized (entry) {
            entry.renewing = false;
            put(entry, answer);
        }
    }
}
