package dev.sluice.compute.template;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.binaries.PostgresCache;
import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.process.ComputeUser;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The data directory that every project of a Postgres version begins as, made once per machine by
 * {@code initdb} and only ever read afterwards.
 *
 * <p>What {@code initdb} is told, and why:
 *
 * <ul>
 *   <li>UTF8 with locale {@code C.UTF-8}, from Postgres's own {@code builtin} provider where there
 *       is one (17 and later). Sort order then depends neither on the host's C library nor on its
 *       version, so a compute may start on any host without an index becoming wrong, and Neon's
 *       projects sort alike.
 *   <li>superuser {@code cloud_admin}, as on Neon; it has no password, so nobody can log in as it
 *       until the control plane gives it one.
 *   <li>scram-sha-256 for every connection.
 *   <li>no data checksums: pages live in our layers, which have checksums of their own, from the
 *       moment WAL leaves the compute. Checksums in pages would make every hint bit a WAL record
 *       ({@code XLogHintBitIsNeeded}) for no protection that is not already there.
 * </ul>
 *
 * @param directory cleanly shut down; readable by this process
 */
public record PostgresTemplate(PostgresBinaries binaries, Path directory) {
    public static final String SUPERUSER = "cloud_admin";

    /** Counts up when what {@link #make} does changes, so that older templates are not used. */
    private static final int GENERATION = 2;

    /** Offset of {@code ControlFileData.state} in {@code global/pg_control}. */
    private static final int STATE_OFFSET = 16;

    private static final int DB_SHUTDOWNED = 1;

    /**
     * The template of these binaries, made now if this machine has none.
     *
     * @param progress told, in a line for people, what is happening when it takes a while
     * @throws IOException with what {@code initdb} said, if it failed
     */
    public static PostgresTemplate obtain(
            PostgresBinaries binaries, ComputeUser user, Consumer<String> progress)
            throws IOException {
        Path prepared =
                PreparedDirectory.obtain(
                        PostgresCache.directory().resolve(name(binaries)),
                        true,
                        empty -> {
                            progress.accept(
                                    "Making the template of Postgres " + binaries.version());
                            make(binaries, user, Files.createDirectory(empty.resolve("data")));
                        });
        return new PostgresTemplate(binaries, prepared.resolve("data"));
    }

    /** As {@link #obtain(PostgresBinaries, ComputeUser, Consumer)}, telling nobody. */
    public static PostgresTemplate obtain(PostgresBinaries binaries, ComputeUser user)
            throws IOException {
        return obtain(binaries, user, _ -> {});
    }

    /** Two installations of one version may be built differently, so the place is in the name. */
    private static String name(PostgresBinaries binaries) {
        CRC32C place = new CRC32C();
        place.update(binaries.root().toString().getBytes(StandardCharsets.UTF_8));
        return "template-%s-%d-%08x".formatted(binaries.version(), GENERATION, place.getValue());
    }

    private static void make(PostgresBinaries binaries, ComputeUser user, Path empty)
            throws IOException {
        user.requireCanEnter(binaries.root());
        user.requireCanEnter(empty.resolve("../..").normalize());
        user.ownAll(empty);
        ProcessBuilder builder =
                new ProcessBuilder(user.command(initdb(binaries, empty)))
                        .directory(empty.toFile())
                        .redirectErrorStream(true);
        builder.environment().keySet().removeIf(PostgresTemplate::changesInitdb);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("TZ", "UTC");
        Process initdb = builder.start();
        initdb.getOutputStream().close();
        String said;
        try (InputStream out = initdb.getInputStream()) {
            said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
        }
        if (exitCode(initdb) != 0) {
            throw new IOException("initdb of Postgres " + binaries.version() + " failed: " + said);
        }
        requireShutDown(empty);
        // A database superuser can run programs as this user; they must not change what later
        // projects begin as.
        user.disownAll(empty);
    }

    private static List<String> initdb(PostgresBinaries binaries, Path directory) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                binaries.path("initdb").toString(),
                                "--pgdata=" + directory,
                                "--username=" + SUPERUSER,
                                "--auth=scram-sha-256",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--no-instructions",
                                "--no-sync"));
        // With scram-sha-256 initdb insists on a password unless peer is what local uses.
        command.add("--auth-local=peer");
        if (binaries.major() >= 17) {
            command.add("--locale-provider=builtin");
            command.add("--builtin-locale=C.UTF-8");
        }
        if (binaries.major() >= 18) {
            command.add("--no-data-checksums");
        }
        return command;
    }

    private static boolean changesInitdb(String variable) {
        return variable.startsWith("PG")
                || variable.startsWith("LC_")
                || variable.equals("LANG")
                || variable.equals("LANGUAGE")
                || variable.startsWith("LD_");
    }

    private static int exitCode(Process process) throws IOException {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while initdb ran", e);
        }
    }

    private static void requireShutDown(Path directory) throws IOException {
        byte[] control = Files.readAllBytes(directory.resolve("global/pg_control"));
        int state = ByteBuffer.wrap(control).order(ByteOrder.nativeOrder()).getInt(STATE_OFFSET);
        if (state != DB_SHUTDOWNED) {
            throw new IOException("initdb left " + directory + " in state " + state);
        }
    }
}
