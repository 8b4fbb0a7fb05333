package dev.sluice.controlplane.server;

import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where safekeepers are for a part that is a process of its own: at the addresses that it was
 * started with, and for one that has joined since, where the configuration file says now.
 */
final class ConfiguredSafekeepers {
    private final PartsConfig started;
    private final Path file;
    private final SocketPlaces places;

    /**
     * @param started what the part was started with
     * @param file where that was read, and newer ones are
     */
    ConfiguredSafekeepers(PartsConfig started, Path file, SocketPlaces places) {
        this.started = started;
        this.file = file;
        this.places = places;
    }

    PartAddress addressOf(long number) throws IOException {
        String name = SocketPlaces.safekeeperName(number);
        if (places.overTcp() && !started.addresses().containsKey(name)) {
            PartAddress joined = PartsConfig.read(file).addresses().get(name);
            if (joined != null) {
                return joined;
            }
        }
        return places.safekeeper(number);
    }
}
