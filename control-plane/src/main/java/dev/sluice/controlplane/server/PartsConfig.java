package dev.sluice.controlplane.server;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What one part alone is told, {@code --config FILE}, as JSON. All parts of one server on one host
 * share the file. They find each other at the addresses in {@code parts}, and where that says
 * nothing by Unix sockets whose places follow from the data folder.
 *
 * @param data the data folder
 * @param port where the gateway listens
 * @param apiPort where the control plane serves the REST API; 0 for any free port
 * @param postgres an installed Postgres to use instead of the bundled one
 * @param objectStore as {@link ObjectStoreAddress#parse} reads it
 * @param safekeeperPort as {@link ServerOptions#safekeeperPort}; null for none
 * @param parts where parts are reached: for {@code safekeeper-1} and so on, {@code pageserver},
 *     {@code pageserver-counters}, {@code agent}, {@code control-plane} and {@code gateway} a
 *     {@link PartAddress}
 * @param bind where a part of that name listens, if that is another address
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
        @Nullable String objectStore,
        @Nullable Integer safekeeperPort,
        @Nullable Map<String, String> parts,
        @Nullable Map<String, String> bind) {
    private static final ObjectMapper JSON =
            JsonMapper.builder()
                    .enable(
                            com.fasterxml.jackson.databind.DeserializationFeature
                                    .FAIL_ON_UNKNOWN_PROPERTIES)
                    .build();

    static PartsConfig of(ServerOptions options, DataFolder folder, int port, PartPorts ports) {
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
                options.objectStore().map(Object::toString).orElse(null),
                options.safekeeperPort().isPresent() ? options.safekeeperPort().getAsInt() : null,
                ports.addresses(),
                ports.bindings());
    }

    /**
     * Reads a configuration file.
     *
     * @throws IOException when it is not there or not right; the message names it, in one line
     */
    public static PartsConfig read(Path file) throws IOException {
        try {
            PartsConfig config = JSON.readValue(file.toFile(), PartsConfig.class);
            requireSet("data", config == null ? null : config.data);
            requireSet("listen", config.listen);
            config.options();
            config.addresses();
            config.bindings();
            return config;
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new IOException(
                    "bad configuration "
                            + file
                            + ": "
                            + e.getOriginalMessage()
                            + (at == null ? "" : " (line " + at.getLineNr() + ")"),
                    e);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException("bad configuration " + file + ": " + e.getMessage(), e);
        }
    }

    private static void requireSet(String name, @Nullable Object value) {
        if (value == null) {
            throw new IllegalArgumentException("\"" + name + "\" is missing");
        }
    }

    /** Writes it, in the place of an older one of which others may read at the moment. */
    void write(Path file) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(
                fresh, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    PartPorts ports() {
        return new PartPorts(parts == null ? Map.of() : parts, bind == null ? Map.of() : bind);
    }

    /** With its parts elsewhere. */
    PartsConfig at(PartPorts ports) {
        return new PartsConfig(
                data,
                listen,
                port,
                apiPort,
                safekeepers,
                suspendAfterSeconds,
                keepAwakeSeconds,
                maxWalLagMegabytes,
                postgres,
                objectStore,
                safekeeperPort,
                ports.addresses(),
                ports.bindings());
    }

    /** Where parts are reached that are not at their Unix sockets. */
    Map<String, PartAddress> addresses() {
        return parsed(parts);
    }

    /** Where parts listen that do not at the address where they are reached. */
    Map<String, PartAddress> bindings() {
        return parsed(bind);
    }

    private static Map<String, PartAddress> parsed(@Nullable Map<String, String> texts) {
        Map<String, PartAddress> addresses = new LinkedHashMap<>();
        if (texts != null) {
            texts.forEach((name, text) -> {
                requireSet(name, text);
                addresses.put(name, PartAddress.parse(text));
            });
        }
        return addresses;
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
                true,
                safekeeperPort == null ? OptionalInt.empty() : OptionalInt.of(safekeeperPort));
    }
}
