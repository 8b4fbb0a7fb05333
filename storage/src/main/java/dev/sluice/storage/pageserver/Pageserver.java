package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.basebackup.BaseBackupMaker;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.layer.Chain;
import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.timeline.Timeline;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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

    private final PageserverSettings settings;
    private final PageserverListener listener;
    private final PartNetwork network;
    private final PageserverCounters counters = new PageserverCounters();
    private final LayerCache cache;
    private final ExecutorService background;
    private final Housekeeping housekeeping;
    private final HostedTimelines timelines;

    private Pageserver(
            Path folder,
            PageserverSettings settings,
            PageserverListener listener,
            PartNetwork network) {
        this.settings = settings;
        this.listener = listener;
        this.network = network;
        this.cache =
                new LayerCache(
                        settings.filesMax(), settings.indexBytesMax(), settings.blockBytesMax());
        this.background =
                Executors.newFixedThreadPool(
                        settings.layersWrittenAtOnce(),
                        Thread.ofPlatform().daemon().name("layer-writer-", 0).factory());
        this.timelines =
                new HostedTimelines(
                        new TimelineDirectories(folder),
                        cache,
                        settings.timeline(),
                        background,
                        counters::counted);
        this.housekeeping = new Housekeeping(settings.housekeepingPeriod(), this::compactAll);
    }

    /** As the longer one, with safekeepers that ask for no certificate. */
    public static Pageserver open(
            Path folder, PageserverSettings settings, PageserverListener listener)
            throws IOException {
        return open(folder, settings, listener, PartNetwork.PLAIN);
    }

    /**
     * Opens the timelines in a folder, which is made if it is not there.
     *
     * @param network how safekeepers are reached
     * @throws IOException if something there is damaged, missing or unknown; the message names it
     */
    public static Pageserver open(
            Path folder,
            PageserverSettings settings,
            PageserverListener listener,
            PartNetwork network)
            throws IOException {
        Pageserver pageserver = new Pageserver(folder, settings, listener, network);
        try {
            pageserver.timelines.openAll();
            pageserver.housekeeping.start();
            return pageserver;
        } catch (IOException | RuntimeException e) {
            pageserver.close();
            throw e;
        }
    }

    public PageserverCounters counters() {
        return counters;
    }

    @Override
    public Lsn createTimeline(TenantTimelineId id, Path dataDirectory, long systemIdentifier)
            throws IOException {
        return timelines.create(id, dataDirectory, systemIdentifier);
    }

    @Override
    public void branchTimeline(TenantTimelineId parent, TimelineId child, Lsn at)
            throws IOException {
        timelines.branch(parent, child, at);
    }

    @Override
    public void deleteTimeline(TenantTimelineId id) throws IOException {
        timelines.delete(id);
    }

    @Override
    public void attachWal(TenantTimelineId id, List<PartAddress> safekeepers) throws IOException {
        if (safekeepers.isEmpty()) {
            throw new IOException("no safekeepers given for timeline " + id);
        }
        HostedTimeline hosted = timelines.get(id);
        hosted.attach(
                safekeepers,
                addresses ->
                        new WalReceiver(
                                hosted.timeline(),
                                hosted.major(),
                                network,
                                addresses,
                                settings.reconnectMax(),
                                counters,
                                listener));
    }

    @Override
    public TimelineStatus status(TenantTimelineId id) throws IOException {
        return status(timelines.get(id).timeline());
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
        for (HostedTimeline hosted : timelines.all()) {
            all.add(status(hosted.timeline()));
        }
        return all;
    }

    @Override
    public void waitForLsn(TenantTimelineId id, Lsn lsn, Duration limit) throws IOException {
        timelines.get(id).timeline().waitForLsn(lsn, limit);
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
            Timeline timeline = timelines.get(id).timeline();
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
    public byte @Nullable [] read(TenantTimelineId id, Key key, Lsn at) throws IOException {
        return inHistory(id, at).get(key, at);
    }

    @Override
    public List<Version> versions(TenantTimelineId id, Key key, Lsn at) throws IOException {
        Chain chain = inHistory(id, at).versions(key, at);
        List<Version> versions = new ArrayList<>(chain.size());
        for (int i = 0; i < chain.size(); i++) {
            versions.add(new Version(chain.lsn(i), chain.value(i)));
        }
        return versions;
    }

    /** A timeline that has ingested up to the LSN, and begins no later. */
    private Timeline inHistory(TenantTimelineId id, Lsn at) throws IOException {
        Timeline timeline = timelines.get(id).timeline();
        requireIngested(timeline, at);
        if (at.isBefore(timeline.historyStart())) {
            throw new IOException(
                    "the history of timeline "
                            + id
                            + " begins at "
                            + timeline.historyStart()
                            + ", after "
                            + at);
        }
        return timeline;
    }

    @Override
    public BaseBackup baseBackup(TenantTimelineId id, Lsn at) throws IOException {
        long start = System.nanoTime();
        HostedTimeline hosted = timelines.get(id);
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
        for (HostedTimeline hosted : timelines.all()) {
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
        for (HostedTimeline hosted : timelines.all()) {
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
