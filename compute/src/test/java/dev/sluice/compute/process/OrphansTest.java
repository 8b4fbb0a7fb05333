package dev.sluice.compute.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.template.PostgresTemplate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OrphansTest {
    private final List<Process> started = new ArrayList<>();
    private Path temporary;
    private ComputeUser user;

    @BeforeEach
    void makeDirectories() throws Exception {
        user = ComputeUser.current();
        // Not JUnit's: the compute user must be able to enter it.
        temporary = Files.createTempDirectory(Path.of("/tmp"), "sluice-orphans");
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwx--x--x"));
    }

    @AfterEach
    void endProcesses() throws Exception {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
        Orphans.stop(temporary, Duration.ofSeconds(10));
        PreparedDirectory.deleteTree(temporary);
    }

    @Test
    void findsAndEndsOursAndNothingElse() throws Exception {
        Path computes = Files.createDirectory(temporary.resolve("computes"));
        Path elsewhere = Files.createDirectory(temporary.resolve("elsewhere"));
        Process ours = startPostgres(Files.createDirectory(computes.resolve("ep-1")));
        Process foreign = startPostgres(Files.createDirectory(elsewhere.resolve("ep-1")));
        Process shell = new ProcessBuilder("cat").directory(computes.toFile()).start();
        started.add(shell);

        assertThat(Orphans.find(computes)).extracting(ProcessHandle::pid).contains(ours.pid());
        int ended = Orphans.stop(computes, Duration.ofSeconds(20));

        // The postmaster and at least the background writer, checkpointer, WAL writer.
        assertThat(ended).isGreaterThanOrEqualTo(4);
        assertThat(Orphans.find(computes)).isEmpty();
        assertThat(ours.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(foreign.isAlive()).isTrue();
        assertThat(shell.isAlive()).isTrue();
        assertThat(Orphans.stop(computes, Duration.ofSeconds(1))).isZero();
    }

    private Process startPostgres(Path directory) throws Exception {
        PostgresBinaries binaries = PostgresBinaries.bundled(17);
        Path data = directory.resolve("data");
        copy(PostgresTemplate.obtain(binaries, user).directory(), data);
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
        user.ownAll(directory);
        Process process =
                new ProcessBuilder(
                                user.command(
                                        List.of(
                                                binaries.path("postgres").toString(),
                                                "-D",
                                                data.toString(),
                                                "-clisten_addresses=",
                                                "-cunix_socket_directories=" + directory)))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        started.add(process);
        Path pidFile = data.resolve("postmaster.pid");
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> Files.exists(pidFile) && Files.readString(pidFile).contains("ready"));
        return process;
    }

    private static void copy(Path from, Path to) throws Exception {
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Files.copy(path, to.resolve(from.relativize(path)));
            }
        }
    }
}
