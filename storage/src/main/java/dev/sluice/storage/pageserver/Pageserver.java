package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.basebackup.BaseBackupMaker;
import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.timeline.LayerStore;
import dev.sluice.storage.timeline.Timeline;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pageserver: timelines in a folder, {@code <folder>/<tenant>/<timeline>/}, each fed from its
 * safekeepers by a {@link WalReceiver}.
 *
 * <p>What was ingested but not yet written as a layer is lost with the process and read again from
 * the safekeepers after {@link #attachWal}; a clean {@link #close} writes it.
 */
public final class Pageserver implements PageService, Closeable {
    private static final Logger log = LoggerFactory.getLogger(Pageserver.class);

    private final TimelineDirectories directories;
    private final PageserverSettings settings;
    private final PageserverListener listener;
    private final PageserverCounters counters = new PageserverCounters();
    private final LayerCache cache;
    private final ExecutorService background;
    private final Housekeeping housekeeping;
    private final Map<TenantTimelineId, HostedTimeline> timelines = new ConcurrentHashMap<>();

    /** Held while timelines are made and deleted. */
    private final ReentrantLock registering = new ReentrantLock();

    private Pageserver(Path folder, PageserverSettings settings, PageserverListener listener) {
        this.directories = new TimelineDirectories(folder);
        this.settings = settings;
        this.listener = listener;
        this.cache =
                new LayerCache(
                        settings.filesMax(), settings.indexBytesMax(), settings.blockBytesMax());
        this.background =
                Executors.newFixedThreadPool(
                        settings.layersWrittenAtOnce(),
                        Thread.ofPlatform().daemon().name("layer-writer-", 0).factory());
        this.housekeeping = new Housekeeping(settings.housekeepingPeriod(), this::compactAll);
    }

    /**
     * Opens the timelines in a folder, which is made if it is not there.
     *
     * @throws IOException if something there is damaged, missing or unknown; the message names it
     */
    public static Pageserver open(
            Path folder, PageserverSettings settings, PageserverListener listener)
            throws IOException {
        Pageserver pageserver = new Pageserver(folder, settings, listener);
        try {
            pageserver.openTimelines();
            pageserver.housekeeping.start();
            return pageserver;
        } catch (IOException | RuntimeException e) {
            pageserver.close();
            throw e;
        }
    }

    private void openTimelines() throws IOException {
        Map<TenantTimelineId, TimelineIndex> indexes = new HashMap<>();
        for (TimelineIndex index : directories.read()) {
            indexes.put(index.id(), index);
        }
        for (TimelineIndex index : indexes.values()) {
            openWithAncestors(index, indexes);
        }
    }

    private HostedTimeline openWithAncestors(
            TimelineIndex index, Map<TenantTimelineId, TimelineIndex> all) throws IOException {
        HostedTimeline open = timelines.get(index.id());
        if (open != null) {
            return open;
        }
        Timeline ancestor = null;
        if (index.ancestor() != null) {
            TenantTimelineId parent = new TenantTimelineId(index.id().tenant(), index.ancestor());
            TimelineIndex parentIndex = all.get(parent);
            if (parentIndex == null) {
                throw new IOException(index.id() + " is a branch of " + parent + ", not here");
            }
            ancestor = openWithAncestors(parentIndex, all).timeline();
        }
        return open(index.id(), index.postgresMajor(), ancestor);
    }

    private HostedTimeline open(TenantTimelineId id, int majorNumber, @Nullable Timeline ancestor)
            throws IOException {
        Path directory = directories.of(id);
        PostgresMajor major;
        try {
            major = PostgresMajor.of(majorNumber);
        } catch (IllegalArgumentException e) {
            throw new IOException(directory + ": " + e.getMessage(), e);
        }
        LayerStore layers = LayerStore.open(directory, cache, settings.timeline(), background);
        Timeline timeline = new Timeline(layers, ancestor, counters.counted(major.redo()));
        HostedTimeline hosted = new HostedTimeline(directory, timeline, major);
        timelines.put(id, hosted);
        return hosted;
    }

    public PageserverCounters counters() {
        return counters;
    }

    private HostedTimeline hosted(TenantTimelineId id) throws IOException {
        HostedTimeline hosted = timelines.get(id);
        if (hosted == null) {
            throw new IOException("no timeline " + id + " on this pageserver");
        }
        return hosted;
    }

    @Override
    public Lsn createTimeline(TenantTimelineId id, Path dataDirectory, long systemIdentifier)
            throws IOException {
        registering.lock();
        try {
            requireNew(id);
            Path directory = directories.make(id);
            Lsn start = TemplateLayer.create(directory, id, dataDirectory, systemIdentifier);
            TimelineIndex index = TimelineIndex.read(directory);
            open(id, index.postgresMajor(), null);
            return start;
        } finally {
            registering.unlock();
        }
    }

    private void requireNew(TenantTimelineId id) throws IOException {
        if (timelines.containsKey(id)) {
            throw new IOException("timeline " + id + " exists already");
        }
    }

    @Override
    public void branchTimeline(TenantTimelineId parentId, TimelineId childId, Lsn at)
            throws IOException {
        TenantTimelineId child = new TenantTimelineId(parentId.tenant(), childId);
        registering.lock();
        try {
            requireNew(child);
            Timeline parent = hosted(parentId).timeline();
            requireHistory(parent, at);
            Path directory = directories.make(child);
            LayerStore.create(
                    directory,
                    new TimelineIndex(
                            child,
                            parent.postgresMajor(),
                            at,
                            parentId.timeline(),
                            at,
                            at,
                            parent.previousRecord(at),
                            1,
                            List.of()));
            open(child, parent.postgresMajor(), parent);
            parent.requestFlush();
        } finally {
            registering.unlock();
        }
    }

    private static void requireHistory(Timeline parent, Lsn at) throws IOException {
        Timeline oldest = parent;
        for (Timeline next = parent; next != null; next = next.ancestor()) {
            oldest = next;
        }
        if (at.isBefore(oldest.start()) || at.isAfter(parent.position().end())) {
            throw new IOException(
                    "timeline "
                            + parent.id()
                            + " cannot be branched at "
                            + at
                            + ": it goes from "
                            + oldest.start()
                            + " to "
                            + parent.position().end());
        }
    }

    @Override
    public void deleteTimeline(TenantTimelineId id) throws IOException {
        registering.lock();
        try {
            HostedTimeline hosted = hosted(id);
            for (HostedTimeline other : timelines.values()) {
                Timeline ancestor = other.timeline().ancestor();
                if (ancestor != null && ancestor.id().equals(id)) {
                    throw new IOException(
                            "timeline " + id + " has a branch: " + other.timeline().id());
                }
            }
            hosted.abandon();
            timelines.remove(id);
            cache.forgetAllIn(hosted.directory());
            directories.delete(hosted.directory());
        } finally {
            registering.unlock();
        }
    }

    @Override
    public void attachWal(TenantTimelineId id, List<PartAddress> safekeepers) throws IOException {
        if (safekeepers.isEmpty()) {
            throw new IOException("no safekeepers given for timeline " + id);
        }
        HostedTimeline hosted = hosted(id);
        hosted.attach(
                safekeepers,
                addresses ->
                        new WalReceiver(
                                hosted.timeline(),
                                hosted.major(),
                                addresses,
                                settings.reconnectMax(),
                                counters,
                                listener));
    }

    @Override
    public TimelineStatus status(TenantTimelineId id) throws IOException {
        return status(hosted(id).timeline());
    }

    private static TimelineStatus status(Timeline timeline) {
        Timeline ancestor = timeline.ancestor();
        Throwable failure = timeline.failure();
        return new TimelineStatus(
                timeline.id(),
                ancestor == null ? null : ancestor.id().timeline(),
                timeline.ancestorLsn(),
                timeline.position().end(),
                timeline.durablePosition().end(),
                timeline.bytes(),
                failure == null ? null : failure.toString());
    }

    @Override
    public List<TimelineStatus> timelines() {
        List<TimelineStatus> all = new ArrayList<>();
        for (HostedTimeline hosted : timelines.values()) {
            all.add(status(hosted.timeline()));
        }
        return all;
    }

    @Override
    public void waitForLsn(TenantTimelineId id, Lsn lsn, Duration limit) throws IOException {
        hosted(id).timeline().waitForLsn(lsn, limit);
    }

    @Override
    public void readPages(
            TenantTimelineId id,
            Lsn at,
            RelFileLocator relation,
            Fork fork,
            int firstBlock,
            int count,
            ByteBuffer into)
            throws IOException {
        long start = System.nanoTime();
        boolean failed = true;
        try {
            Timeline timeline = hosted(id).timeline();
            requireIngested(timeline, at);
            Fork stored = storedFork(timeline, at, relation, fork);
            timeline.readPages(relation, stored, firstBlock, count, at, into);
            failed = false;
        } finally {
            long nanos = System.nanoTime() - start;
            counters.countRead(count, nanos, failed);
            listener.pagesRead(id, count, nanos, failed);
        }
    }

    /** An unlogged relation begins as a copy of its init fork. */
    private static Fork storedFork(Timeline timeline, Lsn at, RelFileLocator relation, Fork fork)
            throws IOException {
        return fork == Fork.MAIN && timeline.blocks(relation, Fork.INIT, at) != null
                ? Fork.INIT
                : fork;
    }

    private static void requireIngested(Timeline timeline, Lsn at) throws IOException {
        if (at.isAfter(timeline.position().end())) {
            throw new IOException(
                    "timeline "
                            + timeline.id()
                            + " is ingested up to "
                            + timeline.position().end()
                            + ", not yet to "
                            + at);
        }
    }

    @Override
    public BaseBackup baseBackup(TenantTimelineId id, Lsn at) throws IOException {
        long start = System.nanoTime();
        HostedTimeline hosted = hosted(id);
        Timeline timeline = hosted.timeline();
        requireIngested(timeline, at);
        BaseBackup backup =
                BaseBackupMaker.make(
                        hosted.major(),
                        timeline,
                        at,
                        timeline.previousRecord(at),
                        Clock.systemUTC().instant().getEpochSecond());
        counters.countBaseBackup();
        listener.baseBackupMade(id, System.nanoTime() - start);
        return backup;
    }

    private void compactAll() {
        for (HostedTimeline hosted : timelines.values()) {
            try {
                hosted.timeline().compact();
            } catch (IOException | RuntimeException e) {
                log.error("{}: compaction failed", hosted.timeline().id(), e);
            }
        }
    }

    /** Stops ingest and writes what was ingested. */
    @Override
    public void close() throws IOException {
        housekeeping.stop();
        IOException failure = null;
        for (HostedTimeline hosted : timelines.values()) {
            try {
                hosted.shutDown();
            } catch (IOException e) {
                log.error("{}: cannot be closed cleanly", hosted.timeline().id(), e);
                failure = e;
            }
        }
        background.close();
        cache.close();
        if (failure != null) {
            throw failure;
        }
    }
}
