package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Money is moved while {@code kill -9} hits one part after the other, at random: none is made or
 * lost, no transfer that a client was told of is missing, and clients go on within seconds of every
 * kill. The supervisor starts what was killed again. {@code docs/kill-test.md} has the long form.
 */
class KillIT {
    private static final Duration LENGTH =
            Duration.ofSeconds(Long.getLong("sluice.kill.seconds", 15));
    private static final int CLIENTS = Integer.getInteger("sluice.kill.clients", 4);
    private static final long SEED = Long.getLong("sluice.kill.seed", System.nanoTime());

    /** On a machine that does much else; see the page for what it is on a quiet one. */
    private static final Duration WITHIN = Duration.ofSeconds(30);

    /** A compute is any of its Postgres processes. */
    private static final List<String> VICTIMS =
            List.of(
                    "safekeeper 1",
                    "safekeeper 2",
                    "safekeeper 3",
                    "compute",
                    "compute",
                    "pageserver",
                    "gateway",
                    "agent",
                    "control-plane");

    private final Random random = new Random(SEED);
    private final Map<String, List<Long>> pauses = new TreeMap<>();

    @Test
    void moneyIsNeitherMadeNorLost() throws Exception {
        System.out.printf("seed %d (-Dsluice.kill.seed)%n", SEED);
        try (Sluice sluice = new Sluice()) {
            String uri = sluice.up("--safekeepers", "3", "--separate-processes");
            Path computes = Path.of(sluice.json("status").path("server").path("computes").asText());
            BankTransfers bank = new BankTransfers(uri, CLIENTS, SEED);
            try (bank) {
                await().until(() -> bank.acknowledged() > 100);
                long end = System.nanoTime() + LENGTH.toNanos();
                List<String> order = new ArrayList<>();
                while (System.nanoTime() < end || !order.isEmpty()) {
                    if (order.isEmpty()) {
                        order.addAll(VICTIMS);
                        Collections.shuffle(order, random);
                    }
                    kill(sluice, computes, order.removeFirst(), bank);
                    if (System.nanoTime() > end) {
                        break;
                    }
                }
            }
            report(bank);
            await().atMost(WITHIN)
                    .ignoreExceptions()
                    .until(() -> !BankTransfers.sum(uri).isEmpty());
            assertThat(BankTransfers.sum(uri))
                    .as("sum; seed %d", SEED)
                    .isEqualTo("" + BankTransfers.ACCOUNTS * BankTransfers.OPENING);
            assertThat(bank.missing(uri)).as("acknowledged and missing; seed %d", SEED).isEmpty();
            assertThat(BankTransfers.unbalanced(uri)).as("unbalanced; seed %d", SEED).isEmpty();
        }
    }

    private void kill(Sluice sluice, Path computes, String victim, BankTransfers bank)
            throws IOException {
        await().atMost(WITHIN)
                .alias(victim + " to kill")
                .ignoreExceptions()
                .until(() -> pid(sluice, computes, victim) > 0);
        ProcessHandle process = ProcessHandle.of(pid(sluice, computes, victim)).orElseThrow();
        long killed = System.nanoTime();
        process.destroyForcibly();
        process.onExit().join();
        long dead = System.nanoTime();
        await().atMost(WITHIN)
                .alias("a transfer after " + victim + " was killed, seed " + SEED)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> bank.lastAcknowledged() > dead);
        // A commit that was under way when it died says nothing: see that more follow.
        int now = bank.acknowledged();
        await().atMost(WITHIN)
                .alias("transfers after " + victim + " was killed, seed " + SEED)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> bank.acknowledged() > now + CLIENTS);
        pauses.computeIfAbsent(victim, _ -> new ArrayList<>())
                .add((System.nanoTime() - killed) / 1_000_000);
        Duration rest = Duration.ofMillis(300 + random.nextInt(1500));
        await().pollDelay(rest).until(() -> true);
    }

    /** 0 if it does not run just now. */
    private long pid(Sluice sluice, Path computes, String victim) throws IOException {
        if (victim.equals("compute")) {
            List<Long> all = Sluice.processesIn(computes);
            return all.isEmpty() ? 0 : all.get(random.nextInt(all.size()));
        }
        JsonNode parts =
                new ObjectMapper().readTree(sluice.data().resolve("parts-running.json").toFile());
        for (JsonNode part : parts) {
            long pid = part.path("pid").asLong();
            // The number may be another process's by now.
            if (part.path("part").asText().equals(victim)
                    && Files.readString(Path.of("/proc/" + pid + "/cmdline"))
                            .contains(sluice.data().toString())) {
                return pid;
            }
        }
        return 0;
    }

    private void report(BankTransfers bank) {
        System.out.printf("%d transfers acknowledged%n", bank.acknowledged());
        System.out.printf("%-14s %5s %10s %10s%n", "killed", "times", "median ms", "longest ms");
        pauses.forEach((victim, millis) -> {
            List<Long> sorted = millis.stream().sorted().toList();
            System.out.printf(
                    "%-14s %5d %10d %10d%n",
                    victim, sorted.size(), sorted.get(sorted.size() / 2), sorted.getLast());
        });
        bank.failures()
                .forEach((what, times) -> System.out.printf("%5d x %s%n", times.get(), what));
    }
}
