package dev.sluice.compute.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The user that Postgres runs as. Postgres refuses to run as root, so a server that runs as root
 * (containers, CI) starts it as somebody else; any other server starts it as itself.
 *
 * @param name for people
 * @param uid the user's id
 * @param gid the group that the processes get, their only one
 */
public record ComputeUser(String name, int uid, int gid) {
    /** Names the user (or gives its number) that computes run as when the server is root. */
    public static final String OVERRIDE = "SLUICE_COMPUTE_USER";

    private static final int OWN_UID = readOwn("unix:uid");
    private static final int OWN_GID = readOwn("unix:gid");

    /** The effective user id of this process. */
    public static int ownUid() {
        return OWN_UID;
    }

    /**
     * The user for this process's computes: as root {@code $SLUICE_COMPUTE_USER}, {@code sluice} if
     * there is such a user, or {@code nobody}; otherwise this process's own.
     *
     * @throws IOException if the named user does not exist or is root
     */
    public static ComputeUser current() throws IOException {
        String override = System.getenv().getOrDefault(OVERRIDE, "");
        if (OWN_UID != 0) {
            return new ComputeUser(System.getProperty("user.name", "?"), OWN_UID, OWN_GID);
        }
        if (!override.isEmpty()) {
            return named(override);
        }
        return idOf("-u", "sluice").isPresent() ? named("sluice") : named("nobody");
    }

    static ComputeUser named(String name) throws IOException {
        OptionalInt uid = idOf("-u", name);
        OptionalInt gid = idOf("-g", name);
        if (uid.isEmpty() || gid.isEmpty()) {
            throw new IOException(
                    "no user \"" + name + "\" to run Postgres as (" + OVERRIDE + " names another)");
        }
        if (uid.getAsInt() == 0) {
            throw new IOException("Postgres refuses to run as root: " + OVERRIDE + "=" + name);
        }
        return new ComputeUser(name, uid.getAsInt(), gid.getAsInt());
    }

    private static OptionalInt idOf(String which, String name) throws IOException {
        Process id = new ProcessBuilder("id", which, "--", name).redirectErrorStream(true).start();
        id.getOutputStream().close();
        String printed =
                new String(id.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return printed.chars().allMatch(Character::isDigit) && !printed.isEmpty()
                ? OptionalInt.of(Integer.parseInt(printed))
                : OptionalInt.empty();
    }

    /** Whether this is somebody other than the user that this process runs as. */
    public boolean isOther() {
        return uid != OWN_UID;
    }

    /** The command line that runs {@code command} as this user. */
    public List<String> command(List<String> command) {
        if (!isOther()) {
            return List.copyOf(command);
        }
        List<String> line =
                new ArrayList<>(
                        List.of(
                                "setpriv",
                                "--reuid=" + uid,
                                "--regid=" + gid,
                                "--clear-groups",
                                "--"));
        line.addAll(command);
        return line;
    }

    /** Gives a file or directory, not a link's target, to this user. */
    public void own(Path path) throws IOException {
        give(path, uid, gid);
    }

    /** Gives a directory and everything in it to this user. */
    public void ownAll(Path directory) throws IOException {
        if (isOther()) {
            giveAll(directory, uid, gid);
        }
    }

    /** Takes a directory and everything in it back from this user. */
    public void disownAll(Path directory) throws IOException {
        if (isOther()) {
            giveAll(directory, OWN_UID, OWN_GID);
        }
    }

    private static void giveAll(Path directory, int uid, int gid) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                give(path, uid, gid);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static void give(Path path, int uid, int gid) throws IOException {
        if (uid == OWN_UID && OWN_UID != 0) {
            return;
        }
        Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
        Files.setAttribute(path, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
    }

    /**
     * Checks that this user can reach a directory.
     *
     * @throws IOException naming the first directory on the way that it may not enter
     */
    public void requireCanEnter(Path directory) throws IOException {
        if (!isOther()) {
            return;
        }
        Path real = directory.toRealPath();
        for (int names = 0; names <= real.getNameCount(); names++) {
            Path step =
                    names == 0 ? real.getRoot() : real.getRoot().resolve(real.subpath(0, names));
            int mode = (int) Files.getAttribute(step, "unix:mode");
            int shift =
                    (int) Files.getAttribute(step, "unix:uid") == uid
                            ? 6
                            : (int) Files.getAttribute(step, "unix:gid") == gid ? 3 : 0;
            if ((mode >> shift & 1) == 0) {
                throw new IOException(
                        "Postgres runs as user %s, who may not enter %s (on the way to %s)"
                                .formatted(name, step, directory));
            }
        }
    }

    private static int readOwn(String attribute) {
        try {
            return (int) Files.getAttribute(Path.of("/proc/self"), attribute);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell who this process is", e);
        }
    }
}
