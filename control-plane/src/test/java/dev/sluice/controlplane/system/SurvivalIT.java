package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.controlplane.system.Client.Mode;
import dev.sluice.controlplane.system.JavaClient.Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Idle clients of one compute that is suspended again and again: each goes on with the settings,
 * prepared statements and channels that it had at the beginning. {@code -Dsluice.survival.cycles}
 * says how often.
 */
class SurvivalIT {
    private static final int CYCLES = Integer.getInteger("sluice.survival.cycles", 20);

    /** What an idle client looks at. */
    private static final Map<String, List<String>> FEATURES =
            Map.of(
                    "pg",
                    List.of("simple", "settings", "prepared", "transactions", "notifications"),
                    "psycopg2",
                    List.of(
                            "simple",
                            "settings",
                            "prepared-in-sql",
                            "transactions",
                            "notifications"),
                    "psycopg",
                    List.of(
                            "simple",
                            "settings",
                            "prepared",
                            "pipelines",
                            "transactions",
                            "notifications"),
                    "asyncpg",
                    List.of(
                            "simple",
                            "settings",
                            "prepared",
                            "cursors",
                            "transactions",
                            "notifications"));

    /** Each has a database of its own, on the same compute. */
    private static Server database(TestBranch branch, Path authority, String name)
            throws Exception {
        String uri = branch.uri(false);
        Sluice.psql(uri, "create database " + name);
        return new Server(uri.replaceFirst("/[a-z]+\\?", "/" + name + "?"), authority);
    }

    @Test
    void idleClientsSurviveTheirComputeManyTimes() throws Exception {
        List<Client> own = new ArrayList<>();
        Map<String, ScriptedClient> scripted = new LinkedHashMap<>();
        try (Sluice sluice = new Sluice()) {
            sluice.up();
            Path authority = sluice.data().resolve("certs").resolve("ca.crt");
            try (TestBranch branch = new TestBranch(sluice, "survived")) {
                own.add(new PgjdbcClient(database(branch, authority, "jdbc"), Mode.IDLE));
                own.add(new HikariClient(database(branch, authority, "hikari"), Mode.IDLE));
                scripted.put("pg", Driver.node("pg", database(branch, authority, "pg"), Mode.IDLE));
                for (String module : List.of("psycopg2", "psycopg", "asyncpg")) {
                    Server server = database(branch, authority, module);
                    scripted.put(module, Driver.python(module, server, Mode.IDLE));
                }
                everyoneGoesOn(own, scripted);
                long begun = System.nanoTime();
                for (int cycle = 0; cycle < CYCLES; cycle++) {
                    branch.suspend();
                    everyoneGoesOn(own, scripted);
                }
                System.out.printf(
                        "%d cycles of %d clients, %d ms each%n",
                        CYCLES,
                        own.size() + scripted.size(),
                        Duration.ofNanos(System.nanoTime() - begun).toMillis()
                                / Math.max(1, CYCLES));
            } finally {
                for (Client client : own) {
                    client.close();
                }
                for (Client client : scripted.values()) {
                    client.close();
                }
            }
        }
    }

    private static void everyoneGoesOn(List<Client> own, Map<String, ScriptedClient> scripted)
            throws Exception {
        for (ScriptedClient client : scripted.values()) {
            client.begin();
        }
        for (Client client : own) {
            assertThat(client.round()).isNotEmpty();
        }
        for (Map.Entry<String, ScriptedClient> client : scripted.entrySet()) {
            assertThat(client.getValue().finish())
                    .as(client.getKey())
                    .isEqualTo(FEATURES.get(client.getKey()));
        }
    }
}
