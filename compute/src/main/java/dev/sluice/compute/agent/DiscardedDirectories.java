package dev.sluice.compute.agent;

import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.process.OwnedDirectory;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Data directories that are not wanted any more. A start does not wait until the last one's
 * gigabytes are deleted: they are moved out of the way, where only we can enter, and deleted beside
 * the work.
 */
final class DiscardedDirectories implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DiscardedDirectories.class);

    private final Path place;
    private final ExecutorService deleting = Executors.newVirtualThreadPerTaskExecutor();

    /** Also takes up what an earlier server did not get to delete. */
    DiscardedDirectories(Path computes) throws IOException {
        this.place = OwnedDirectory.ensure(computes.resolve(".discarded"), "rwx------");
        List<Path> earlier = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
            entries.forEach(earlier::add);
        }
        earlier.forEach(this::deleteLater);
    }

    /** Takes a directory, if it is there; its place is free afterwards. */
    void take(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Path taken = Files.createTempDirectory(place, "d");
        Files.move(directory, taken.resolve("data"));
        deleteLater(taken);
    }

    private void deleteLater(Path directory) {
        deleting.execute(() -> {
            try {
                PreparedDirectory.deleteTree(directory);
            } catch (IOException e) {
                log.warn("cannot delete {}; the next start tries again", directory, e);
            }
        });
    }

    /** Waits until all is deleted. */
    @Override
    public void close() {
        deleting.close();
    }
}
