package dev.sluice.walservice.objectstore;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Objects as files: the key is the path below the folder. A file whose name begins with a dot is
 * being written, and gets its name by a rename when it is durable.
 */
public final class FolderStore implements ObjectStore {
    private static final Logger log = LoggerFactory.getLogger(FolderStore.class);
    private static final Duration ABANDONED = Duration.ofHours(1);

    private final Path folder;

    private FolderStore(Path folder) {
        this.folder = folder;
    }

    /**
     * Makes the folder if there is none.
     *
     * @throws IOException if it cannot be used
     */
    static void prepare(Path folder) throws IOException {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new IOException("the object store's folder " + folder + " is not a folder");
        }
        Files.createDirectories(folder);
        if (!Files.isWritable(folder)) {
            throw new IOException("the object store's folder " + folder + " cannot be written");
        }
    }

    /** Removes what crashed writers left in the folder. */
    public static FolderStore open(Path folder) {
        FolderStore store = new FolderStore(folder.toAbsolutePath().normalize());
        try {
            store.requireThere();
            store.removeAbandoned();
        } catch (IOException e) {
            log.warn("the object store cannot be used now: {}", e.toString());
        }
        return store;
    }

    /**
     * It is never made anew: a file system that is not mounted just now would have a folder by this
     * name beside it, and lose from sight what was moved there.
     */
    private void requireThere() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException("the object store's folder " + folder + " is not there");
        }
    }

    private void removeAbandoned() throws IOException {
        Instant before = Instant.now().minus(ABANDONED);
        for (Path file : filesBelow(folder)) {
            if (isUnfinished(file) && isOlder(file, before)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private static boolean isOlder(Path file, Instant time) throws IOException {
        try {
            return Files.getLastModifiedTime(file).toInstant().isBefore(time);
        } catch (NoSuchFileException e) {
            return false; // It got its name, or was deleted.
        }
    }

    /** Those that others rename or delete meanwhile may be missing. */
    private static List<Path> filesBelow(Path root) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                        if (attributes.isRegularFile()) {
                            files.add(file);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e)
                            throws IOException {
                        if (e instanceof NoSuchFileException) {
                            return FileVisitResult.CONTINUE;
                        }
                        throw e;
                    }
                });
        return files;
    }

    private static boolean isUnfinished(Path file) {
        return file.getFileName().toString().startsWith(".");
    }

    @Override
    public String place(String key) {
        return path(key).toString();
    }

    private Path path(String key) {
        return folder.resolve(ObjectKey.checked(key));
    }

    @Override
    public void put(String key, ByteBuffer content) throws IOException {
        Path path = path(key);
        requireThere();
        Path parent = makeParents(path);
        Path unfinished = parent.resolve("." + path.getFileName() + "." + UUID.randomUUID());
        try {
            try (FileChannel file =
                    FileChannel.open(
                            unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer rest = content.duplicate();
                while (rest.hasRemaining()) {
                    file.write(rest);
                }
                file.force(true);
            }
            Files.move(
                    unfinished,
                    path,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
        sync(parent);
    }

    private Path makeParents(Path path) throws IOException {
        Path at = folder;
        Path below = folder.relativize(path);
        for (int i = 0; i < below.getNameCount() - 1; i++) {
            Path next = at.resolve(below.getName(i));
            if (!Files.isDirectory(next)) {
                makeDirectory(next);
                sync(at);
            }
            at = next;
        }
        return at;
    }

    private static void makeDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public byte[] read(String key, long offset, int length) throws IOException {
        try (FileChannel file = FileChannel.open(path(key), StandardOpenOption.READ)) {
            long there = Math.clamp(file.size() - offset, 0, length);
            ByteBuffer bytes = ByteBuffer.allocate((int) there);
            while (bytes.hasRemaining()) {
                if (file.read(bytes, offset + bytes.position()) < 0) {
                    throw new IOException(place(key) + " became shorter while it was read");
                }
            }
            return bytes.array();
        } catch (NoSuchFileException e) {
            requireThere();
            throw new NoSuchObjectException(place(key));
        }
    }

    @Override
    public Page list(String prefix, @Nullable String from, int most) throws IOException {
        int slash = prefix.lastIndexOf('/');
        Path below = slash < 0 ? folder : path(prefix.substring(0, slash));
        requireThere();
        if (!Files.isDirectory(below)) {
            return new Page(List.of(), null);
        }
        List<String> keys =
                filesBelow(below).stream()
                        .filter(file -> !isUnfinished(file))
                        .map(file -> folder.relativize(file).toString())
                        .filter(key -> key.startsWith(prefix) && ObjectKey.is(key))
                        .filter(key -> from == null || key.compareTo(from) >= 0)
                        .sorted()
                        .limit(most + 1L)
                        .toList();
        List<Listed> objects = new ArrayList<>();
        for (String key : keys.subList(0, Math.min(most, keys.size()))) {
            try {
                objects.add(new Listed(key, Files.size(path(key))));
            } catch (NoSuchFileException deleted) {
                // since it was listed
            }
        }
        return new Page(objects, keys.size() > most ? keys.getLast() : null);
    }

    @Override
    public void delete(String key) throws IOException {
        Path path = path(key);
        requireThere();
        if (!Files.deleteIfExists(path)) {
            return;
        }
        Path below = folder.relativize(path);
        boolean shared = false;
        for (int names = below.getNameCount() - 1; names > 0; names--) {
            Path parent = folder.resolve(below.subpath(0, names));
            shared = shared || !removeIfEmpty(parent);
            if (shared) {
                sync(parent);
            }
        }
    }

    private static boolean removeIfEmpty(Path directory) throws IOException {
        try {
            return Files.deleteIfExists(directory);
        } catch (DirectoryNotEmptyException shared) {
            return false;
        }
    }

    @Override
    public String toString() {
        return folder.toString();
    }

    @Override
    public void close() {
        // Nothing is kept open.
    }
}
