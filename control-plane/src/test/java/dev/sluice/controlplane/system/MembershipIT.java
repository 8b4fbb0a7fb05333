package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
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
            MemberParts parts = new MemberParts(sluice);
            String uri = sluice.up("--separate-processes", "--safekeepers", "3");
            BankTransfers bank = new BankTransfers(uri, 4, SEED);
            try (bank) {
                awaitMore(bank, 100);
                parts.ruin(2);
                awaitMore(bank, 100);
                JsonNode fresh = sluice.json("safekeepers", "replace", "2");
                assertThat(fresh.path("id").asLong()).isEqualTo(4);
                assertThat(fresh.path("state").asText()).isEqualTo("member");
                assertThat(fresh.path("address").asText()).as("TLS like all").startsWith("tcp:");
                assertThat(parts.ids()).containsExactly(1L, 3L, 4L);
                awaitMore(bank, 100);
                // The new one counts: with another one away it is one of two.
                parts.kill("safekeeper 1");
                awaitMore(bank, 100);
                assertThat(sluice.run("safekeepers", "replace", "3", "4").err())
                        .contains("numbers are used once");
                assertThat(sluice.run("safekeepers", "replace", "2").err()).contains("2");
            }
            assertThat(bank.failures()).as("seed %d", SEED).isEmpty();
            checkAll(sluice, uri, bank);
            sluice.run("down").succeeded();
            String again = sluice.up("--separate-processes");
            assertThat(parts.ids()).containsExactly(1L, 3L, 4L);
            checkAll(sluice, again, bank);
            Sluice.psql(again, "insert into transfer values (-1, 0, 0, 0)");
            replaceWithTheControlPlaneKilledInTheMiddle(sluice, parts);
            checkAll(sluice, again, bank);
        }
    }

    /**
     * What a replacement needs to begin may be gone when it is gone on with: a majority, and the
     * new one's port, which it has itself.
     */
    private static void replaceWithTheControlPlaneKilledInTheMiddle(
            Sluice sluice, MemberParts parts) throws IOException {
        parts.ruin(1);
        CompletableFuture<Sluice.Result> replacement;
        try (Closeable _ = keepFromStarting(sluice, 7)) {
            replacement = replacing(sluice, "1", "7");
            await().atMost(SOON).until(() -> parts.state(7).startsWith("joining"));
            assertThat(sluice.run("safekeepers", "replace", "3").err())
                    .contains("safekeeper 1 is being replaced just now");
            parts.ruin(3); // for a while: without a majority it cannot get to the end
        }
        await().atMost(SOON).until(() -> parts.state(7).equals("joining"));
        parts.kill("control-plane");
        assertThat(replacement.join().exitCode()).isNotZero();
        await().atMost(SOON)
                .ignoreExceptionsInstanceOf(AssertionError.class)
                .until(() -> parts.state(1).startsWith("leaving"));
        parts.mend(3);
        await().atMost(SOON).until(() -> parts.state(7).equals("member"));
        assertThat(parts.ids()).containsExactly(3L, 4L, 7L);
    }

    private static CompletableFuture<Sluice.Result> replacing(
            Sluice sluice, String old, String fresh) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return sluice.run("safekeepers", "replace", old, fresh);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }

    /** Its process waits for an earlier one of its number to end, as long as this is open. */
    private static Closeable keepFromStarting(Sluice sluice, int safekeeper) throws IOException {
        FileChannel channel =
                FileChannel.open(
                        sluice.data().resolve("lock-safekeeper-" + safekeeper),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        channel.lock();
        return channel;
    }

    @Test
    void allAreReplacedOneAfterTheOtherInOneProcess() throws IOException {
        try (Sluice sluice = new Sluice()) {
            MemberParts parts = new MemberParts(sluice);
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
            assertThat(parts.ids()).containsExactly(4L, 5L, 6L);
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
}
