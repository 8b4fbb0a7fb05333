package dev.sluice.storage.oracle;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.Page;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Compares the redone cluster, file by file and page by page, with a data directory that Postgres
 * made of the same WAL: the stopped primary, or a stopped standby that recovered a copy.
 *
 * <p>Both ways: what one of them has and the other has not is a difference. Left out, because WAL
 * does not carry them: free space maps, temporary relations, and all forks but the init fork of
 * unlogged relations. Pages are masked as by {@link
 * dev.sluice.storage.postgres.PostgresMajor#differenceAfterRedo}, and those of a primary besides by
 * what it changes without WAL. Where a fork or segment ends in one of them, zeros in the other are
 * equal to that: Postgres extends files ahead of need.
 */
final class DirectoryComparison {
    private final RedoneCluster cluster;
    private final DataDirectory other;
    private final Differences differences;
    private final boolean recovered;
    private final Set<RelFileLocator> unlogged = new HashSet<>();
    private final byte[] here = new byte[Page.SIZE];
    private final byte[] there = new byte[Page.SIZE];
    private long forks;
    private long blocks;
    private long slruBlocks;
    private long files;

    DirectoryComparison(RedoneCluster cluster, DataDirectory other, Differences differences) {
        this.cluster = cluster;
        this.other = other;
        this.differences = differences;
        this.recovered = other.control().isShutDownInRecovery();
    }

    /**
     * @param lastChange where the last record begins that changed anything but counters
     * @param atShutdown whether redo ended with a shutdown checkpoint
     * @throws IOException if the directory was not stopped
     */
    ComparisonReport run(Lsn lastChange, boolean atShutdown) throws IOException {
        checkWrittenOut(lastChange);
        if (other.hasTablespaces()) {
            differences.add(other.path() + " has tablespaces, which are not supported");
        }
        Set<Key> sizes = new TreeSet<>(cluster.sizes());
        sizes.addAll(other.blockFiles().keySet());
        for (Key size : sizes) {
            if (size.kind() == Key.RELATION_SIZE && size.fork() == Fork.INIT.number()) {
                unlogged.add(size.locator());
            }
        }
        try (OpenFiles open = new OpenFiles()) {
            for (Key size : sizes) {
                compareBlocks(size, open);
            }
        }
        Set<Key> names = new TreeSet<>(cluster.files());
        names.addAll(other.files().keySet());
        for (Key name : names) {
            compareFile(name);
        }
        boolean comparable = atShutdown && (other.control().isShutDown() || recovered);
        if (comparable) {
            compareCheckPoint();
        }
        return new ComparisonReport(
                forks,
                blocks,
                slruBlocks,
                files,
                comparable,
                differences.kept(),
                differences.count());
    }

    /** A standby writes its pages out at the checkpoints of its primary only. */
    private void checkWrittenOut(Lsn lastChange) throws IOException {
        if (!other.control().isShutDown() && !recovered) {
            throw new IOException(other.path() + " was not stopped cleanly");
        }
        Lsn checkPoint = other.control().checkPointLocation();
        if (lastChange.isAfter(checkPoint)) {
            differences.add(
                    other.path()
                            + " was written out at the checkpoint at "
                            + checkPoint
                            + ", but the WAL changes pages up to "
                            + lastChange);
        }
    }

    private void compareBlocks(Key size, OpenFiles open) throws IOException {
        boolean relation = size.kind() == Key.RELATION_SIZE;
        if (relation && size.fork() != Fork.INIT.number() && unlogged.contains(size.locator())) {
            return;
        }
        DataDirectory.BlockFiles parts = other.blockFiles().get(size);
        int ours = cluster.blocks(size);
        int theirs = parts == null ? -1 : parts.blocks();
        if (relation) {
            forks++;
            if (isOneSided(size, ours, theirs)) {
                return;
            }
        }
        for (int block = 0; block < Math.max(ours, theirs); block++) {
            readHere(size, block, ours);
            if (parts != null && block < theirs) {
                open.read(parts, block, there);
            } else {
                Arrays.fill(there, (byte) 0);
            }
            String difference = relation ? difference(size, block) : bytes(here, there);
            if (difference != null) {
                differences.add(BlockNames.of(size) + " block " + block + ": " + difference);
            }
        }
        if (relation) {
            blocks += Math.max(0, Math.max(ours, theirs));
        } else {
            slruBlocks += Math.max(0, Math.max(ours, theirs));
        }
    }

    /** Visibility maps are made without WAL, empty or of zeros: only what is in them counts. */
    private boolean isOneSided(Key size, int ours, int theirs) {
        if (size.fork() == Fork.VISIBILITY_MAP.number() || (ours >= 0 && theirs >= 0)) {
            return false;
        }
        differences.add(
                ours < 0
                        ? onlyThere(size) + " (" + theirs + " blocks)"
                        : onlyHere(size) + " (" + ours + " blocks)");
        return true;
    }

    private String onlyThere(Key name) {
        return BlockNames.of(name) + " is in " + other.path() + ", redo has no such file";
    }

    private String onlyHere(Key name) {
        return BlockNames.of(name) + " is not in " + other.path() + ", redo has it";
    }

    private void readHere(Key size, int block, int ours) throws IOException {
        if (block < ours) {
            cluster.read(RedoneCluster.blockOf(size, block), here);
        } else {
            Arrays.fill(here, (byte) 0);
        }
    }

    private @Nullable String difference(Key size, int block) {
        if (Arrays.equals(here, there)) {
            return null;
        }
        Fork fork = Fork.ofNumber(size.fork());
        return recovered
                ? other.major().differenceAfterRedo(there, here, fork, block)
                : other.major().difference(here, there, fork, block);
    }

    private static @Nullable String bytes(byte[] ours, byte[] theirs) {
        int at = Arrays.mismatch(ours, theirs);
        return at < 0
                ? null
                : String.format(
                        Locale.ROOT,
                        "byte %d is %02x after redo, %02x in the directory",
                        at,
                        at < ours.length ? ours[at] : 0,
                        at < theirs.length ? theirs[at] : 0);
    }

    private void compareFile(Key name) {
        if (name.kind() == Key.CONTROL_FILE || name.kind() == Key.CHECKPOINT) {
            return;
        }
        files++;
        byte[] ours = cluster.file(name);
        byte[] theirs = other.files().get(name);
        if (ours == null) {
            differences.add(onlyThere(name));
        } else if (theirs == null) {
            differences.add(onlyHere(name));
        } else {
            String difference = bytes(ours, theirs);
            if (difference != null) {
                differences.add(BlockNames.of(name) + ": " + difference);
            }
        }
    }

    private void compareCheckPoint() {
        byte[] ours = cluster.file(Key.OF_CHECKPOINT);
        String difference =
                bytes(ours == null ? new byte[0] : ours, other.control().checkPoint().bytes());
        if (difference != null) {
            differences.add("global/pg_control, checkPointCopy: " + difference);
        }
    }
}
