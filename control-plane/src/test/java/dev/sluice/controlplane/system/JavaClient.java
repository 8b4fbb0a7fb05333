package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A client in this process. */
abstract class JavaClient implements Client {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    static final String LARGE = "ë€x".repeat(1_000_000);

    /** Where a connection string leads, and the certificate authority of whoever is there. */
    record Server(String uri, Path authority) {
        private URI parsed() {
            return URI.create(uri);
        }

        String host() {
            return parsed().getHost();
        }

        int port() {
            return parsed().getPort();
        }

        String database() {
            return parsed().getPath().substring(1);
        }

        String role() {
            return decoded(parsed().getRawUserInfo().split(":", 2)[0]);
        }

        String password() {
            return decoded(parsed().getRawUserInfo().split(":", 2)[1]);
        }

        /** The startup parameter, which names the endpoint: {@code endpoint=ep-…}. */
        String options() {
            for (String parameter : parsed().getRawQuery().split("&", -1)) {
                if (parameter.startsWith("options=")) {
                    return decoded(parameter.substring("options=".length()));
                }
            }
            throw new AssertionError("no options in " + parsed().getRawQuery());
        }

        private static String decoded(String text) {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        }
    }

    /** What a feature does in the round of this number, 0 at first. */
    @FunctionalInterface
    interface Feature {
        void run(int round) throws Exception;
    }

    private final Map<String, Feature> features = new LinkedHashMap<>();
    final Server server;
    private final Mode mode;
    private int round;

    JavaClient(Server server, Mode mode) {
        this.server = server;
        this.mode = mode;
    }

    /** Adds a feature for sessions and pools. */
    final void feature(String name, Feature feature) {
        feature(name, EnumSet.of(Mode.SESSION, Mode.POOLED), feature);
    }

    final void feature(String name, EnumSet<Mode> modes, Feature feature) {
        if (modes.contains(mode)) {
            features.put(name, feature);
        }
    }

    final boolean pooled() {
        return mode == Mode.POOLED;
    }

    @Override
    public List<String> round() throws Exception {
        List<String> done = new ArrayList<>();
        for (Map.Entry<String, Feature> feature : features.entrySet()) {
            try {
                feature.getValue().run(round);
            } catch (Exception | AssertionError e) {
                throw new AssertionError(
                        feature.getKey() + " in round " + round + ", after " + done, e);
            }
            done.add(feature.getKey());
        }
        round++;
        return done;
    }

    /** Runs {@code cancel} once Postgres runs a {@code pg_sleep} of this branch's role. */
    final void onceItSleeps(Feature cancel) {
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        long begun = System.nanoTime();
                        boolean sleeps;
                        do {
                            sleeps = sleeps();
                        } while (!sleeps && System.nanoTime() - begun < PATIENCE.toNanos());
                        assertThat(sleeps).as("a pg_sleep is run").isTrue();
                        cancel.run(0);
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
    }

    /** Asked through a connection of its own, so that no driver stands in its own way. */
    private boolean sleeps() throws IOException {
        Process psql =
                new ProcessBuilder(
                                "psql",
                                "-XAtqc",
                                "select exists (select from pg_stat_activity where state = 'active'"
                                        + " and query like 'select pg_sleep%')",
                                server.uri())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader said = psql.inputReader(StandardCharsets.UTF_8)) {
            return "t".equals(said.readLine());
        }
    }

    static void same(String got, String expected) {
        assertThat(got.equals(expected)).as("the same %d characters", expected.length()).isTrue();
    }
}
