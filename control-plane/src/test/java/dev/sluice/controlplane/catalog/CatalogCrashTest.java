package dev.sluice.controlplane.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TimelineId;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the catalog has acknowledged is there after its process was killed at any moment. */
@Timeout(120)
class CatalogCrashTest {
    private static final int ROUNDS = 6;
    private static final int CHANGES = 60;

    @TempDir Path directory;

    @Test
    void whatWasAcknowledgedOutlivesAKill() throws Exception {
        Path file = directory.resolve("catalog");
        for (int round = 0; round < ROUNDS; round++) {
            long acknowledged = killedAfter(file);
            try (Catalog catalog = Catalog.open(file)) {
                assertThat(catalog.projects()).hasSize(1);
                assertThat(Long.parseLong(catalog.projects().getFirst().name()))
                        .as("round %d", round)
                        .isGreaterThanOrEqualTo(acknowledged);
            }
        }
    }

    /** The last change that a process acknowledged before it was killed. */
    private static long killedAfter(Path file) throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Writer.class.getName(),
                                file.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        List<Long> said = new ArrayList<>();
        try (BufferedReader out = process.inputReader()) {
            for (String line; (line = out.readLine()) != null; ) {
                // What was cut off has no full stop; what else is there, the logger said.
                if (line.matches("[0-9]+\\.")) {
                    said.add(Long.parseLong(line.substring(0, line.length() - 1)));
                }
                if (said.size() == CHANGES) {
                    process.toHandle().destroyForcibly();
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(said).hasSizeGreaterThanOrEqualTo(CHANGES);
        return said.getLast();
    }

    /** Changes a catalog for ever, and says after each change which it was. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) throws Exception {
            Path file = Path.of(arguments[0]);
            Instant now = Instant.parse("2026-03-01T12:00:00Z");
            try (Catalog catalog = Catalog.open(file);
                    Connection h2 = DriverManager.getConnection("jdbc:h2:file:" + file);
                    Statement statement = h2.createStatement()) {
                // As after a minute: space that is free is used again.
                statement.execute("set retention_time 50");
                Project project =
                        catalog.projects().stream()
                                .findFirst()
                                .orElse(
                                        new Project(
                                                "misty-sea-1",
                                                "0",
                                                TenantId.random(),
                                                17,
                                                -5L,
                                                now,
                                                now,
                                                List.of()));
                if (project.name().equals("0")) {
                    Branch main =
                            new Branch(
                                    "br-a-b-1",
                                    project.id(),
                                    "main",
                                    TimelineId.random(),
                                    null,
                                    null,
                                    true,
                                    false,
                                    now,
                                    now);
                    catalog.insertProject(
                            project,
                            main,
                            new Endpoint(
                                    "ep-1", project.id(), main.id(), 300, false, null, now, now));
                }
                for (long i = Long.parseLong(project.name()) + 1; ; i++) {
                    catalog.updateProject(
                            new Project(
                                    project.id(),
                                    Long.toString(i),
                                    project.tenant(),
                                    17,
                                    -5L,
                                    now,
                                    now,
                                    List.of()));
                    System.out.println(i + ".");
                    System.out.flush();
                }
            }
        }
    }
}
