package dev.sluice.controlplane.server;

import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Where a running server can be reached, as it wrote it down in {@code server.json}.
 *
 * @param host what clients connect to, an address that needs no name service
 * @param port the gateway's
 * @param apiUrl the REST API's base, ending in {@code /api/v2}
 * @param caCertificate the file that {@code sslrootcert} takes
 */
public record ServerInfo(
        long pid, String host, int port, String domain, String apiUrl, String caCertificate) {

    /** What the server on this folder wrote down. */
    static ServerInfo of(DataFolder folder) {
        try {
            return folder.info()
                    .orElseThrow(
                            () -> new IllegalStateException("no server.json in " + folder.root()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
