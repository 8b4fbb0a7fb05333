package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Safekeepers are replaced while money is moved. */
final class MembershipIT {
    private static final long SEED = Long.getLong("sluice.membership.seed", System.nanoTime());
    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void oneThatIsDeadForGoodIsReplacedWhileMoneyIsMoved() throws IOException {
        System.out.println("membership seed " + SEED);
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--separate-processes", "--safekeepers", "3");
            BankTransfers bank = new BankTransfers(uri, 4, SEED);
            try (bank) {
                awaitMore(bank, 100);
                ruin(sluice, 2);
                awaitMore(bank, 100);
                JsonNode fresh = sluice.json("safekeepers", "replace", "2");
                assertThat(fresh.path("id").asLong()).isEqualTo(4);
                assertThat(fresh.path("state").asText()).isEqualTo("member");
                assertThat(fresh.path("address").asText()).as("TLS like all").startsWith("tcp:");
                assertThat(ids(sluice)).containsExactly(1L, 3L, 4L);
                awaitMore(bank, 100);
                // The new one counts: with another one away it is one of two.
                kill(pid(sluice, "safekeeper 1"));
                awaitMore(bank, 100);
                assertThat(sluice.run("safekeepers", "replace", "3", "4").err())
                        .contains("numbers are used once");
                assertThat(sluice.run("safekeepers", "replace", "2").err()).contains("2");
            }
            assertThat(bank.failures()).as("seed %d", SEED).isEmpty();
            checkAll(sluice, uri, bank);
            sluice.run("down").succeeded();
            String again = sluice.up("--separate-processes");
            assertThat(ids(sluice)).containsExactly(1L, 3L, 4L);
            checkAll(sluice, again, bank);
            Sluice.psql(again, "insert into transfer values (-1, 0, 0, 0)");
            replaceWithTheControlPlaneKilledInTheMiddle(sluice);
            checkAll(sluice, again, bank);
        }
    }

    private static void replaceWithTheControlPlaneKilledInTheMiddle(Sluice sluice)
            throws IOException {
        ruin(sluice, 1);
        ruin(sluice, 3); // for a while: without a majority it cannot get to the end
        CompletableFuture<Sluice.Result> replacement =
                CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return sluice.run("safekeepers", "replace", "1", "7");
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        },
                        task -> Thread.ofVirtual().start(task));
        await().atMost(SOON).until(() -> state(sluice, 7).equals("joining"));
        assertThat(sluice.run("safekeepers", "replace", "3").err())
                .contains("safekeeper 1 is being replaced just now");
        kill(pid(sluice, "control-plane"));
        assertThat(replacement.join().exitCode()).isNotZero();
        await().atMost(SOON)
                .ignoreExceptionsInstanceOf(AssertionError.class)
                .until(() -> state(sluice, 1).startsWith("leaving"));
        Path files = sluice.data().resolve("safekeepers/3");
        Files.delete(files);
        Files.move(files.resolveSibling("ruined-3"), files);
        await().atMost(SOON).until(() -> state(sluice, 7).equals("member"));
        assertThat(ids(sluice)).containsExactly(3L, 4L, 7L);
    }

    private static String state(Sluice sluice, long id) throws IOException {
        for (JsonNode safekeeper : sluice.json("safekeepers", "list")) {
            if (safekeeper.path("id").asLong() == id) {
                return safekeeper.path("state").asText();
            }
        }
        return "";
    }

    @Test
    void allAreReplacedOneAfterTheOtherInOneProcess() throws IOException {
        try (Sluice sluice = new Sluice()) {
            Path objects = sluice.data().resolveSibling("objects");
            String uri = sluice.up("--safekeepers", "3", "--object-store=" + objects);
            BankTransfers bank = new BankTransfers(uri, 2, SEED);
            try (bank) {
                for (long old = 1; old <= 3; old++) {
                    awaitMore(bank, 50);
                    sluice.run("safekeepers", "replace", Long.toString(old)).succeeded();
                }
                awaitMore(bank, 50);
                String segment =
                        Sluice.psql(uri, "select pg_walfile_name(pg_current_wal_insert_lsn())");
                Sluice.psql(uri, "create table filler as select generate_series(1, 800000) i");
                await().atMost(SOON).until(() -> exists(objects, segment));
            }
            assertThat(bank.failures()).as("seed %d", SEED).isEmpty();
            assertThat(ids(sluice)).containsExactly(4L, 5L, 6L);
            sluice.run("down").succeeded();
            String again = sluice.up();
            assertThat(sluice.run("safekeepers", "list").succeeded().out())
                    .contains("ID", "STATE", "LAG", "member")
                    .doesNotContain("unreachable");
            checkAll(sluice, again, bank);
        }
    }

    private static boolean exists(Path folder, String name) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.anyMatch(file -> file.getFileName().toString().equals(name));
        }
    }

    private static void checkAll(Sluice sluice, String uri, BankTransfers bank) throws IOException {
        sluice.run("endpoints", "suspend", "main").succeeded();
        assertThat(bank.missing(uri)).as("acknowledged and missing; seed %d", SEED).isEmpty();
        assertThat(BankTransfers.unbalanced(uri)).as("unbalanced; seed %d", SEED).isEmpty();
        assertThat(BankTransfers.sum(uri))
                .isEqualTo("" + BankTransfers.ACCOUNTS * BankTransfers.OPENING);
    }

    private static void awaitMore(BankTransfers bank, int transfers) {
        int before = bank.acknowledged();
        await().atMost(SOON).until(() -> bank.acknowledged() > before + transfers);
    }

    /** It ends, and cannot be started again. */
    private static void ruin(Sluice sluice, int safekeeper) throws IOException {
        Path files = sluice.data().resolve("safekeepers").resolve(Integer.toString(safekeeper));
        Files.move(files, files.resolveSibling("ruined-" + safekeeper));
        Files.writeString(files, "no directory");
        kill(pid(sluice, "safekeeper " + safekeeper));
    }

    private static void kill(long pid) {
        ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
        process.destroyForcibly();
        process.onExit().join();
    }

    private static long pid(Sluice sluice, String name) throws IOException {
        for (JsonNode part : sluice.json("status").path("parts")) {
            if (part.path("part").asText().equals(name)) {
                return part.path("pid").asLong();
            }
        }
        throw new AssertionError("no part " + name);
    }

    private static List<Long> ids(Sluice sluice) throws IOException {
        List<Long> ids = new ArrayList<>();
        for (JsonNode safekeeper : sluice.json("safekeepers", "list")) {
            assertThat(safekeeper.path("state").asText()).startsWith("member");
            ids.add(safekeeper.path("id").asLong());
        }
        return ids;
    }
}
