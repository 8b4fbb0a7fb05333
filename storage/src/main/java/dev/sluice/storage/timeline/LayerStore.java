package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.Chain;
import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.storage.layer.LayerFile;
import dev.sluice.storage.layer.LayerFileWriter;
import dev.sluice.storage.layer.LayerMap;
import dev.sluice.storage.layer.OpenLayer;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.layer.VersionCursor;
import dev.sluice.storage.timeline.FlushQueue.Frozen;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The layers of one timeline in its directory: the open one, those that wait to be written, and the
 * files; and the index that says which files count.
 *
 * <p>A layer file is durable before the index names it, and the index is durable before a layer
 * that it no longer names is deleted. So files that the index does not name are left-overs of a
 * crash and are removed when the store is opened.
 */
public final class LayerStore implements Closeable {
    private final LayerDirectory directory;
    private final TimelineSettings settings;
    private final FlushQueue queue;

    /** Guards what follows it; {@link #layers} and {@link #index} may be read without. */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile TimelineLayers layers;
    private volatile TimelineIndex index;
    private long nextNumber;

    private final ReentrantLock compacting = new ReentrantLock();

    /** Reads through these layers and those of ancestors; set before anything is written. */
    private volatile @Nullable TimelineReader reader;

    // Of the writing thread.
    private @Nullable OpenLayer open;
    private long openedNanos;
    private long openNumber;
    private volatile boolean flushRequested;

    private LayerStore(
            LayerDirectory directory,
            TimelineIndex index,
            TimelineSettings settings,
            Executor background) {
        this.directory = directory;
        this.index = index;
        this.nextNumber = index.nextNumber();
        this.settings = settings;
        this.queue = new FlushQueue(directory, background, this::flush);
        this.layers =
                new TimelineLayers(
                        null,
                        List.of(),
                        LayerMap.of(index.layers()),
                        directory.files(index.layers(), Map.of()));
    }

    /**
     * Makes a timeline, durably: all at once, when its index is published.
     *
     * @param directory new or empty, or holding the layers that the index names
     */
    public static void create(Path directory, TimelineIndex index) throws IOException {
        Files.createDirectories(directory);
        index.publish(directory);
    }

    /**
     * Opens the layers that a timeline's index names.
     *
     * @param background where layers are written and compacted
     * @throws IOException if the index or a layer is damaged or missing, or the directory holds
     *     what does not belong there; the message names the file
     */
    public static LayerStore open(
            Path path, LayerCache cache, TimelineSettings settings, Executor background)
            throws IOException {
        TimelineIndex index = TimelineIndex.read(path);
        LayerDirectory directory = new LayerDirectory(path, index.id().timeline(), cache);
        directory.removeLeftOvers(index);
        LayerStore store = new LayerStore(directory, index, settings, background);
        for (LayerFile file : store.layers.files().values()) {
            file.check();
        }
        return store;
    }

    /** Says who can read the timeline, which is needed to write a layer. */
    void readThrough(TimelineReader timeline) {
        reader = timeline;
    }

    public TimelineIndex index() {
        return index;
    }

    // Reading: any thread.

    /** The layers as they are now, to be released by the caller. */
    TimelineLayers hold() {
        TimelineLayers current = layers;
        while (!current.hold()) {
            current = layers;
        }
        return current;
    }

    void collect(List<Chain> chains) throws IOException {
        TimelineLayers current = hold();
        try {
            current.collect(chains);
        } finally {
            current.release();
        }
    }

    // Writing: one thread.

    void put(Key key, Lsn end, Value value) throws IOException {
        OpenLayer layer = open;
        if (layer == null) {
            layer = newOpenLayer(end);
        }
        try {
            layer.put(key, end, value);
        } catch (IOException e) {
            throw directory.cannotWrite(e);
        }
    }

    void discardAfter(Lsn last) {
        if (open != null) {
            open.discardAfter(last);
        }
    }

    private OpenLayer newOpenLayer(Lsn firstEnd) throws IOException {
        TimelinePosition frozen = queue.end();
        Lsn after = frozen == null ? index.diskConsistentLsn() : frozen.end();
        if (!firstEnd.isAfter(after)) {
            throw new IllegalStateException(firstEnd + " is not after " + after);
        }
        OpenLayer layer = directory.newOpenLayer(openNumber++, after);
        open = layer;
        openedNanos = System.nanoTime();
        lock.lock();
        try {
            TimelineLayers current = layers;
            replace(
                    new TimelineLayers(layer, current.frozen(), current.map(), current.files()),
                    List.of());
        } finally {
            lock.unlock();
        }
        return layer;
    }

    void freezeIfFull(TimelinePosition position) throws IOException {
        OpenLayer layer = open;
        if (layer != null
                && (position.end().minus(layer.after()) >= settings.checkpointDistance()
                        || layer.size() >= 2 * settings.checkpointDistance()
                        || flushRequested)) {
            freeze(position);
        }
    }

    void freezeIfDue(TimelinePosition position) throws IOException {
        if (open != null
                && (flushRequested
                        || System.nanoTime() - openedNanos
                                >= settings.checkpointTimeout().toNanos())) {
            freeze(position);
        }
    }

    void requestFlush() {
        flushRequested = true;
    }

    /** Ends the open layer and has it written; waits while too many wait already. */
    void freeze(TimelinePosition position) throws IOException {
        flushRequested = false;
        OpenLayer layer = open;
        if (layer == null || !position.end().isAfter(layer.after())) {
            return;
        }
        // Only this thread adds, so there is room afterwards too.
        queue.awaitFewerThan(settings.frozenMax());
        lock.lock();
        try {
            open = null;
            TimelineLayers current = layers;
            List<OpenLayer> waiting = new ArrayList<>(current.frozen());
            waiting.addFirst(layer);
            replace(new TimelineLayers(null, waiting, current.map(), current.files()), List.of());
        } finally {
            lock.unlock();
        }
        queue.add(new Frozen(layer, position));
    }

    /** Waits until nothing is frozen any more; an error if a layer cannot be written. */
    void awaitFlushed() throws IOException {
        queue.awaitFewerThan(1);
    }

    private void flush(Frozen next) throws IOException {
        LayerDescriptor written = write(next.layer().after(), next.upTo().end(), next.layer());
        lock.lock();
        try {
            List<LayerDescriptor> added = written == null ? List.of() : List.of(written);
            TimelineLayers current = layers;
            LayerMap map = current.map().replace(List.of(), added);
            publish(map, next.upTo());
            List<OpenLayer> waiting = new ArrayList<>(current.frozen());
            waiting.remove(next.layer());
            replace(withFiles(current.open(), waiting, map), List.of(next.layer()::close));
        } finally {
            lock.unlock();
        }
    }

    private TimelineLayers withFiles(
            @Nullable OpenLayer openLayer, List<OpenLayer> frozen, LayerMap map) {
        return new TimelineLayers(
                openLayer, frozen, map, directory.files(map.layers(), layers.files()));
    }

    private TimelineReader requireReader() {
        return Objects.requireNonNull(reader, "a timeline over these layers");
    }

    /** Null when there is nothing up to that LSN. */
    private @Nullable LayerDescriptor write(Lsn after, Lsn upTo, OpenLayer layer)
            throws IOException {
        VersionCursor versions = new CappedCursor(layer.cursor(Key.MIN, Key.MAX), upTo);
        if (!versions.next()) {
            return null;
        }
        try (LayerFileWriter writer = newLayer(Kind.DELTA, after, upTo)) {
            boolean _ = new ShortenedChains(requireReader(), writer).copy(versions, Long.MAX_VALUE);
            return writer.finish();
        }
    }

    LayerFileWriter newLayer(Kind kind, Lsn after, Lsn upTo) throws IOException {
        long number;
        lock.lock();
        try {
            number = nextNumber++;
        } finally {
            lock.unlock();
        }
        return directory.newLayer(number, kind, after, upTo);
    }

    private void publish(LayerMap map, TimelinePosition durable) throws IOException {
        TimelineIndex next =
                new TimelineIndex(
                        index.id(),
                        index.postgresMajor(),
                        index.start(),
                        index.ancestor(),
                        index.ancestorLsn(),
                        durable.end(),
                        durable.previousRecord(),
                        nextNumber,
                        map.layers());
        directory.publish(next);
        index = next;
    }

    private void replace(TimelineLayers next, List<TimelineLayers.Disposal> dropped)
            throws IOException {
        TimelineLayers last = layers;
        layers = next;
        last.replacedBy(next, dropped);
    }

    /** Puts new layer files in the place of old ones, which are deleted when nobody reads them. */
    void replaceFiles(Collection<LayerDescriptor> removed, Collection<LayerDescriptor> added)
            throws IOException {
        lock.lock();
        try {
            TimelineLayers current = layers;
            LayerMap map = current.map().replace(removed, added);
            publish(map, new TimelinePosition(index.diskConsistentLsn(), index.previousRecord()));
            List<TimelineLayers.Disposal> dropped = new ArrayList<>();
            for (LayerDescriptor layer : removed) {
                dropped.add(current.file(layer)::delete);
            }
            replace(withFiles(current.open(), current.frozen(), map), dropped);
        } finally {
            lock.unlock();
        }
    }

    /** Merges layers where that makes reads shorter; does nothing while another thread does. */
    void compact() throws IOException {
        if (compacting.tryLock()) {
            try {
                new Compaction(this, requireReader(), settings).run();
            } finally {
                compacting.unlock();
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            queue.close();
        } finally {
            OpenLayer last = open;
            open = null;
            if (last != null) {
                last.close();
            }
        }
    }
}
