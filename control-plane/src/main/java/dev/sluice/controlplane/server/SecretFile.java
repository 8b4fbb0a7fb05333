package dev.sluice.controlplane.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** A file that holds a secret, which not everybody may read. */
final class SecretFile {
    private SecretFile() {}

    /**
     * @throws IOException if it cannot be read, or others can; the message names it
     */
    static String read(Path file) throws IOException {
        Set<PosixFilePermission> permissions;
        try {
            permissions = Files.getPosixFilePermissions(file);
        } catch (IOException e) {
            throw new IOException("cannot read " + file + ": " + e, e);
        }
        if (permissions.contains(PosixFilePermission.OTHERS_READ)) {
            throw new IOException(
                    file + " holds a secret and can be read by everyone: chmod o-rwx it");
        }
        return Files.readString(file);
    }
}
