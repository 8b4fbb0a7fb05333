package dev.sluice.compute.agent;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a compute is stopped, and what is kept of it. */
final class ComputeStop {
    private static final Logger log = LoggerFactory.getLogger(ComputeStop.class);

    /** Offsets in {@code ControlFileData} ({@code catalog/pg_control.h}). */
    private static final int STATE = 16;

    private static final int CHECKPOINT = 32;
    private static final int DB_SHUTDOWNED = 1;

    /** A shutdown checkpoint record with page headers around it is shorter than this. */
    private static final int CHECKPOINT_RECORD_MAX = 512;

    private final AgentConfig config;
    private final DiscardedDirectories discarded;

    ComputeStop(AgentConfig config, DiscardedDirectories discarded) {
        this.config = config;
        this.discarded = discarded;
    }

    /** Returns what is kept; empty after an unclean stop, of which nothing is. */
    Optional<KeptDirectory> stop(Compute compute) throws IOException {
        boolean clean = compute.postgres().stop(config.stopLimit());
        Lsn shutdown = compute.proposer().commitLsn();
        compute.close();
        String endpoint = compute.running().spec().endpoint();
        if (!clean || !isShutDownAt(compute.directory(), shutdown)) {
            log.warn("{} did not stop cleanly: {}", endpoint, compute.postgres().logTail());
            compute.directory().discard(discarded);
            return Optional.empty();
        }
        saveSidecar(compute, shutdown);
        ComputeSpec spec = compute.running().spec();
        compute.directory()
                .noteCleanStop(
                        new CleanStop(
                                spec.timeline(),
                                spec.systemIdentifier(),
                                compute.version(),
                                shutdown,
                                CleanStop.currentBootId()));
        log.info("{} is suspended at {}", endpoint, shutdown);
        return compute.directory().kept();
    }

    /**
     * Whether the control file says "shut down", with its checkpoint the last record of what is
     * durable.
     */
    private static boolean isShutDownAt(ComputeDirectory directory, Lsn durable)
            throws IOException {
        ByteBuffer control =
                ByteBuffer.wrap(Files.readAllBytes(directory.data().resolve("global/pg_control")))
                        .order(ByteOrder.nativeOrder());
        long behind = durable.minus(new Lsn(control.getLong(CHECKPOINT)));
        return control.getInt(STATE) == DB_SHUTDOWNED
                && behind > 0
                && behind < CHECKPOINT_RECORD_MAX;
    }

    /** Good to have, so not having it is no reason to fail. */
    private void saveSidecar(Compute compute, Lsn shutdown) {
        ComputeSpec spec = compute.running().spec();
        try {
            Sidecar.collect(compute.directory().data(), shutdown)
                    .write(config.sidecar(spec.timeline()));
        } catch (IOException e) {
            log.warn("{}: statistics and free space maps are not saved", spec.endpoint(), e);
        }
    }
}
