package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** A replacement that could not get to its end is refused, and changes nothing. */
final class ReplacementIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String HERE = "127.0.0.1";

    @Test
    void oneWhosePortIsTakenIsNotBegun() throws IOException {
        refuseWhereThePortIsTaken("--separate-processes");
    }

    @Test
    void oneWhosePortIsTakenIsNotBegunInOneProcess() throws IOException {
        refuseWhereThePortIsTaken();
    }

    private static void refuseWhereThePortIsTaken(String... options) throws IOException {
        try (Sluice sluice = new Sluice()) {
            MemberParts parts = new MemberParts(sluice);
            int first = firstOfFreePorts(4);
            List<String> up = new ArrayList<>(List.of(options));
            up.addAll(List.of("--safekeepers", "3", "--safekeeper-port", "" + first));
            String uri = sluice.up(up.toArray(String[]::new));
            Sluice.psql(uri, "create table kept as select 1 i");
            try (ServerSocket _ = at(first + 3)) {
                assertRefused(
                        sluice,
                        "2",
                        "safekeeper 4 cannot be started: cannot listen at %s:%d;"
                                .formatted(HERE, first + 3));
                assertThat(parts.ids()).containsExactly(1L, 2L, 3L);
                assertThat(sluice.data().resolve("safekeepers.json")).content().doesNotContain("4");
                assertThat(sluice.data().resolve("safekeepers/4")).doesNotExist();
            }
            sluice.run("safekeepers", "replace", "2").succeeded();
            assertThat(parts.ids()).containsExactly(1L, 3L, 4L);
            assertThat(Sluice.psql(uri, "insert into kept values (2) returning i")).isEqualTo("2");
        }
    }

    @Test
    void oneIsBegunOnlyWithAMajorityAndASupervisorAndWhereNothingIs() throws IOException {
        try (Sluice sluice = new Sluice()) {
            MemberParts parts = new MemberParts(sluice);
            String uri = sluice.up("--separate-processes", "--safekeepers", "3");
            Sluice.psql(uri, "create table kept as select 1 i");
            parts.ruin(1);
            parts.ruin(2);
            assertRefused(sluice, "1", "of safekeepers 1, 2, 3 only 3 answers");
            assertThat(parts.ids()).containsExactly(1L, 2L, 3L);
            parts.mend(2);
            await().atMost(SOON).until(() -> parts.state(2).equals("member"));

            long supervisor = sluice.json("status").path("server").path("pid").asLong();
            signal("-STOP", supervisor);
            try {
                assertRefused(sluice, "1", "the supervisor that would do it does not answer");
            } finally {
                signal("-CONT", supervisor);
            }
            Files.createDirectory(sluice.data().resolve("safekeepers/4"));
            assertRefused(sluice, "1", "safekeepers/4 exists already");
            assertThat(parts.ids()).containsExactly(1L, 2L, 3L);
            assertThat(sluice.data().resolve("safekeepers.json")).content().doesNotContain("4");

            sluice.run("safekeepers", "replace", "1", "5").succeeded();
            assertThat(parts.ids()).containsExactly(2L, 3L, 5L);
            assertThat(Sluice.psql(uri, "insert into kept values (2) returning i")).isEqualTo("2");
            replaceOneThatDoesNotStart(sluice, 2, "--separate-processes");
            assertThat(parts.ids()).containsExactly(3L, 5L, 6L);
        }
    }

    @Test
    void oneThatDoesNotStartIsReplaced() throws IOException {
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--safekeepers", "3");
            Sluice.psql(uri, "create table kept as select 1 i");
            replaceOneThatDoesNotStart(sluice, 2);
            assertThat(new MemberParts(sluice).ids()).containsExactly(1L, 3L, 4L);
        }
    }

    private static void replaceOneThatDoesNotStart(Sluice sluice, int safekeeper, String... options)
            throws IOException {
        sluice.run("down").succeeded();
        MemberParts parts = new MemberParts(sluice);
        parts.spoil(safekeeper);
        String uri = sluice.up(options);
        assertThat(parts.state(safekeeper)).isEqualTo("member, unreachable");
        sluice.run("safekeepers", "replace", Integer.toString(safekeeper)).succeeded();
        assertThat(Sluice.psql(uri, "insert into kept values (3) returning i")).isEqualTo("3");
    }

    private static void assertRefused(Sluice sluice, String old, String why) throws IOException {
        Sluice.Result result = sluice.run("safekeepers", "replace", old);
        assertThat(result.exitCode()).isNotZero();
        List<String> said =
                result.err().lines().filter(line -> !line.contains("is at work (")).toList();
        assertThat(said).singleElement().asString().contains(why);
    }

    private static void signal(String signal, long pid) throws IOException {
        Sluice.execute(Map.of(), List.of("kill", signal, Long.toString(pid))).succeeded();
    }

    private static ServerSocket at(int port) throws IOException {
        return new ServerSocket(port, 1, InetAddress.getByName(HERE));
    }

    /** Below what connections of others are given, as the server's own. */
    private static int firstOfFreePorts(int count) {
        while (true) {
            int first = ThreadLocalRandom.current().nextInt(20_000, 32_000);
            if (areFree(first, count)) {
                return first;
            }
        }
    }

    private static boolean areFree(int first, int count) {
        for (int port = first; port < first + count; port++) {
            try (ServerSocket socket = at(port)) {
                assertThat(socket.isBound()).isTrue();
            } catch (IOException e) {
                return false;
            }
        }
        return true;
    }
}
