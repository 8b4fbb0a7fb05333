package dev.sluice.controlplane.server;

import dev.sluice.compute.process.OwnedDirectory;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where the parts of one server listen for each other: Unix sockets in a directory that only this
 * user can enter, which is all the authentication they need.
 */
final class SocketPlaces {
    private final Path directory;

    private SocketPlaces(Path directory) {
        this.directory = directory;
    }

    static SocketPlaces in(RunDirectory run) throws IOException {
        return new SocketPlaces(OwnedDirectory.ensure(run.sockets().resolve("parts"), "rwx------"));
    }

    private PartAddress at(String name) {
        return new PartAddress.Unix(directory.resolve(name));
    }

    PartAddress safekeeper(long number) {
        return at("safekeeper-" + number);
    }

    PartAddress pageserver() {
        return at("pageserver");
    }

    PartAddress agent() {
        return at("agent");
    }

    PartAddress controlPlane() {
        return at("control-plane");
    }

    /** Where a part's {@code CounterCalls} are answered. */
    PartAddress counters(String part) {
        return at(part + "-counters");
    }

    /** Where the gateway's own servers listen, behind its port. */
    Path behindTheGateway() throws IOException {
        return OwnedDirectory.ensure(directory.resolve("http"), "rwx------");
    }

    PartAddress gateway() {
        return at("gateway");
    }
}
