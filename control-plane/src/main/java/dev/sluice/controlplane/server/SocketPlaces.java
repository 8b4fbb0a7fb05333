package dev.sluice.controlplane.server;

import dev.sluice.compute.process.OwnedDirectory;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the parts of one server listen for each other: at the addresses that they are given, and
 * else at Unix sockets in a directory that only this user can enter, which is all the
 * authentication that those need.
 */
final class SocketPlaces {
    private final Path directory;
    private final Map<String, PartAddress> given;

    private SocketPlaces(Path directory, Map<String, PartAddress> given) {
        this.directory = directory;
        this.given = given;
    }

    static SocketPlaces in(RunDirectory run) throws IOException {
        return in(run, Map.of());
    }

    /**
     * @param given where a part of that name is instead
     */
    static SocketPlaces in(RunDirectory run, Map<String, PartAddress> given) throws IOException {
        return new SocketPlaces(
                OwnedDirectory.ensure(run.sockets().resolve("parts"), "rwx------"), given);
    }

    /** Whether some are reached over TCP, for which parts need certificates. */
    boolean overTcp() {
        return given.values().stream().anyMatch(PartAddress.Tcp.class::isInstance);
    }

    private PartAddress at(String name) {
        return at(name, name);
    }

    private PartAddress at(String name, String socket) {
        PartAddress address = given.get(name);
        return address != null ? address : new PartAddress.Unix(directory.resolve(socket));
    }

    /**
     * Its socket is named so that Postgres clients find it: their {@code host} is the directory,
     * their {@code port} the safekeeper's number.
     */
    PartAddress safekeeper(long number) {
        return at(safekeeperName(number), ".s.PGSQL." + number);
    }

    /** As {@link PartsConfig} names it. */
    static String safekeeperName(long number) {
        return "safekeeper-" + number;
    }

    PartAddress pageserver() {
        return at("pageserver");
    }

    /** Always a Unix socket: it and whom it starts are on one machine. */
    PartAddress supervisor() {
        return at("supervisor");
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
