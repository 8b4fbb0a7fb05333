package dev.sluice.controlplane.server;

import dev.sluice.controlplane.wal.SafekeeperFleet;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.safekeeper.SafekeeperDoors;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The safekeepers of a server that is all in one process. */
final class LocalSafekeepers implements SafekeeperFleet, Closeable {
    private final DataFolder folder;
    private final SocketPlaces places;
    private final ServerOptions options;
    private final PartNetwork network;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, Safekeeper> running = new TreeMap<>();

    /**
     * @param folder with the parts' certificates
     */
    LocalSafekeepers(DataFolder folder, SocketPlaces places, ServerOptions options)
            throws IOException {
        this.folder = folder;
        this.places = places;
        this.options = options;
        this.network = PartTrust.network(folder, PartRole.SAFEKEEPER);
    }

    /**
     * Starts those that belong to the folder; without those that do not, if the others are enough.
     */
    void startAll(Progress progress) throws IOException {
        SafekeeperStarts.all(
                folder,
                options.safekeepers(),
                number -> {
                    try {
                        start(number);
                    } catch (IOException e) {
                        progress.step(
                                "safekeeper " + number + " does not start: " + e.getMessage());
                        throw e;
                    }
                });
    }

    /** All addresses of each that runs, by number. */
    Map<Long, List<PartAddress>> addresses() {
        lock.lock();
        try {
            Map<Long, List<PartAddress>> addresses = new TreeMap<>();
            running.forEach((number, safekeeper) -> addresses.put(number, safekeeper.addresses()));
            return addresses;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public @Nullable String obstacle(long number) {
        return SafekeeperStarts.obstacle(folder, options, number);
    }

    @Override
    public void start(long number) throws IOException {
        lock.lock();
        try {
            if (!running.containsKey(number)) {
                List<Long> all = folder.runningSafekeepers(options.safekeepers());
                running.put(
                        number,
                        Safekeeper.start(
                                new SafekeeperConfig(
                                                number,
                                                folder.safekeeper(number),
                                                places.safekeeper(number),
                                                all.stream()
                                                        .filter(other -> other != number)
                                                        .toList(),
                                                places::safekeeper)
                                        .withOffload(options.offload()),
                                new SafekeeperDoors(
                                        network, options.readersOf(number).stream().toList())));
                // Not before: one that cannot start would keep the next start from its end, too.
                folder.addSafekeeper(options.safekeepers(), number);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop(long number) throws IOException {
        lock.lock();
        try {
            Safekeeper safekeeper = running.remove(number);
            if (safekeeper != null) {
                safekeeper.close();
            }
            folder.removeSafekeeper(options.safekeepers(), number);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            for (Safekeeper safekeeper : running.values()) {
                safekeeper.close();
            }
            running.clear();
        } finally {
            lock.unlock();
        }
    }
}
