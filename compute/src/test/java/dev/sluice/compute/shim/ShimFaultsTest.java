package dev.sluice.compute.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.wire.part.PartAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever goes wrong is an error that says what, never a page of zeros. */
@ParameterizedClass
@ValueSource(ints = {17, 18})
class ShimFaultsTest {
    /**
     * File calls of Postgres that the shim need not see: on descriptors and paths that are never a
     * relation's or a WAL segment's, or with the right answer from the kernel whether or not blocks
     * are here (sizes are right, room is room).
     */
    private static final Set<String> HARMLESS =
            Set.of(
                    "__fxstat",
                    "fstat",
                    "fstat64",
                    "chmod",
                    "fchmod",
                    "closedir",
                    "readdir",
                    "readdir64",
                    "dirfd",
                    "fclose",
                    "fileno",
                    "fread",
                    "freopen",
                    "freopen64",
                    "fdopen",
                    "fseek",
                    "fseeko",
                    "fseeko64",
                    "ftello",
                    "ftello64",
                    "ftell",
                    "fwrite",
                    "fgets",
                    "fflush",
                    "lseek",
                    "lseek64",
                    "mkdir",
                    "mkdtemp",
                    "mkstemp",
                    "mkstemp64",
                    "munmap",
                    "msync",
                    "posix_fallocate",
                    "posix_fallocate64",
                    "readlink",
                    "rmdir",
                    "shm_open",
                    "shm_unlink",
                    "symlink",
                    "utime",
                    "utimes",
                    "umask",
                    "getcwd",
                    "realpath",
                    "pipe",
                    "pipe2",
                    "popen",
                    "pclose",
                    "statfs",
                    "flock");

    /** What makes a symbol a file call. */
    private static final java.util.regex.Pattern FILE_CALL =
            java.util.regex.Pattern.compile(
                    "_*f?open(at)?(64)?(_2)?|creat(64)?|fdopen(dir)?|freopen(64)?|opendir|scandir.*|n?ftw.*|glob.*"
                            + "|_*p?(read|write)v?(64)?(v2)?(_chk)?|_*[fl]?x?stat(at)?(64)?|statx|f?statv?fs(64)?"
                            + "|lseek(64)?|.*truncate(64)?|.*fallocate(64)?|f?access(at)?|euidaccess|(un)?link(at)?|rename(at2?)?"
                            + "|remove|readlink(at)?|symlink(at)?|copy_file_range|sendfile(64)?|splice|tee|vmsplice"
                            + "|posix_fadvise(64)?|readahead|sync.*|f(data)?sync|msync|mmap(64)?|dup[23]?|fcntl(64)?"
                            + "|f?chdir|f?chmod(at)?|mkdir(at)?|rmdir|io_uring_queue_init.*|io_submit|aio_.*|lio_listio.*|process_vm_.*|syscall|close|close_range|closefrom"
                            + "|_*(f?gets|fread|fwrite|fseeko?|ftello?)(64)?");

    @Parameter int major;

    private SourceCluster source;

    @BeforeEach
    void source() throws Exception {
        source = SourceCluster.of(major);
    }

    @Test
    void aPageThatCannotBeHadIsAnError() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            int relation =
                    Integer.parseInt(Checks.text(sql, "select pg_relation_filenode('accounts')"));
            compute.broken.set(locator -> locator.relation() == relation);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> Checks.text(sql, "select sum(bid) from accounts"))
                        .isInstanceOf(SQLException.class)
                        .hasMessageMatching(
                                "(?s).*could not read blocks? \\d.*Input/output error.*")
                        .extracting(e -> ((SQLException) e).getSQLState())
                        .isEqualTo("58030");
            }
            assertThat(Checks.checksum(sql, "words")).isEqualTo(source.checksums().get("words"));
            assertThat(compute.postgres().log())
                    .containsPattern(
                            "cannot bring block 0 of relation 1663/\\d+/"
                                    + relation
                                    + " fork 0: this page source is broken on purpose");
            compute.broken.set(locator -> false);
            assertThat(Checks.checksum(sql, "accounts"))
                    .isEqualTo(source.checksums().get("accounts"));
        }
    }

    @Test
    void anAgentThatIsGoneIsAnError() throws Exception {
        try (TestCompute compute = new TestCompute(source);
                Connection sql = compute.connect()) {
            assertThat(Checks.text(sql, "select count(*) from branches")).isEqualTo("4");
            compute.server().close();
            assertThatThrownBy(() -> Checks.text(sql, "select sum(bid) from accounts"))
                    .hasMessageContaining("could not read block");
            assertThat(Checks.text(sql, "select count(*) from branches")).isEqualTo("4");
        }
    }

    @Test
    void postgresDoesNotStartWithABadManifest() throws Exception {
        Path root = SourceCluster.temporaryDirectory();
        try {
            Path manifest = Files.write(root.resolve("sluice.shim"), new byte[4096]);
            Files.createDirectory(root.resolve("data"));
            dev.sluice.compute.process.ComputeUser.current().ownAll(root);
            try (PostgresProcess postgres =
                    PostgresProcess.launch(
                            source.binaries(),
                            root.resolve("data"),
                            ShimLibrary.environment(
                                    ShimLibrary.extract(root),
                                    root.resolve("data"),
                                    new PartAddress.Unix(root.resolve("agent")),
                                    manifest),
                            List.of())) {
                assertThat(postgres.awaitEnd()).isEqualTo(78);
                org.awaitility.Awaitility.await()
                        .until(() -> postgres.log().contains("sluice.shim: wrong magic"));
            }
        } finally {
            SourceCluster.delete(root);
        }
    }

    /** A Postgres with a file call that nobody thought about must not pass unnoticed. */
    @Test
    void everyFileCallOfPostgresIsKnown() throws Exception {
        Set<String> unknown = fileCalls(source.binaries());
        assertThat(unknown).isNotEmpty();
        Path root = SourceCluster.temporaryDirectory();
        try {
            unknown.removeAll(symbols("--defined-only", ShimLibrary.extract(root)));
        } finally {
            SourceCluster.delete(root);
        }
        unknown.removeAll(HARMLESS);
        assertThat(unknown).isEmpty();
    }

    private static Set<String> fileCalls(PostgresBinaries binaries) throws Exception {
        Set<String> calls = symbols("--undefined-only", binaries.path("postgres"));
        calls.removeIf(symbol -> !FILE_CALL.matcher(symbol).matches());
        return calls;
    }

    /** Dynamic symbols without their versions, as binutils (which gcc needs) lists them. */
    private static Set<String> symbols(String which, Path binary) throws Exception {
        Process nm =
                new ProcessBuilder("nm", "-D", which, "--format=posix", binary.toString()).start();
        try (Stream<String> lines = nm.inputReader().lines()) {
            return lines.map(line -> line.replaceFirst("[@ ].*", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
        } finally {
            nm.waitFor();
        }
    }

    /**
     * Select-only from files that are all here: beside a Postgres without the shim. Printed only.
     */
    @Test
    void costsNextToNothingOncePagesAreHere() throws Exception {
        try (TestCompute compute = new TestCompute(source, "shared_buffers=1MB");
                Connection with = compute.connect()) {
            Checks.checksum(with, "accounts");
            selectsPerSecond(with); // warms this JVM's driver
            double shimmed = selectsPerSecond(with);
            compute.postgres().stop();
            try (PostgresProcess plain =
                            PostgresProcess.start(
                                    source.binaries(),
                                    compute.data(),
                                    Map.of(),
                                    List.of("shared_buffers=1MB"));
                    Connection without = plain.connect("postgres")) {
                double bare = selectsPerSecond(without);
                System.out.printf(
                        "Postgres %d, one session, selects/s: %.0f with the shim, %.0f without%n",
                        major, shimmed, bare);
                assertThat(shimmed).isPositive();
            }
        }
    }

    private static double selectsPerSecond(Connection sql) throws SQLException {
        long start = 0;
        int queries = 6000;
        try (var statement = sql.prepareStatement("select abalance from accounts where aid = ?")) {
            for (int i = -2000; i < queries; i++) {
                if (i == 0) {
                    start = System.nanoTime();
                }
                statement.setInt(1, Math.floorMod(i * 7919, 60000) + 1);
                statement.executeQuery().close();
            }
        }
        return queries * 1e9 / (System.nanoTime() - start);
    }
}
