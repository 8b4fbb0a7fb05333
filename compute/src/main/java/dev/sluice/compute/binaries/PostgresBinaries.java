package dev.sluice.compute.binaries;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * A Postgres that can be run.
 *
 * @param root the directory that holds {@code bin/postgres}, {@code lib} and {@code share}
 */
public record PostgresBinaries(PostgresVersion version, Path root) {

    /**
     * The packed binaries of a major version, unpacked first if this machine has not done it yet.
     *
     * @param progress told, in a line for people, what is happening when it takes a while
     * @throws IOException if there are none for this major version and processor, or they cannot be
     *     unpacked
     */
    public static PostgresBinaries bundled(int major, Consumer<String> progress)
            throws IOException {
        return BundledPostgres.find(major).unpack(PostgresCache.directory(), progress);
    }

    /** As {@link #bundled(int, Consumer)}, telling nobody. */
    public static PostgresBinaries bundled(int major) throws IOException {
        return bundled(major, _ -> {});
    }

    /**
     * An installed Postgres.
     *
     * @param root holds {@code bin/postgres}, or is that {@code bin} directory itself
     * @throws IOException if it does not, or what is there does not tell its version
     */
    public static PostgresBinaries at(Path root) throws IOException {
        Path directory = Files.isExecutable(root.resolve("postgres")) ? root.resolve("..") : root;
        directory = directory.toAbsolutePath().normalize();
        Path postgres = directory.resolve("bin/postgres");
        if (!Files.isExecutable(postgres)) {
            throw new IOException("no Postgres at " + root + ": " + postgres + " is no program");
        }
        Process process =
                new ProcessBuilder(postgres.toString(), "--version")
                        .redirectErrorStream(true)
                        .start();
        process.getOutputStream().close();
        String printed =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return new PostgresBinaries(PostgresVersion.ofPrinted(printed), directory);
        } catch (IllegalArgumentException e) {
            throw new IOException(postgres + " --version printed \"" + printed.strip() + "\"", e);
        }
    }

    public int major() {
        return version.major();
    }

    /** A program of this Postgres, such as {@code postgres} or {@code initdb}. */
    public Path path(String program) {
        return root.resolve("bin").resolve(program);
    }
}
