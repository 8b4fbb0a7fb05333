package dev.sluice.compute.shim;

import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.zip.CRC32C;

/** The compiled shim: where it is, and the environment that makes a Postgres use it. */
public final class ShimLibrary {
    /** The longest path that fits a Unix socket's address, {@code sun_path} less its final zero. */
    public static final int MAX_SOCKET_PATH = 107;

    private ShimLibrary() {}

    /**
     * Puts the library for this machine into a directory, under a name that depends on its content,
     * so a running Postgres keeps the one it has. Readable by everyone; whether the compute's user
     * can reach the directory is the caller's business.
     *
     * @throws IOException when this build has no library for the machine, or it cannot be written
     */
    public static Path extract(Path directory) throws IOException {
        String resource = System.getProperty("os.arch") + "/libsluice_shim.so";
        byte[] content;
        try (InputStream in = ShimLibrary.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException(
                        "this build has no shim for the machine (" + resource + " is not in it)");
            }
            content = in.readAllBytes();
        }
        CRC32C crc = new CRC32C();
        crc.update(content);
        Path library =
                directory.resolve(
                        "libsluice_shim-%08x-%d.so".formatted(crc.getValue(), content.length));
        if (Files.notExists(library)) {
            Path written = Files.createTempFile(directory, "libsluice_shim", ".new");
            Files.write(written, content);
            Files.setPosixFilePermissions(written, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(written, library, StandardCopyOption.ATOMIC_MOVE);
        }
        return library;
    }

    /**
     * The variables with which {@code postgres} must be started. They may pass through other
     * programs on the way ({@code setpriv}, {@code sh}); Postgres itself removes them, so that what
     * it starts does not see them.
     *
     * @throws IllegalArgumentException if the socket's path is too long for a socket's address
     */
    public static Map<String, String> environment(
            Path library, Path dataDirectory, PartAddress.Unix socket, Path manifest) {
        Path socketPath = socket.path().toAbsolutePath();
        int length = socketPath.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_SOCKET_PATH) {
            throw new IllegalArgumentException(
                    "the socket's path has %d bytes, the limit is %d: %s"
                            .formatted(length, MAX_SOCKET_PATH, socketPath));
        }
        return Map.of(
                "LD_PRELOAD",
                library.toAbsolutePath().toString(),
                "SLUICE_SHIM_DATA",
                dataDirectory.toAbsolutePath().normalize().toString(),
                "SLUICE_SHIM_SOCKET",
                socketPath.toString(),
                "SLUICE_SHIM_FILE",
                manifest.toAbsolutePath().toString());
    }
}
