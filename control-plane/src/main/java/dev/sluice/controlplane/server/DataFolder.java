package dev.sluice.controlplane.server;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that holds everything of one server:
 *
 * <pre>
 *   lock            held by the running server
 *   server.json     where it listens ({@link ServerInfo}); there while it runs
 *   api-key         what the command line shows the REST API; only its owner may read it
 *   catalog.mv.db   projects, branches, endpoints, roles
 *   certs/          the local certificate authority; certs/ca.crt is for clients
 *   pageserver/     layers of every timeline
 *   safekeepers/N/  WAL of every timeline
 *   safekeepers.json  which of them are started
 *   computes/       data directories of computes (elsewhere when Sluice runs as root: the compute's user must get in)
 *   object-store    where WAL is moved to ({@link ObjectStoreAddress}); there only if there is one
 *   gateway.toml    who may connect ({@link GatewayFile}); there only if the operator wrote it
 *   logs/           sluice.log, connections.jsonl ({@link ConnectionLog}), and one log for each endpoint
 * </pre>
 *
 * <p>Only its owner may enter it.
 */
public final class DataFolder {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SAFEKEEPERS = "safekeepers.json";
    private static final String CATALOG_FILE = "catalog.mv.db";
    private static final String OBJECT_STORE = "object-store";

    private final Path root;

    private DataFolder(Path root) {
        this.root = root;
    }

    /** The folder as it is; it may not exist. */
    public static DataFolder at(Path root) {
        return new DataFolder(root.toAbsolutePath().normalize());
    }

    /**
     * Makes the folder if there is none.
     *
     * @throws IOException when it is not a folder, not ours, or cannot be made
     */
    public void create() throws IOException {
        try {
            Files.createDirectories(root.getParent() == null ? root : root.getParent());
            Files.createDirectory(
                    root,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(root)) {
                throw new IOException("the data folder " + root + " is not a folder", e);
            }
        }
        if (!Files.isWritable(root)) {
            throw new IOException("the data folder " + root + " cannot be written by this user");
        }
        Files.createDirectories(logs());
    }

    public Path root() {
        return root;
    }

    public Path catalog() {
        return root.resolve("catalog");
    }

    public Path certificates() {
        return root.resolve("certs");
    }

    public Path pageserver() {
        return root.resolve("pageserver");
    }

    public Path safekeeper(long number) {
        return root.resolve("safekeepers").resolve(Long.toString(number));
    }

    /**
     * Which safekeepers are started.
     *
     * @param members how many keep each timeline
     * @param running their numbers: one more while one takes the place of another
     */
    record SafekeeperList(int members, List<Long> running) {}

    /** Empty before the first start has got so far that there is something to be kept. */
    private Optional<SafekeeperList> safekeeperList() throws IOException {
        Path file = root.resolve(SAFEKEEPERS);
        return Files.exists(file) && Files.exists(root.resolve(CATALOG_FILE))
                ? Optional.of(JSON.readValue(file.toFile(), SafekeeperList.class))
                : Optional.empty();
    }

    /**
     * The numbers of the safekeepers to start.
     *
     * @param members how many there are at a first start
     */
    List<Long> runningSafekeepers(int members) throws IOException {
        Optional<SafekeeperList> list = safekeeperList();
        return list.isPresent()
                ? list.get().running()
                : LongStream.rangeClosed(1, members).boxed().toList();
    }

    /**
     * What is there already of a safekeeper that is to be new; null if nothing is. The promises
     * that it could find there are none that the others know of.
     */
    @Nullable String traceOf(long safekeeper) {
        Path files = safekeeper(safekeeper);
        return Files.exists(files, LinkOption.NOFOLLOW_LINKS) ? files + " exists already" : null;
    }

    /**
     * Whether a server can do without the safekeepers that did not start: they may be dead for
     * good, and only a server that runs can replace them. A first start needs all.
     */
    boolean isEnough(int started) throws IOException {
        return safekeepers() > 0 && started > safekeepers() / 2;
    }

    /**
     * All safekeepers are started. From now on it is written down which they are, and one whose
     * folder is lost is still one of them.
     */
    void safekeepersStarted(int members) throws IOException {
        if (safekeeperList().isEmpty()) {
            writeSafekeepers(members, runningSafekeepers(members));
        }
    }

    /** From now on a safekeeper is started too. */
    void addSafekeeper(int members, long number) throws IOException {
        List<Long> running = new ArrayList<>(runningSafekeepers(members));
        if (!running.contains(number)) {
            running.add(number);
            writeSafekeepers(members, running);
        }
    }

    /** A safekeeper is not started any more; its files are kept, by another name. */
    void removeSafekeeper(int members, long number) throws IOException {
        List<Long> running = new ArrayList<>(runningSafekeepers(members));
        if (running.remove(Long.valueOf(number))) {
            writeSafekeepers(members, running);
        }
        Path files = safekeeper(number);
        if (Files.isDirectory(files)) {
            Files.move(
                    files,
                    files.resolveSibling(number + ".replaced"),
                    StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private void writeSafekeepers(int members, List<Long> running) throws IOException {
        publish(
                SAFEKEEPERS,
                JSON.writerWithDefaultPrettyPrinter()
                                .writeValueAsString(new SafekeeperList(members, running))
                        + "\n");
    }

    /** How many safekeepers hold this folder's WAL; 0 before its first start has got that far. */
    public int safekeepers() throws IOException {
        Optional<SafekeeperList> list = safekeeperList();
        if (list.isPresent()) {
            return list.get().members();
        }
        Path all = root.resolve("safekeepers");
        // They are started before the catalog is made: where it is, all of them are. Folders are
        // counted where a version that wrote no list made them.
        if (!Files.exists(root.resolve(CATALOG_FILE)) || !Files.isDirectory(all)) {
            return 0;
        }
        try (Stream<Path> each = Files.list(all)) {
            return (int) each.count();
        }
    }

    /**
     * Its timelines live on the safekeepers that they were made on. A quorum of fewer could lack
     * what was acknowledged, and more would not know the timelines.
     *
     * @throws IOException when the folder has another number of safekeepers
     */
    public void requireSafekeepers(int wanted) throws IOException {
        int here = safekeepers();
        if (here != 0 && here != wanted) {
            throw new IOException(
                    "the data folder %s was made with --safekeepers %d, which cannot become %d"
                            .formatted(root, here, wanted));
        }
    }

    /** Where WAL is moved to; empty if it stays on the safekeepers. */
    public Optional<ObjectStoreAddress> objectStore() throws IOException {
        Path file = root.resolve(OBJECT_STORE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(ObjectStoreAddress.parse(Files.readString(file).strip()));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * WAL that was moved to an object store is nowhere else.
     *
     * @throws IOException when the folder has another one
     */
    public void requireObjectStore(ObjectStoreAddress wanted) throws IOException {
        Optional<ObjectStoreAddress> here = objectStore();
        if (here.isPresent() && !here.get().equals(wanted)) {
            throw new IOException(
                    "WAL of the data folder %s is in the object store %s, not in %s; to move it, stop the server, copy all objects and write the new address into %s"
                            .formatted(root, here.get(), wanted, root.resolve(OBJECT_STORE)));
        }
    }

    /** From now on this is where WAL is moved to, if anywhere. */
    void keepObjectStore(Optional<ObjectStoreAddress> wanted) throws IOException {
        if (wanted.isPresent()) {
            requireObjectStore(wanted.get());
            if (objectStore().isEmpty()) {
                wanted.get().prepare();
            }
            publish(OBJECT_STORE, wanted.get() + "\n");
        }
    }

    /**
     * A part that is started by itself takes from its configuration what {@code up} remembers here,
     * and may be given another one than the parts before it. Nothing is made at the object store's
     * place: what is not there is not reached.
     *
     * @throws IOException when the folder has been given other safekeepers or another object store
     */
    void requireConfigured(ServerOptions options) throws IOException {
        requireSafekeepers(options.safekeepers());
        Optional<ObjectStoreAddress> wanted = options.objectStore();
        if (wanted.isPresent()) {
            requireObjectStore(wanted.get());
            if (objectStore().isEmpty()) {
                publish(OBJECT_STORE, wanted.get() + "\n");
            }
        } else if (objectStore().isPresent()) {
            throw new IOException(
                    "WAL of the data folder %s is in the object store %s, and \"objectStore\" of the configuration is missing"
                            .formatted(root, objectStore().get()));
        }
    }

    public Path logs() {
        return root.resolve("logs");
    }

    /** Who connected, for auditors. */
    Path connectionLog() {
        return logs().resolve("connections.jsonl");
    }

    public Path serverLog() {
        return logs().resolve("sluice.log");
    }

    /**
     * Takes the folder for this process, until it ends or closes the lock.
     *
     * @throws IOException when another process has it; the message names it
     */
    public FileLock lock() throws IOException {
        FileChannel channel =
                FileChannel.open(
                        root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return lock;
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException("this process already serves " + root, e);
        }
        channel.close();
        String who = info().map(info -> " (process " + info.pid() + ")").orElse("");
        throw new IOException("a server is already running on " + root + who);
    }

    /** Whether some process holds the lock. */
    public boolean isLocked() throws IOException {
        Path file = root.resolve("lock");
        if (!Files.exists(file)) {
            return false;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                return true;
            }
            lock.release();
            return false;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    /** Where the server listens; empty when none wrote it. */
    public Optional<ServerInfo> info() throws IOException {
        try {
            return Optional.of(
                    JSON.readValue(root.resolve("server.json").toFile(), ServerInfo.class));
        } catch (java.io.FileNotFoundException | NoSuchFileException e) {
            return Optional.empty();
        }
    }

    public void writeInfo(ServerInfo info) throws IOException {
        publish(
                "server.json",
                JSON.writerWithDefaultPrettyPrinter().writeValueAsString(info) + "\n");
    }

    public void deleteInfo() throws IOException {
        Files.deleteIfExists(root.resolve("server.json"));
    }

    /** The key that the REST API asks for, made on first use. */
    public String apiKey() throws IOException {
        Path file = root.resolve("api-key");
        if (!Files.exists(file)) {
            byte[] key = new byte[32];
            new SecureRandom().nextBytes(key);
            publish("api-key", HexFormat.of().formatHex(key) + "\n");
        }
        return Files.readString(file).strip();
    }

    private void publish(String name, String content) throws IOException {
        Path temporary =
                Files.createTempFile(
                        root,
                        name,
                        ".new",
                        PosixFilePermissions.asFileAttribute(
                                PosixFilePermissions.fromString("rw-------")));
        try {
            Files.write(temporary, content.getBytes(StandardCharsets.UTF_8));
            Files.move(
                    temporary,
                    root.resolve(name),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException(
                    "the data folder " + root + " is on a file system without atomic renames", e);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
