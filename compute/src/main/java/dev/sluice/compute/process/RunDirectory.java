package dev.sluice.compute.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Where the computes of one data folder have their sockets and their data directories.
 *
 * <p>Neither can simply be inside the data folder. The path of a Unix socket has at most {@value
 * #MAX_SOCKET_PATH} bytes, and data folders lie deep; the user that computes run as may not be able
 * to enter it (root's home). So both are found by a hash of the folder's real path:
 *
 * <pre>
 *                     sockets                                      data directories
 *   as root           /run/sluice/&lt;hash&gt;, /tmp/sluice-0-&lt;hash&gt;     /var/lib/sluice/&lt;hash&gt;, /tmp/sluice-0-&lt;hash&gt;/computes
 *   otherwise         /tmp/sluice-&lt;uid&gt;-&lt;hash&gt;                    &lt;data folder&gt;/computes
 * </pre>
 *
 * <p>Both belong to us and can be entered, not listed, by others; what belongs to one compute in
 * them is the compute user's alone.
 *
 * @param sockets holds one directory per compute
 * @param computes holds one directory per compute
 */
public record RunDirectory(ComputeUser user, Path sockets, Path computes) {
    /** {@code sun_path} has 108 bytes, the last of them zero. */
    public static final int MAX_SOCKET_PATH = 107;

    private static final String OURS_TO_ENTER = "rwx--x--x";
    private static final int LONGEST_NAME = 40;
    private static final String LONGEST_SOCKET_NAME = ".s.PGSQL.65535.lock";

    /**
     * The directories of a data folder, made if they are not there.
     *
     * @param dataFolder an existing directory
     * @throws IOException if they cannot be made, or somebody else owns what is there
     */
    public static RunDirectory open(Path dataFolder, ComputeUser user) throws IOException {
        return open(dataFolder, user, Path.of("/run/sluice"), Path.of("/var/lib/sluice"));
    }

    static RunDirectory open(Path dataFolder, ComputeUser user, Path run, Path state)
            throws IOException {
        Path real = dataFolder.toRealPath();
        String hash = hash(real.toString());
        Path inTmp = Path.of("/tmp/sluice-" + ComputeUser.ownUid() + "-" + hash);
        if (!user.isOther()) {
            return new RunDirectory(
                    user, ensure(List.of(inTmp)), ensure(List.of(real.resolve("computes"))));
        }
        Path sockets = ensure(List.of(run.resolve(hash), inTmp));
        Path computes = ensure(List.of(state.resolve(hash), inTmp.resolve("computes")));
        // For people who wonder whose it is.
        Files.writeString(computes.resolve("data-folder"), real + "\n");
        return new RunDirectory(user, sockets, computes);
    }

    /** The first of these that can be had. */
    private static Path ensure(List<Path> candidates) throws IOException {
        StringBuilder tried = new StringBuilder();
        for (Path candidate : candidates) {
            try {
                return OwnedDirectory.ensure(candidate, OURS_TO_ENTER);
            } catch (IOException e) {
                tried.append("; ").append(candidate).append(": ").append(e.getMessage());
            }
        }
        throw new IOException("no directory for computes can be made" + tried);
    }

    /**
     * The directory for a compute's sockets, made if it is not there: only the compute user and we
     * can enter it.
     *
     * @throws IOException if a socket's path would be too long in it
     */
    public Path socketDirectory(String compute) throws IOException {
        Path directory = sockets.resolve(plainName(compute));
        Path longest = directory.resolve(LONGEST_SOCKET_NAME);
        if (longest.toString().getBytes(StandardCharsets.UTF_8).length > MAX_SOCKET_PATH) {
            throw new IOException(
                    "the path of a socket in %s would be longer than %d bytes"
                            .formatted(directory, MAX_SOCKET_PATH));
        }
        return ownedByUser(directory);
    }

    /** The directory for everything else of a compute: ours, the compute user may enter it. */
    public Path computeDirectory(String compute) throws IOException {
        return OwnedDirectory.ensure(computes.resolve(plainName(compute)), OURS_TO_ENTER);
    }

    private Path ownedByUser(Path directory) throws IOException {
        if (Files.exists(directory)) {
            // Owned by the compute user since it was made; inside a directory that is ours.
            return directory;
        }
        OwnedDirectory.ensure(directory, "rwx------");
        user.own(directory);
        return directory;
    }

    /**
     * The name of a compute as a file name. Names come from outside: the result is neither long nor
     * leads elsewhere; a plain, short name is itself.
     */
    public static String plainName(String compute) {
        boolean plain =
                !compute.isEmpty()
                        && compute.length() <= LONGEST_NAME
                        && compute.chars().allMatch(RunDirectory::isPlain);
        return plain ? compute : "compute-" + hash(compute);
    }

    private static boolean isPlain(int c) {
        return c == '-' || (c < 128 && Character.isLetterOrDigit(c));
    }

    private static String hash(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }
}
