package dev.sluice.storage.timeline;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.Chain;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.layer.VersionCursor;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line of history: its own layers, and up to its branch point those of its ancestor.
 *
 * <p>Any thread reads. One thread writes: {@link #put} for each change of a record, then {@link
 * #endRecord}. What belongs to a record that has not ended is only seen by a reader that asks for
 * an LSN after {@link #position}.
 */
public final class Timeline implements TimelineReader, Closeable {
    private static final Duration ANCESTOR_LIMIT = Duration.ofSeconds(60);

    private final TenantTimelineId id;
    private final @Nullable Timeline ancestor;
    private final LayerStore layers;
    private final IngestProgress progress;
    private final Reconstruction reconstruction;
    private final BlockCountCache blockCounts = new BlockCountCache();

    /**
     * @param layers the timeline's own
     * @param ancestor the timeline that the index names as such
     */
    public Timeline(LayerStore layers, @Nullable Timeline ancestor, PageRedo redo) {
        TimelineIndex index = layers.index();
        this.id = index.id();
        this.layers = layers;
        this.ancestor = ancestor;
        layers.readThrough(this);
        this.progress =
                new IngestProgress(
                        "timeline " + id.timeline(),
                        new TimelinePosition(index.diskConsistentLsn(), index.previousRecord()));
        this.reconstruction = new Reconstruction("timeline " + id.timeline(), redo);
    }

    public TenantTimelineId id() {
        return id;
    }

    public int postgresMajor() {
        return layers.index().postgresMajor();
    }

    public @Nullable Timeline ancestor() {
        return ancestor;
    }

    /** What of the ancestor belongs to this timeline; invalid without one. */
    public Lsn ancestorLsn() {
        return layers.index().ancestorLsn();
    }

    /** Where its own WAL begins. */
    public Lsn start() {
        return layers.index().start();
    }

    /** The last ingested record. */
    public TimelinePosition position() {
        return progress.position();
    }

    /** Everything up to here survives the process. */
    public TimelinePosition durablePosition() {
        return new TimelinePosition(
                layers.index().diskConsistentLsn(), layers.index().previousRecord());
    }

    public List<LayerDescriptor> layerFiles() {
        return layers.index().layers();
    }

    /** Why ingest stopped, if it did. */
    public @Nullable Throwable failure() {
        return progress.failure();
    }

    /**
     * Waits until everything before {@code lsn} is ingested.
     *
     * @throws IOException when it did not happen in time or ingest stopped; the message says where
     */
    public void waitForLsn(Lsn lsn, Duration limit) throws IOException {
        progress.await(lsn, limit);
    }

    /**
     * Where the record begins that ends at {@code at}: what a checkpoint record written at {@code
     * at} calls the previous record. Invalid when this is not known, as for a position in the past.
     */
    public Lsn previousRecord(Lsn at) {
        for (TimelinePosition known : List.of(position(), durablePosition())) {
            if (known.end().equals(at)) {
                return known.previousRecord();
            }
        }
        return Lsn.INVALID;
    }

    // Writing: one thread.

    /** Adds a version. The writing thread only. */
    public void put(Key key, Lsn end, Value value) throws IOException {
        layers.put(key, end, value);
    }

    /** Everything of the record has been put: it becomes visible. The writing thread only. */
    public void endRecord(Lsn start, Lsn end) throws IOException {
        TimelinePosition position = new TimelinePosition(end, start);
        progress.advance(position);
        layers.freezeIfFull(position);
    }

    /** Writes the open layer if it has waited long enough. The writing thread only. */
    public void freezeIfDue() throws IOException {
        layers.freezeIfDue(position());
    }

    /** Asks the writing thread to have everything written soon. */
    public void requestFlush() {
        layers.requestFlush();
    }

    /** Ingest stopped. Who waits for it is told. */
    public void fail(Throwable cause) {
        progress.failed(cause);
    }

    /** Ingest goes on from {@link #position}; what was put after that is forgotten. */
    public void resume() {
        layers.discardAfter(position().end());
        progress.failed(null);
    }

    /** Makes everything up to {@link #position} durable. Nothing may be written meanwhile. */
    public void flush() throws IOException {
        layers.freeze(position());
        layers.awaitFlushed();
    }

    // Reading: any thread.

    @Override
    public byte @Nullable [] get(Key key, Lsn at) throws IOException {
        Chain chain = new Chain(key, at);
        collect(List.of(chain));
        return reconstruction.content(chain);
    }

    /**
     * The versions that {@link #get} makes a key's content of, newest first: down to one that
     * stands alone, or all there is.
     */
    public Chain versions(Key key, Lsn at) throws IOException {
        Chain chain = new Chain(key, at);
        collect(List.of(chain));
        return chain;
    }

    /** Where the history begins that this timeline has: its own or its oldest ancestor's start. */
    public Lsn historyStart() {
        return ancestor == null ? start() : ancestor.historyStart();
    }

    private void collect(List<Chain> chains) throws IOException {
        Timeline timeline = this;
        while (true) {
            timeline.layers.collect(chains);
            Timeline next = timeline.ancestor;
            if (next == null || TimelineLayers.areComplete(chains)) {
                return;
            }
            for (Chain chain : chains) {
                chain.lowerCeiling(timeline.ancestorLsn());
            }
            timeline.awaitAncestor(next, chains.getFirst().ceiling());
            timeline = next;
        }
    }

    /**
     * After a restart an ancestor may still be reading again from its WAL what this timeline has of
     * it.
     */
    private void awaitAncestor(Timeline next, Lsn needed) throws IOException {
        if (next.position().end().isBefore(needed)) {
            next.waitForLsn(needed, ANCESTOR_LIMIT);
        }
    }

    /**
     * How many blocks a fork has.
     *
     * @return null when it does not exist there
     */
    public @Nullable Integer blocks(RelFileLocator relation, Fork fork, Lsn at) throws IOException {
        Key key = Key.relationSize(relation, fork);
        boolean settled = !at.isAfter(position().end());
        if (settled) {
            return blockCounts.get(key, at, this::readBlocks);
        }
        return readBlocks(key, at);
    }

    private @Nullable Integer readBlocks(Key key, Lsn at) throws IOException {
        byte[] bytes = get(key, at);
        return bytes == null ? null : BlockCount.decode(bytes);
    }

    /**
     * Reads consecutive pages.
     *
     * @param into receives {@code count} × 8192 bytes; a block that nothing ever wrote is zeros
     * @throws IOException when a block is not below the fork's size, or cannot be made
     */
    public void readPages(
            RelFileLocator relation, Fork fork, int firstBlock, int count, Lsn at, ByteBuffer into)
            throws IOException {
        Integer blocks = blocks(relation, fork, at);
        if (blocks == null
                || Integer.toUnsignedLong(firstBlock) + count > Integer.toUnsignedLong(blocks)) {
            throw new IOException(
                    describe(relation, fork, at)
                            + (blocks == null ? " does not exist" : " has " + blocks + " blocks")
                            + "; asked for "
                            + count
                            + " from block "
                            + Integer.toUnsignedString(firstBlock));
        }
        List<Chain> chains = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            chains.add(new Chain(Key.relationBlock(relation, fork, firstBlock + i), at));
        }
        collect(chains);
        for (Chain chain : chains) {
            byte[] page = reconstruction.content(chain);
            putPage(page == null ? ZERO_PAGE : page, chain, into);
        }
    }

    private static final byte[] ZERO_PAGE = new byte[Reconstruction.PAGE_BYTES];

    private void putPage(byte[] page, Chain chain, ByteBuffer into) throws IOException {
        if (page.length != Reconstruction.PAGE_BYTES) {
            throw new IOException(
                    "timeline "
                            + id.timeline()
                            + ": "
                            + chain.key()
                            + " holds "
                            + page.length
                            + " bytes, which is no page");
        }
        into.put(page);
    }

    private String describe(RelFileLocator relation, Fork fork, Lsn at) {
        return "timeline " + id.timeline() + ": " + relation + fork.suffix() + " at " + at;
    }

    @Override
    public void scan(Key from, Key to, Lsn at, Visitor visitor) throws IOException {
        List<TimelineLayers> held = new ArrayList<>();
        try {
            visit(TimelineScan.over(scanSources(from, to, at, held)), to, visitor);
        } finally {
            for (TimelineLayers layer : held) {
                layer.release();
            }
        }
    }

    /** Cursors over this timeline and its ancestors, the oldest first. */
    private List<VersionCursor> scanSources(Key from, Key to, Lsn at, List<TimelineLayers> held)
            throws IOException {
        List<VersionCursor> oldestFirst = new ArrayList<>();
        Timeline timeline = this;
        Lsn ceiling = at;
        while (timeline != null) {
            TimelineLayers current = timeline.layers.hold();
            held.add(current);
            List<VersionCursor> cursors = new ArrayList<>();
            for (VersionCursor cursor : current.cursors(from, to, ceiling)) {
                cursors.add(new CappedCursor(cursor, ceiling));
            }
            oldestFirst.addAll(0, cursors);
            if (timeline.ancestor != null) {
                ceiling = Lsn.min(ceiling, timeline.ancestorLsn());
                timeline.awaitAncestor(timeline.ancestor, ceiling);
            }
            timeline = timeline.ancestor;
        }
        return oldestFirst;
    }

    private void visit(TimelineScan scan, Key to, Visitor visitor) throws IOException {
        while (scan.next() && scan.key().compareTo(to) < 0) {
            if (!(scan.newest() instanceof Value.Image(byte[] bytes))) {
                throw new IOException(
                        "timeline " + id.timeline() + ": " + scan.key() + " cannot be scanned");
            }
            if (bytes.length > 0) {
                visitor.visit(scan.key(), bytes);
            }
        }
    }

    /** Merges and makes images where reads have become long. For a background thread. */
    public void compact() throws IOException {
        layers.compact();
    }

    /** Bytes of the layer files. */
    public long bytes() {
        return layers.index().layers().stream().mapToLong(LayerDescriptor::bytes).sum();
    }

    /** Gives up what is not durable: {@link #flush} comes first where that matters. */
    @Override
    public void close() throws IOException {
        layers.close();
    }
}
