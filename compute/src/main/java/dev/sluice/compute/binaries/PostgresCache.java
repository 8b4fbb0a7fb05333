package dev.sluice.compute.binaries;

import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.OwnedDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where what is made once per machine is kept: unpacked binaries and templates.
 *
 * <p>{@code $SLUICE_POSTGRES_CACHE} if set. Otherwise, as root, {@code /var/cache/sluice/postgres}:
 * root's own home cannot be entered by the user that computes run as. Otherwise {@code
 * ${XDG_CACHE_HOME:-~/.cache}/sluice/postgres}. When that cannot be made (a read-only image), a
 * directory of our own in {@code /tmp}.
 */
public final class PostgresCache {
    public static final String OVERRIDE = "SLUICE_POSTGRES_CACHE";

    private PostgresCache() {}

    /**
     * The cache's directory, which exists and belongs to us.
     *
     * @throws IOException if none can be had
     */
    public static Path directory() throws IOException {
        return directory(System.getenv(), Path.of(System.getProperty("user.home", "/")));
    }

    static Path directory(Map<String, String> environment, Path home) throws IOException {
        String override = environment.getOrDefault(OVERRIDE, "");
        if (!override.isEmpty()) {
            return OwnedDirectory.ensure(Path.of(override).toAbsolutePath(), "rwxr-xr-x");
        }
        try {
            return OwnedDirectory.ensure(preferred(environment, home), "rwxr-xr-x");
        } catch (IOException e) {
            Path fallback = Path.of("/tmp/sluice-" + ComputeUser.ownUid() + "-postgres");
            try {
                return OwnedDirectory.ensure(fallback, "rwxr-xr-x");
            } catch (IOException inTmp) {
                inTmp.addSuppressed(e);
                throw inTmp;
            }
        }
    }

    private static Path preferred(Map<String, String> environment, Path home) {
        if (ComputeUser.ownUid() == 0) {
            return Path.of("/var/cache/sluice/postgres");
        }
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path caches = xdg.startsWith("/") ? Path.of(xdg) : home.resolve(".cache");
        return caches.resolve("sluice/postgres");
    }
}
