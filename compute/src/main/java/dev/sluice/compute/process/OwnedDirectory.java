package dev.sluice.compute.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Directories that nobody else can have prepared for us: in {@code /tmp} anybody can make a
 * directory of the name we are about to use, and read or replace what we then put there.
 */
public final class OwnedDirectory {

    private OwnedDirectory() {}

    /**
     * Makes a directory, its parents too, or takes it as it is after checking that it is a real
     * directory of ours that others cannot write to. Permissions are set whatever the umask is.
     *
     * @param permissions such as {@code rwx--x--x}
     * @return the directory
     * @throws IOException if it cannot be made or belongs to somebody else
     */
    public static Path ensure(Path directory, String permissions) throws IOException {
        Set<PosixFilePermission> wanted = PosixFilePermissions.fromString(permissions);
        makeWithParents(directory, wanted);
        PosixFileAttributes attributes =
                Files.readAttributes(
                        directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isDirectory()) {
            throw new IOException(directory + " is in the way: it is not a directory");
        }
        int uid = (int) Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        if (uid != ComputeUser.ownUid()) {
            throw new IOException(
                    "%s belongs to user %d, not to us (%d): not used"
                            .formatted(directory, uid, ComputeUser.ownUid()));
        }
        if (!attributes.permissions().equals(wanted)) {
            Files.setPosixFilePermissions(directory, wanted);
        }
        return directory;
    }

    /** Parents get the same permissions: what is under {@code /var/cache} must be enterable. */
    private static void makeWithParents(Path directory, Set<PosixFilePermission> permissions)
            throws IOException {
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Path parent = directory.getParent();
        if (parent != null) {
            makeWithParents(parent, permissions);
        }
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(permissions));
            Files.setPosixFilePermissions(directory, permissions);
        } catch (java.nio.file.FileAlreadyExistsException e) {
            // Another process made it in this moment; whether it is ours is checked next.
            return;
        }
    }
}
