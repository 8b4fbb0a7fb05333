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
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The layers of one timeline in its directory: the open one, those that wait to be written, and the
 * files; and the index that says which files count.
 *
 * <p>A layer file is durable before the index names it, and the index is durable before a layer
 * that it no longer names is deleted. So files that the index does not name are left-overs of a
 * crash and are removed when the store is opened.
 */
public final class LayerStore implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(LayerStore.class);

    /** An open layer that nothing more is put into, and the position it reaches. */
    private record Frozen(OpenLayer layer, TimelinePosition upTo) {}

    private final Path directory;
    private final LayerCache cache;
    private final TimelineSettings settings;
    private final Executor background;

    /** Guards what follows it; {@link #layers} and {@link #index} may be read without. */
    private final ReentrantLock lock = new ReentrantLock();

    private final ReentrantLock compacting = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final List<Frozen> frozen = new ArrayList<>();
    private volatile TimelineLayers layers;
    private volatile TimelineIndex index;
    private long nextNumber;
    private boolean flushing;
    private @Nullable IOException flushFailure;
    private boolean closed;

    /** Reads through these layers and those of ancestors; set before anything is written. */
    private volatile @Nullable TimelineReader reader;

    // Of the writing thread.
    private @Nullable OpenLayer open;
    private long openedNanos;
    private long openNumber;
    private volatile boolean flushRequested;

    private LayerStore(
            Path directory,
            TimelineIndex index,
            LayerCache cache,
            TimelineSettings settings,
            Executor background) {
        this.directory = directory;
        this.index = index;
        this.nextNumber = index.nextNumber();
        this.cache = cache;
        this.settings = settings;
        this.background = background;
        this.layers =
                new TimelineLayers(
                        null,
                        List.of(),
                        LayerMap.of(index.layers()),
                        files(index.layers(), Map.of()));
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
            Path directory, LayerCache cache, TimelineSettings settings, Executor background)
            throws IOException {
        TimelineIndex index = TimelineIndex.read(directory);
        LayerStore store = new LayerStore(directory, index, cache, settings, background);
        store.removeLeftOvers();
        for (LayerFile file : store.layers.files().values()) {
            file.check();
        }
        return store;
    }

    private void removeLeftOvers() throws IOException {
        Set<String> known = new HashSet<>();
        index.layers().forEach(layer -> known.add(layer.fileName()));
        known.add(TimelineIndex.FILE_NAME);
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            boolean leftOver =
                    LayerDescriptor.isFileName(name)
                            || name.endsWith(".tmp")
                            || name.endsWith(OPEN_SUFFIX);
            if (known.remove(name)) {
                continue;
            }
            if (!leftOver) {
                throw new IOException("unknown file in a timeline's directory: " + file);
            }
            log.info("removing {}, which its timeline's index does not name", file);
            Files.delete(file);
        }
        if (!known.isEmpty()) {
            throw new IOException("missing layer: " + directory.resolve(known.iterator().next()));
        }
    }

    private static final String OPEN_SUFFIX = ".open";

    private Map<LayerDescriptor, LayerFile> files(
            Collection<LayerDescriptor> descriptors, Map<LayerDescriptor, LayerFile> known) {
        Map<LayerDescriptor, LayerFile> files = new HashMap<>();
        for (LayerDescriptor layer : descriptors) {
            LayerFile file = known.get(layer);
            files.put(
                    layer,
                    file != null
                            ? file
                            : new LayerFile(directory, index.id().timeline(), layer, cache));
        }
        return files;
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
        layer.put(key, end, value);
    }

    void discardAfter(Lsn last) {
        if (open != null) {
            open.discardAfter(last);
        }
    }

    private OpenLayer newOpenLayer(Lsn firstEnd) throws IOException {
        Lsn after = lastFrozen();
        if (!firstEnd.isAfter(after)) {
            throw new IllegalStateException(firstEnd + " is not after " + after);
        }
        OpenLayer layer = new OpenLayer(after, directory.resolve(openNumber++ + OPEN_SUFFIX));
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

    private Lsn lastFrozen() {
        lock.lock();
        try {
            return frozen.isEmpty() ? index.diskConsistentLsn() : frozen.getLast().upTo.end();
        } finally {
            lock.unlock();
        }
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
        lock.lock();
        try {
            startFlushing();
            awaitFewerFrozenThan(settings.frozenMax());
            frozen.add(new Frozen(layer, position));
            open = null;
            TimelineLayers current = layers;
            List<OpenLayer> waiting = new ArrayList<>(current.frozen());
            waiting.addFirst(layer);
            replace(new TimelineLayers(null, waiting, current.map(), current.files()), List.of());
            startFlushing();
        } finally {
            lock.unlock();
        }
    }

    private void awaitFewerFrozenThan(int count) throws IOException {
        while (frozen.size() >= count) {
            if (closed) {
                throw new IOException(directory + " is closed");
            }
            if (flushFailure != null) {
                throw new IOException(
                        "cannot write a layer to " + directory + ": " + flushFailure.getMessage(),
                        flushFailure);
            }
            changed.awaitUninterruptibly();
        }
    }

    /** Waits until nothing is frozen any more; an error if a layer cannot be written. */
    void awaitFlushed() throws IOException {
        lock.lock();
        try {
            startFlushing();
            awaitFewerFrozenThan(1);
        } finally {
            lock.unlock();
        }
    }

    private void startFlushing() {
        if (!flushing && !closed && !frozen.isEmpty()) {
            flushing = true;
            flushFailure = null;
            background.execute(this::flushAll);
        }
    }

    private void flushAll() {
        while (true) {
            Frozen next;
            lock.lock();
            try {
                if (frozen.isEmpty() || closed) {
                    flushing = false;
                    changed.signalAll();
                    return;
                }
                next = frozen.getFirst();
            } finally {
                lock.unlock();
            }
            try {
                flush(next);
            } catch (IOException | RuntimeException e) {
                log.error("cannot write a layer to {}", directory, e);
                lock.lock();
                try {
                    flushing = false;
                    flushFailure = e instanceof IOException io ? io : new IOException(e);
                    changed.signalAll();
                    return;
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    private void flush(Frozen next) throws IOException {
        LayerDescriptor written = write(next.layer.after(), next.upTo.end(), next.layer);
        lock.lock();
        try {
            List<LayerDescriptor> added = written == null ? List.of() : List.of(written);
            TimelineLayers current = layers;
            LayerMap map = current.map().replace(List.of(), added);
            publish(map, next.upTo);
            List<OpenLayer> waiting = new ArrayList<>(current.frozen());
            waiting.remove(next.layer);
            frozen.removeFirst();
            replace(
                    new TimelineLayers(
                            current.open(), waiting, map, files(map.layers(), current.files())),
                    List.of(next.layer::close));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
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
        return new LayerFileWriter(directory, index.id().timeline(), number, kind, after, upTo);
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
        next.publish(directory);
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
            replace(
                    new TimelineLayers(
                            current.open(),
                            current.frozen(),
                            map,
                            files(map.layers(), current.files())),
                    dropped);
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
        lock.lock();
        try {
            closed = true;
            while (flushing) {
                changed.awaitUninterruptibly();
            }
            OpenLayer last = open;
            open = null;
            if (last != null) {
                last.close();
            }
            for (Frozen waiting : frozen) {
                waiting.layer.close();
            }
            frozen.clear();
        } finally {
            lock.unlock();
        }
    }
}
