package dev.sluice.compute.agent;

import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.shim.ShimFile;
import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.walservice.wal.WalSegments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where one compute is on disk, in a directory that belongs to us:
 *
 * <pre>
 *   data/             the data directory; the compute user's
 *   sluice.shim       the page manifest; the compute user may write it
 *   postgresql.conf   and pg_hba.conf, pg_ident.conf: ours, for the compute user to read
 *   clean-stop        the {@link CleanStop}, only while no compute runs here
 * </pre>
 *
 * <p>Whoever owns the database can run programs as the compute user. So as root we write only into
 * directories that user cannot change, or fresh ones that it has not had yet.
 */
final class ComputeDirectory {
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final String TABLESPACES = "pg_tblspc";

    private final ComputeUser user;
    private final Path root;

    ComputeDirectory(RunDirectory run, String endpoint) throws IOException {
        this.user = run.user();
        this.root = run.computeDirectory(endpoint);
    }

    Path data() {
        return root.resolve("data");
    }

    Path manifest() {
        return root.resolve("sluice.shim");
    }

    Path configFile() {
        return root.resolve("postgresql.conf");
    }

    Path hbaFile() {
        return root.resolve("pg_hba.conf");
    }

    Path identFile() {
        return root.resolve("pg_ident.conf");
    }

    Path root() {
        return root;
    }

    private Path cleanStop() {
        return root.resolve("clean-stop");
    }

    /** The note of the last clean stop, if data and manifest are there too. */
    Optional<CleanStop> readCleanStop() throws IOException {
        Optional<CleanStop> note = CleanStop.read(cleanStop());
        return Files.isDirectory(data(), LinkOption.NOFOLLOW_LINKS) && Files.exists(manifest())
                ? note
                : Optional.empty();
    }

    /** What the last clean stop left, if it is still all there. */
    Optional<KeptDirectory> kept() throws IOException {
        return readCleanStop()
                .map(note ->
                        new KeptDirectory(
                                note.timeline(),
                                note.systemIdentifier(),
                                note.postgresVersion(),
                                data(),
                                manifest(),
                                note.shutdown()));
    }

    void noteCleanStop(CleanStop note) throws IOException {
        note.write(cleanStop());
    }

    /** To be called before anything changes the data directory. */
    void forgetCleanStop() throws IOException {
        Files.deleteIfExists(cleanStop());
    }

    /** Moves data and manifest out of the way. */
    void discard(DiscardedDirectories discarded) throws IOException {
        forgetCleanStop();
        discarded.take(data());
        Files.deleteIfExists(manifest());
    }

    void writeSettings(PostgresSettings settings) throws IOException {
        writeOurs(configFile(), settings.postgresqlConf());
        writeOurs(hbaFile(), PostgresSettings.pgHbaConf());
        writeOurs(
                identFile(), PostgresSettings.pgIdentConf(System.getProperty("user.name", "root")));
    }

    private void writeOurs(Path file, String text) throws IOException {
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
        Files.setPosixFilePermissions(
                file, PosixFilePermissions.fromString(user.isOther() ? "rw-r--r--" : "rw-------"));
    }

    /**
     * Makes data directory and manifest from a base backup. Nothing is synced: after a crash of the
     * host it is not used again.
     */
    ShimFile writeFresh(BaseBackup backup, List<Sidecar.Content> extras) throws IOException {
        Path data = Files.createDirectory(data(), PRIVATE_DIRECTORY);
        Set<Path> made = new HashSet<>(Set.of(data));
        for (String directory : backup.directories()) {
            makeDirectory(inside(data, directory), made);
        }
        for (BaseBackup.File file : backup.files()) {
            Path path = inside(data, file.path());
            makeDirectory(path.resolve("..").normalize(), made);
            writeFile(path, file);
        }
        for (Sidecar.Content extra : extras) {
            Path path = inside(data, extra.path());
            if (made.contains(path.resolve("..").normalize())) {
                writeFile(path, BaseBackup.File.of(extra.path(), extra.bytes()));
            }
        }
        refuseTablespaces(data.resolve(TABLESPACES));
        ShimFile manifest = ShimFile.create(manifest(), WalSegments.SIZE, backup.relations());
        Files.setPosixFilePermissions(manifest(), PosixFilePermissions.fromString("rw-------"));
        if (user.isOther()) {
            user.own(manifest());
            user.own(data);
        }
        return manifest;
    }

    /**
     * A tablespace has no place on a compute that keeps nothing. Postgres makes one with a symbolic
     * link here, before it says anything in WAL; when it cannot, {@code CREATE TABLESPACE} fails
     * and names the link.
     */
    private void refuseTablespaces(Path directory) throws IOException {
        if (Files.exists(directory)) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("r-xr-xr-x"));
            if (user.isOther()) {
                user.disownAll(directory);
            }
        }
    }

    private static Path inside(Path data, String path) throws IOException {
        Path resolved = data.resolve(path).normalize();
        if (!resolved.startsWith(data) || resolved.equals(data)) {
            throw new IOException("the base backup names a path outside of it: " + path);
        }
        return resolved;
    }

    private void makeDirectory(Path directory, Set<Path> made) throws IOException {
        if (!made.add(directory)) {
            return;
        }
        makeDirectory(directory.resolve("..").normalize(), made);
        Files.createDirectory(directory, PRIVATE_DIRECTORY);
        if (user.isOther()) {
            user.own(directory);
        }
    }

    private void writeFile(Path path, BaseBackup.File file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        path,
                        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                        PRIVATE_FILE)) {
            long end = 0;
            for (BaseBackup.Extent extent : file.extents()) {
                ByteBuffer bytes = ByteBuffer.wrap(extent.bytes());
                end = extent.offset() + bytes.remaining();
                while (bytes.hasRemaining()) {
                    channel.write(bytes, end - bytes.remaining());
                }
            }
            if (end < file.length()) {
                channel.write(ByteBuffer.wrap(new byte[1]), file.length() - 1);
            }
        }
        if (user.isOther()) {
            user.own(path);
        }
    }

    /** Removes everything of the compute. */
    void remove(DiscardedDirectories discarded) throws IOException {
        discard(discarded);
        for (Path file : List.of(configFile(), hbaFile(), identFile())) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(root);
    }
}
