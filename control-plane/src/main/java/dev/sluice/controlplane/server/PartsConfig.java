package dev.sluice.controlplane.server;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one part alone is told, {@code --config FILE}, as JSON. All parts of one server share the
 * file; they find each other by sockets whose places follow from the data folder.
 *
 * @param data the data folder
 * @param port where the gateway listens
 * @param apiPort where the control plane serves the REST API; 0 for any free port
 * @param postgres an installed Postgres to use instead of the bundled one
 * @param objectStore as {@link ObjectStoreAddress#parse} reads it
 */
public record PartsConfig(
        String data,
        String listen,
        int port,
        int apiPort,
        int safekeepers,
        int suspendAfterSeconds,
        int keepAwakeSeconds,
        int maxWalLagMegabytes,
        @Nullable String postgres,
        @Nullable String objectStore) {
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(
                            com.fasterxml.jackson.databind.DeserializationFeature
                                    .FAIL_ON_UNKNOWN_PROPERTIES)
                    .build();

    static PartsConfig of(ServerOptions options, DataFolder folder, int port) {
        return new PartsConfig(
                folder.root().toString(),
                options.listen(),
                port,
                options.apiPort(),
                options.safekeepers(),
                options.suspendAfterSeconds(),
                options.keepAwakeSeconds(),
                options.maxWalLagMegabytes(),
                options.postgres().orElse(null),
                options.objectStore().map(Object::toString).orElse(null));
    }

    /**
     * Reads a configuration file.
     *
     * @throws IOException when it is not there or not right; the message names it
     */
    public static PartsConfig read(Path file) throws IOException {
        try {
            PartsConfig config = JSON.readValue(file.toFile(), PartsConfig.class);
            config.options();
            return config;
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException("bad configuration " + file + ": " + e.getMessage(), e);
        }
    }

    void write(Path file) throws IOException {
        Files.writeString(
                file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
    }

    DataFolder folder() {
        return DataFolder.at(Path.of(data));
    }

    ServerOptions options() {
        return new ServerOptions(
                listen,
                port,
                apiPort,
                safekeepers,
                suspendAfterSeconds,
                keepAwakeSeconds,
                maxWalLagMegabytes,
                Optional.ofNullable(postgres),
                Optional.ofNullable(objectStore).map(ObjectStoreAddress::parse),
                true);
    }
}
