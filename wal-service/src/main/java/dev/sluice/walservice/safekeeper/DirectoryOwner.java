package dev.sluice.walservice.safekeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose a safekeeper's directory is: the file {@code number} in it says so. Another's directory, or
 * a copy of it, is worse than none: it holds neither the promises nor all of the WAL of the one
 * that is started on it, and nobody would know that something is missing.
 */
final class DirectoryOwner {
    static final String FILE = "number";

    private static final Logger log = LoggerFactory.getLogger(DirectoryOwner.class);

    private DirectoryOwner() {}

    /**
     * Makes the directory this safekeeper's if it is nobody's yet.
     *
     * @throws IOException if it is another's
     */
    static void claim(Path directory, long nodeId) throws IOException {
        Path file = directory.resolve(FILE);
        String mine = Long.toString(nodeId);
        try {
            String owner = new String(Files.readAllBytes(file), UTF_8).strip();
            if (!owner.equals(mine)) {
                throw new IOException(
                        "%s is the directory of safekeeper %s, not of safekeeper %s (%s says so): what one has promised counts for no other"
                                .formatted(directory, owner, mine, file));
            }
        } catch (NoSuchFileException e) {
            try {
                Directories.write(directory, FILE, UTF_8.encode(mine + "\n"));
            } catch (IOException full) {
                // A later start will; one that does not start for want of this helps nobody.
                log.warn("cannot write {}: {}", file, full.toString());
            }
        }
    }
}
