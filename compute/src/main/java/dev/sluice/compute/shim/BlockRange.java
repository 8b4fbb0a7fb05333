package dev.sluice.compute.shim;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.part.PartProtocolException;
import java.nio.ByteBuffer;

/** The payload of READ and PREFETCH: six u32, in this order with the relation's three first. */
record BlockRange(RelFileLocator relation, Fork fork, int firstBlock, int count) {
    private static final int BYTES = 24;

    static BlockRange read(ByteBuffer in) throws PartProtocolException {
        if (in.remaining() != BYTES) {
            throw new PartProtocolException("a page request of " + in.remaining() + " bytes");
        }
        RelFileLocator relation = new RelFileLocator(in.getInt(), in.getInt(), in.getInt());
        int fork = in.getInt();
        BlockRange range;
        try {
            range = new BlockRange(relation, Fork.ofNumber(fork), in.getInt(), in.getInt());
        } catch (IllegalArgumentException e) {
            throw new PartProtocolException("a page request for fork " + fork);
        }
        if (range.count < 1 || range.count > ShimServer.MAX_BLOCKS) {
            throw new PartProtocolException("a page request for " + range.count + " blocks");
        }
        return range;
    }

    @Override
    public String toString() {
        return "relation %s %s block %s, %d blocks"
                .formatted(relation, fork, Integer.toUnsignedString(firstBlock), count);
    }
}
