package dev.sluice.controlplane.server;

import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import dev.sluice.walservice.proposer.Backpressure;
import dev.sluice.walservice.safekeeper.OffloadConfig;
import dev.sluice.wire.part.PartAddress;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What {@code sluice up} was told.
 *
 * @param listen the address that the gateway listens at
 * @param port the gateway's; 0 for any free one
 * @param apiPort the REST API's, on this machine only; 0 for any free one
 * @param safekeepers how many; a majority of them makes WAL durable
 * @param suspendAfterSeconds idle time after which a new endpoint's compute sleeps; negative never
 * @param keepAwakeSeconds how long an idle session that no other compute could be given keeps its
 *     compute from being suspended
 * @param maxWalLagMegabytes how far, in MiB of WAL, a pageserver may be behind a compute before the
 *     compute's commits wait for it; 0 for any distance
 * @param postgres an installed Postgres to use instead of the bundled one, its directory with
 *     {@code bin/}
 * @param objectStore where whole WAL segments are moved to; empty if they stay on the safekeepers
 * @param separateProcesses every part in a process of its own
 * @param safekeeperPort where safekeeper 1 listens for readers of WAL, the next one port further; 0
 *     for any free ones; without it, where other parts find them only
 */
public record ServerOptions(
        String listen,
        int port,
        int apiPort,
        int safekeepers,
        int suspendAfterSeconds,
        int keepAwakeSeconds,
        int maxWalLagMegabytes,
        Optional<String> postgres,
        Optional<ObjectStoreAddress> objectStore,
        boolean separateProcesses,
        OptionalInt safekeeperPort) {

    /**
     * Endpoints' hosts are below this, which leads to this machine where such names are known (RFC
     * 6761). Two labels: several TLS libraries accept no wildcard directly below a top-level name.
     */
    public static final String DOMAIN = "db.localhost";

    public ServerOptions {
        check(port >= 0 && port <= 65535, "--port must be 0 to 65535, not " + port);
        check(apiPort >= 0 && apiPort <= 65535, "--api-port must be 0 to 65535, not " + apiPort);
        check(
                safekeepers >= 1 && safekeepers <= 9 && safekeepers % 2 == 1,
                "--safekeepers must be an odd number from 1 to 9, not " + safekeepers);
        check(
                suspendAfterSeconds >= -1 && suspendAfterSeconds <= 604_800,
                "--suspend-after must be 0 to 604800 seconds, or -1 for never, not "
                        + suspendAfterSeconds);
        int lastSafekeeperPort = safekeeperPort.orElse(0) + safekeepers - 1;
        check(
                safekeeperPort.orElse(0) >= 0 && lastSafekeeperPort <= 65535,
                "--safekeeper-port must be 0 to 65535, and a port for each of them, not "
                        + safekeeperPort.orElse(0));
        check(
                keepAwakeSeconds >= 0 && keepAwakeSeconds <= 604_800,
                "--keep-awake must be 0 to 604800 seconds, not " + keepAwakeSeconds);
        check(
                maxWalLagMegabytes >= 0,
                "--max-wal-lag must be 0 or more MiB, not " + maxWalLagMegabytes);
    }

    /** How commits wait for a pageserver that is behind. */
    Backpressure backpressure() {
        return maxWalLagMegabytes == 0
                ? Backpressure.NONE
                : new Backpressure((long) maxWalLagMegabytes << 20);
    }

    /** How safekeepers move WAL to the object store; null if they do not. */
    @Nullable OffloadConfig offload() {
        return objectStore.map(OffloadConfig::to).orElse(null);
    }

    /** Where safekeeper {@code number}, from 1, listens for readers, if it does. */
    Optional<PartAddress> readersOf(long number) {
        if (safekeeperPort.isEmpty()) {
            return Optional.empty();
        }
        int first = safekeeperPort.getAsInt();
        return Optional.of(new PartAddress.Tcp(listen, first == 0 ? 0 : first + (int) number - 1));
    }

    private static void check(boolean right, String message) {
        if (!right) {
            throw new IllegalArgumentException(message);
        }
    }
}
