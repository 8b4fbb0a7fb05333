package dev.sluice.compute.shim;

import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One record of the manifest: a file of at most 1 GiB, which holds one segment of a fork.
 *
 * @param segment counts from 0, the number after the dot in the file's name
 * @param blocks in this segment
 * @param firstBit of the segment in both bitmaps, a multiple of 64
 */
record SegmentFile(RelFileLocator relation, Fork fork, int segment, int blocks, long firstBit)
        implements Comparable<SegmentFile> {
    private static final Comparator<SegmentFile> ORDER =
            Comparator.comparing(SegmentFile::relation)
                    .thenComparing(SegmentFile::fork)
                    .thenComparingInt(SegmentFile::segment);

    /**
     * The files of these forks in the manifest's order.
     *
     * @throws IllegalArgumentException for what a manifest cannot list
     */
    static List<SegmentFile> of(List<RelationFork> forks) {
        List<SegmentFile> files = new ArrayList<>();
        for (RelationFork fork : forks) {
            requireListable(fork);
            int segment = 0;
            int left = fork.blocks();
            do {
                int blocks = Math.min(left, ShimFile.SEGMENT_BLOCKS);
                files.add(new SegmentFile(fork.relation(), fork.fork(), segment++, blocks, 0));
                left -= blocks;
            } while (left > 0);
        }
        files.sort(null);
        long bit = 0;
        for (int i = 0; i < files.size(); i++) {
            SegmentFile file = files.get(i);
            if (i > 0 && files.get(i - 1).compareTo(file) == 0) {
                throw new IllegalArgumentException(
                        "relation " + file.relation + " " + file.fork + " is listed twice");
            }
            files.set(i, file.at(bit));
            bit += file.bits();
        }
        return files;
    }

    private static void requireListable(RelationFork fork) {
        RelFileLocator relation = fork.relation();
        boolean shared = relation.tablespace() == RelFileLocator.GLOBAL_TABLESPACE;
        if ((!shared && relation.tablespace() != RelFileLocator.DEFAULT_TABLESPACE)
                || shared != (relation.database() == 0)) {
            throw new IllegalArgumentException(
                    "relation " + relation + " lies neither in base/ nor in global/");
        }
        if (fork.fork() == Fork.FSM) {
            throw new IllegalArgumentException(
                    "relation " + relation + ": free space maps are local");
        }
        if (fork.blocks() < 0) {
            throw new IllegalArgumentException(
                    "relation %s %s has %d blocks".formatted(relation, fork.fork(), fork.blocks()));
        }
    }

    private SegmentFile at(long bit) {
        return new SegmentFile(relation, fork, segment, blocks, bit);
    }

    /** How many bits the segment takes in a bitmap: whole words. */
    long bits() {
        return (blocks + 63L) & ~63L;
    }

    @Override
    public int compareTo(SegmentFile other) {
        return ORDER.compare(this, other);
    }
}
