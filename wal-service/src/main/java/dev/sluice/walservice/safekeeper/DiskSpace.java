package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.consensus.Refusal;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The room on a safekeeper's disk. Appends leave a reserve of it free, so that there is always
 * enough for what a safekeeper must write to take part in elections, and for whoever makes room.
 * Once it is reached, appends are refused until a quarter more than it is free. Any number of
 * threads.
 */
final class DiskSpace {
    private static final Logger log = LoggerFactory.getLogger(DiskSpace.class);

    /** What the file system says. */
    interface Probe {
        /** Free bytes. */
        long usable() throws IOException;

        /** The file system's size in bytes. */
        long total() throws IOException;

        /** Makes a file's content durable. */
        default void sync(FileChannel file) throws IOException {
            file.force(false);
        }

        static Probe of(Path directory) throws IOException {
            FileStore store = Files.getFileStore(directory);
            return new Probe() {
                @Override
                public long usable() throws IOException {
                    return store.getUsableSpace();
                }

                @Override
                public long total() throws IOException {
                    return store.getTotalSpace();
                }
            };
        }
    }

    private final long nodeId;
    private final Path directory;
    private final long reserve;
    private final Probe probe;
    private final AtomicBoolean full = new AtomicBoolean();
    private final LongAdder refused = new LongAdder();
    private final LongAdder failedSyncs = new LongAdder();

    /** The last sync failed. */
    private volatile boolean failing;

    DiskSpace(long nodeId, Path directory, long reserve, Probe probe) {
        this.nodeId = nodeId;
        this.directory = directory;
        this.reserve = reserve;
        this.probe = probe;
    }

    /**
     * Before a file of WAL grows.
     *
     * @throws SafekeeperException if there is no room for it
     */
    void claim(long bytes) throws IOException {
        long usable = probe.usable();
        long wanted = full.get() ? reserve + reserve / 4 : reserve;
        if (usable - bytes < wanted) {
            throw refuse(usable);
        }
        if (full.compareAndSet(true, false)) {
            log.info(
                    "safekeeper {}: {} MiB free in {}: takes WAL again",
                    nodeId,
                    usable >> 20,
                    directory);
        }
    }

    /**
     * Makes a file's WAL durable.
     *
     * @throws IOException if the disk does not take it; {@link UnsyncedWal} tells what then
     */
    void sync(FileChannel file) throws IOException {
        try {
            probe.sync(file);
        } catch (IOException e) {
            failedSyncs.increment();
            if (!failing) {
                log.error(
                        "safekeeper {}: WAL in {} could not be made durable: {}",
                        nodeId,
                        directory,
                        e.toString());
            }
            failing = true;
            throw e;
        }
        if (failing) {
            failing = false;
            log.info("safekeeper {}: WAL in {} is made durable again", nodeId, directory);
        }
    }

    /** A write found no room, whatever the file system had said. */
    SafekeeperException exhausted() throws IOException {
        return refuse(probe.usable());
    }

    private SafekeeperException refuse(long usable) {
        refused.increment();
        String text =
                String.format(
                        "the safekeeper's disk is full: %d MiB free in %s, of which %d are kept"
                                + " free; it takes WAL again when there is more",
                        usable >> 20, directory, reserve >> 20);
        if (full.compareAndSet(false, true)) {
            log.error("safekeeper {}: {}", nodeId, text);
        }
        return new SafekeeperException(Refusal.DISK_FULL, text);
    }

    SpaceReport report() throws IOException {
        return new SpaceReport(
                nodeId,
                directory.toString(),
                probe.usable(),
                probe.total(),
                reserve,
                full.get(),
                refused.sum(),
                failing,
                failedSyncs.sum());
    }

    /** Whether a failure is that of a full disk. */
    static boolean isFull(IOException failure) {
        String reason =
                failure instanceof FileSystemException e ? e.getReason() : failure.getMessage();
        return saysFull(reason) || saysFull(failure.getMessage());
    }

    private static boolean saysFull(@Nullable String text) {
        return text != null
                && (text.contains("No space left on device")
                        || text.contains("Disk quota exceeded"));
    }
}
