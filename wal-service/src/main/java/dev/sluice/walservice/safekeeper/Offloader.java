package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.OffloadReport;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.offload.OffloadElection;
import dev.sluice.walservice.offload.OffloadElection.Candidate;
import dev.sluice.walservice.offload.TrimHorizon;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Looks at every timeline each second: brings whole segments of committed WAL to the object store
 * if this safekeeper is the one that should, and removes those here that nobody needs from here any
 * more. Before a segment is removed here its object is read, whole, and compared with it. Objects
 * of deleted timelines are removed.
 */
final class Offloader implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Offloader.class);
    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

    /** A peer that was heard of so recently takes part in the election. */
    private static final Duration PRESENT = Duration.ofSeconds(5);

    private static final Duration LAST_WORK = Duration.ofSeconds(10);

    /** After so many segments of one timeline it is another one's turn. */
    private static final int TURN = 8;

    private final SafekeeperConfig config;
    private final Duration patience;
    private final Timelines timelines;
    private final PeerSightings peers;
    private final SegmentStore store;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private final Map<TenantTimelineId, OffloadReport> reports = new HashMap<>();
    private final Complaints uploads = new Complaints();
    private final Complaints removals = new Complaints();
    private volatile boolean over;
    private final Thread thread;

    private Offloader(
            SafekeeperConfig config,
            Duration patience,
            Timelines timelines,
            PeerSightings peers,
            SegmentStore store) {
        this.config = config;
        this.patience = patience;
        this.timelines = timelines;
        this.peers = peers;
        this.store = store;
        this.thread = // what packs 16 MiB at once would hold up all virtual ones
                Thread.ofPlatform()
                        .daemon()
                        .name("safekeeper-" + config.nodeId() + "-offload")
                        .unstarted(this::runUntilClosed);
    }

    static Offloader start(
            SafekeeperConfig config,
            Duration patience,
            Timelines timelines,
            PeerSightings peers,
            SegmentStore store) {
        Offloader offloader = new Offloader(config, patience, timelines, peers, store);
        offloader.thread.start();
        return offloader;
    }

    private void runUntilClosed() {
        boolean more = false;
        while (more ? !over : pause()) {
            more = false;
            reports.keySet().retainAll(timelines.ids());
            uploads.retain(timelines.ids());
            removals.retain(timelines.gone());
            for (TenantTimelineId id : timelines.ids()) {
                if (!over) {
                    more |= look(id);
                }
            }
            removeObjectsOfDeleted();
        }
    }

    private boolean pause() {
        lock.lock();
        try {
            long left = PAUSE_NANOS;
            while (left > 0 && !over) {
                left = ended.awaitNanos(left);
            }
            return !over;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is more to do for this timeline at once. */
    private boolean look(TenantTimelineId id) {
        try {
            StoredTimeline timeline = timelines.get(id);
            List<PeerSightings.Sighting> sightings = peers.of(id);
            learn(timeline, sightings);
            boolean elected = isElected(timeline.status(), sightings);
            report(timeline, told(id).went(elected, 0));
            boolean more = elected && upload(timeline);
            trim(timeline, sightings);
            uploads.went(id);
            return more;
        } catch (DamagedWalException e) {
            timelines.metDamage(id, e);
            complain(id, e);
        } catch (IOException | RuntimeException e) {
            complain(id, e);
        }
        return false;
    }

    private OffloadReport told(TenantTimelineId id) {
        return reports.getOrDefault(id, OffloadReport.NONE);
    }

    private void report(StoredTimeline timeline, OffloadReport report) {
        reports.put(timeline.status().id(), report);
        timeline.offload(report);
    }

    private void reportFailure(TenantTimelineId id, Exception e) {
        OffloadReport report = told(id).failed(e.toString());
        reports.put(id, report);
        try {
            timelines.get(id).offload(report);
        } catch (IOException gone) {
            log.debug("{} cannot be used", id, gone);
        }
    }

    private void complain(TenantTimelineId id, Exception e) {
        if (!over && !timelines.isGone(id)) {
            reportFailure(id, e);
            log.atLevel(level(uploads, id))
                    .log(
                            "safekeeper {}: timeline {} is not offloaded: {}",
                            config.nodeId(),
                            id,
                            e.toString());
        }
    }

    private static Level level(Complaints complaints, TenantTimelineId id) {
        return complaints.failed(id, System.nanoTime()) ? Level.WARN : Level.DEBUG;
    }

    /** How far the WAL is in the object store: as the peers say; or else it is looked at. */
    private void learn(StoredTimeline timeline, List<PeerSightings.Sighting> sightings)
            throws IOException {
        LocalExtent extent = timeline.extent();
        Lsn known = extent.offloaded();
        for (PeerSightings.Sighting sighting : sightings) {
            if (sighting.status() != null) {
                known = Lsn.max(known, sighting.status().offloaded());
            }
        }
        TimelineStatus status = timeline.status();
        if (!known.isValid() && wholeSegmentsEnd(status).isAfter(status.start())) {
            known = store.listed(SegmentStore.Owner.of(status));
        }
        if (known.isAfter(extent.offloaded())) {
            extent.offloaded(known);
        }
    }

    private static Lsn wholeSegmentsEnd(TimelineStatus status) {
        return WalSegments.segmentStart(status.commit());
    }

    private boolean isElected(TimelineStatus status, List<PeerSightings.Sighting> sightings) {
        List<Candidate> candidates = new ArrayList<>();
        candidates.add(new Candidate(config.nodeId(), status.commit()));
        for (PeerSightings.Sighting sighting : sightings) {
            if (sighting.status() != null && sighting.silence().compareTo(PRESENT) < 0) {
                candidates.add(new Candidate(sighting.status().node(), sighting.status().commit()));
            }
        }
        return OffloadElection.elect(status.id().timeline(), candidates) == config.nodeId();
    }

    private boolean upload(StoredTimeline timeline) throws IOException {
        TimelineStatus status = timeline.status();
        Lsn end = wholeSegmentsEnd(status);
        Lsn at = Lsn.max(status.start(), timeline.extent().offloaded());
        for (int i = 0; i < TURN && at.isBefore(end) && !over; i++) {
            at = upload(timeline, status, WalSegments.segmentOf(at));
        }
        return at.isBefore(end);
    }

    private Lsn upload(StoredTimeline timeline, TimelineStatus status, long segment)
            throws IOException {
        SegmentStore.Owner owner = SegmentStore.Owner.of(status);
        long begun = System.nanoTime();
        boolean fresh = store.ensure(owner, segment, localWal(timeline, owner, segment));
        Lsn end = WalSegments.segmentStart(segment + 1);
        timeline.extent().offloaded(end);
        report(timeline, told(status.id()).went(true, fresh ? 1 : 0));
        log.info(
                "safekeeper {}: timeline {} is offloaded to {}{} in {} ms",
                config.nodeId(),
                status.id(),
                end,
                fresh ? "" : " (it was there)",
                (System.nanoTime() - begun) / 1_000_000);
        return end;
    }

    private static byte[] localWal(StoredTimeline timeline, SegmentStore.Owner owner, long segment)
            throws IOException {
        Lsn from = owner.from(segment);
        byte[] wal = new byte[(int) WalSegments.segmentStart(segment + 1).minus(from)];
        try (WalReader reader = timeline.reader()) {
            reader.read(from, ByteBuffer.wrap(wal));
        }
        return wal;
    }

    private void trim(StoredTimeline timeline, List<PeerSightings.Sighting> sightings)
            throws IOException {
        TimelineStatus status = timeline.status();
        Lsn horizon =
                TrimHorizon.of(
                        status.localStart(),
                        status.offloaded(),
                        status.feedback().durable(),
                        timeline.persistedCommit(),
                        sightings.stream()
                                .filter(s -> !s.answered() || s.status() != null)
                                .map(Offloader::need)
                                .toList(),
                        patience.toSeconds());
        SegmentStore.Owner owner = SegmentStore.Owner.of(status);
        for (long segment = WalSegments.segmentOf(status.localStart());
                !WalSegments.segmentStart(segment + 1).isAfter(horizon) && !over;
                segment++) {
            store.ensure(owner, segment, localWal(timeline, owner, segment));
            timeline.trim(WalSegments.segmentStart(segment + 1));
            log.info(
                    "safekeeper {}: timeline {} has WAL here from {} on",
                    config.nodeId(),
                    status.id(),
                    timeline.extent().start());
        }
    }

    private static TrimHorizon.Peer need(PeerSightings.Sighting sighting) {
        TimelineStatus status = sighting.status();
        return new TrimHorizon.Peer(
                sighting.answered(),
                status == null ? Lsn.INVALID : status.flush(),
                sighting.silence().toSeconds());
    }

    private void removeObjectsOfDeleted() {
        for (TenantTimelineId id : timelines.gone()) {
            if (over) {
                return;
            }
            try {
                int deleted = store.deleteAll(id);
                timelines.objectsRemoved(id);
                log.info("timeline {} was deleted, and {} objects of it", id, deleted);
            } catch (IOException | RuntimeException e) {
                log.atLevel(level(removals, id))
                        .log("objects of the deleted timeline {} remain: {}", id, e.toString());
            }
        }
    }

    /** Waits until what is under way is done, for a while. */
    @Override
    public void close() {
        lock.lock();
        try {
            over = true;
            ended.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            if (!thread.join(LAST_WORK)) {
                log.warn("safekeeper {}: the object store is slow", config.nodeId());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
