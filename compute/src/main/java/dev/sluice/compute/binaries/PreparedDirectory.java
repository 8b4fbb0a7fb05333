package dev.sluice.compute.binaries;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * A directory that takes a while to make and is then used by everybody: made once, complete or not
 * there at all, by whichever process comes first.
 *
 * <p>It is made beside its place under another name, gets a {@link DirectoryListing} and is
 * renamed. A lock file, {@code .<name>.lock}, keeps a second process waiting meanwhile. A directory
 * that does not agree with its listing (a cleaner of {@code /tmp}, a full disk, a crash of the
 * machine) is made anew.
 */
public final class PreparedDirectory {
    /** File locks are per process; this one is for the threads of ours. */
    private static final ReentrantLock ONE_AT_A_TIME = new ReentrantLock();

    /** Fills the empty directory it is given. */
    public interface Maker {
        void make(Path empty) throws IOException;
    }

    private PreparedDirectory() {}

    /**
     * The directory, made now if it is not there.
     *
     * @param contents whether to check every file's content, not only its size
     * @return {@code target}
     */
    public static Path obtain(Path target, boolean contents, Maker maker) throws IOException {
        if (DirectoryListing.agrees(target, contents)) {
            return target;
        }
        ONE_AT_A_TIME.lock();
        try (FileChannel file =
                        FileChannel.open(
                                target.resolveSibling("." + target.getFileName() + ".lock"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.WRITE);
                FileLock _ = file.lock()) {
            if (!DirectoryListing.agrees(target, contents)) {
                make(target, maker);
            }
            return target;
        } finally {
            ONE_AT_A_TIME.unlock();
        }
    }

    private static void make(Path target, Maker maker) throws IOException {
        Path unfinished = target.resolveSibling("." + target.getFileName() + ".unfinished");
        deleteTree(unfinished);
        Files.createDirectory(unfinished);
        try {
            maker.make(unfinished);
            DirectoryListing.write(unfinished);
            deleteTree(target);
            move(unfinished, target);
        } catch (IOException | RuntimeException e) {
            try {
                deleteTree(unfinished);
            } catch (IOException atCleaning) {
                e.addSuppressed(atCleaning);
            }
            throw e;
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("cannot rename " + from + " to " + to, e);
        }
    }

    /**
     * Deletes a directory with everything in it, following no links; nothing if it is not there.
     */
    public static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(directory)) {
            paths = walk.toList();
        }
        for (Path path : paths.reversed()) {
            Files.deleteIfExists(path);
        }
    }
}
