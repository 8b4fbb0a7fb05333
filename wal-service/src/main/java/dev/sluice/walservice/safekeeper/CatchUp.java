package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperLookout;
import dev.sluice.walservice.client.SafekeeperRequest;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.AcceptorAction;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the other safekeepers every second, and gets from them the committed WAL that this one
 * lacks, of every timeline that no proposer fills just now: also of timelines that it has lost or
 * never heard of. What a copy may do to a timeline, the acceptor decides. Damage that was met is
 * repaired from them, too.
 */
final class CatchUp implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(CatchUp.class);
    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int PIECE = 1 << 20;

    private final SafekeeperConfig config;
    private final Timelines timelines;
    private final PeerSightings sightings;
    private final @Nullable SegmentStore store;

    /** Whom to ask: at first the configured peers, then all that the timelines name. */
    private volatile Set<Long> peers;

    private final Map<Long, SafekeeperLookout> lookouts = new ConcurrentHashMap<>();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition roused = lock.newCondition();
    private boolean wanted;
    private volatile boolean over;

    private CatchUp(
            SafekeeperConfig config,
            Timelines timelines,
            PeerSightings sightings,
            @Nullable SegmentStore store) {
        this.config = config;
        this.timelines = timelines;
        this.sightings = sightings;
        this.store = store;
        this.peers = Set.copyOf(config.peers());
    }

    /**
     * @param sightings is told what is seen of the peers
     * @param store where WAL is that nobody else has; null if there is none
     */
    static CatchUp start(
            SafekeeperConfig config,
            Timelines timelines,
            PeerSightings sightings,
            @Nullable SegmentStore store) {
        CatchUp catchUp = new CatchUp(config, timelines, sightings, store);
        if (!catchUp.peers.isEmpty() || store != null) {
            Thread.ofVirtual()
                    .name("safekeeper-" + config.nodeId() + "-catch-up")
                    .start(catchUp::runUntilClosed);
        }
        return catchUp;
    }

    private void runUntilClosed() {
        while (pause()) {
            try {
                look();
            } catch (IOException | RuntimeException e) {
                log.warn("safekeeper {} cannot catch up: {}", config.nodeId(), e.toString());
            }
        }
    }

    /** Does not wait for the next second. */
    void lookNow() {
        lock.lock();
        try {
            wanted = true;
            roused.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private boolean pause() {
        lock.lock();
        try {
            long left = PAUSE_NANOS;
            while (left > 0 && !over && !wanted) {
                left = roused.awaitNanos(left);
            }
            wanted = false;
            return !over;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** One peer's view of one timeline. */
    private record Sight(long node, SafekeeperClient peer, TimelineStatus status) {}

    private void look() throws IOException {
        Map<TenantTimelineId, List<Sight>> sights = new HashMap<>();
        Set<Long> named = new TreeSet<>();
        for (long node : peers) {
            try {
                SafekeeperLookout lookout = lookout(node);
                SafekeeperClient peer = lookout.client();
                List<TimelineStatus> statuses = lookout.timelines();
                sightings.saw(node, statuses);
                for (TimelineStatus status : statuses) {
                    named.addAll(status.configuration().everyone());
                    sights.computeIfAbsent(status.id(), _ -> new ArrayList<>())
                            .add(new Sight(node, peer, status));
                }
            } catch (IOException e) {
                log.debug("peer {} is not there: {}", node, e.toString());
            }
        }
        named.remove(config.nodeId());
        if (!named.isEmpty()) {
            peers = named;
            sightings.follow(named);
            forgetAllBut(named);
        }
        timelines.damaged().keySet().forEach(id -> sights.putIfAbsent(id, List.of()));
        for (Map.Entry<TenantTimelineId, List<Sight>> entry : sights.entrySet()) {
            if (over) {
                return;
            }
            try {
                mend(entry.getKey(), entry.getValue());
                catchUp(entry.getKey(), entry.getValue());
            } catch (IOException e) {
                log.info("timeline {} cannot catch up: {}", entry.getKey(), e.toString());
            }
        }
    }

    /** Where that peer is now. */
    private SafekeeperLookout lookout(long node) throws IOException {
        PartAddress address = config.addresses().addressOf(node);
        SafekeeperLookout known = lookouts.get(node);
        if (known != null && known.client().address().equals(address)) {
            return known;
        }
        SafekeeperLookout fresh = new SafekeeperLookout(config.addresses().client(node));
        lookouts.put(node, fresh);
        if (known != null) {
            known.close();
        }
        if (over) {
            fresh.close();
        }
        return fresh;
    }

    private void forgetAllBut(Set<Long> named) throws IOException {
        for (long node : Set.copyOf(lookouts.keySet())) {
            SafekeeperLookout gone = named.contains(node) ? null : lookouts.remove(node);
            if (gone != null) {
                gone.close();
            }
        }
    }

    private void mend(TenantTimelineId id, List<Sight> sights) throws IOException {
        switch (timelines.damaged().get(id)) {
            case null -> {}
            case DamagedWalException damage -> {
                if (!mendPages(id, damage.page(), sights)) {
                    log.error("timeline {}: page {} cannot be repaired", id, damage.page());
                }
            }
            case DamagedFileException control -> {
                if (!sights.isEmpty()) {
                    log.warn("timeline {} is set aside: {}", id, control.getMessage());
                    timelines.setAside(id);
                }
            }
        }
    }

    /**
     * Puts a page back, and those after it that are damaged too: a whole segment may be gone, and
     * each of its pages would be met one after the other.
     *
     * @return whether that page is right now
     */
    private boolean mendPages(TenantTimelineId id, Lsn damaged, List<Sight> sights)
            throws IOException {
        int length = WalSegments.PAGE_SIZE;
        Lsn page = damaged;
        while (!over) {
            Lsn right = mendPages(id, page, length, sights);
            boolean all = right.equals(page.plus(length));
            page = right;
            length = (int) Math.min(PIECE, WalSegments.segmentEnd(page).minus(page));
            if (!all || length == 0) {
                break;
            }
        }
        return page.isAfter(damaged);
    }

    /** Up to where pages are right now. */
    private Lsn mendPages(TenantTimelineId id, Lsn page, int length, List<Sight> sights)
            throws IOException {
        for (Sight sight : sights) {
            try {
                Lsn commit = sight.status().commit();
                Lsn right = timelines.repair(id, page, copyOf(page, length, sight), commit);
                if (right.isAfter(page)) {
                    repaired(id, page, right, sight.peer().address());
                    return right;
                }
            } catch (IOException e) {
                log.info("timeline {}: {} does not give {}: {}", id, sight.node(), page, e);
            }
        }
        return store == null ? page : mendFromStore(store, id, page, length);
    }

    private Lsn mendFromStore(SegmentStore segments, TenantTimelineId id, Lsn page, int length)
            throws IOException {
        SegmentStore.Owner owner = timelines.ownerOfOffloaded(id, page);
        if (owner == null) {
            return page;
        }
        Lsn end = page.plus(length);
        Lsn right = timelines.repair(id, page, segments.pages(owner, page, length), end);
        if (right.isAfter(page)) {
            repaired(id, page, right, segments.place(id, WalSegments.segmentOf(page)));
        }
        return right;
    }

    private static void repaired(TenantTimelineId id, Lsn page, Lsn right, Object source) {
        long more = right.minus(page) / WalSegments.PAGE_SIZE - 1;
        log.info(
                "timeline {}: page {}{} repaired from {}",
                id,
                page,
                more == 0 ? "" : " and " + more + " after it",
                source);
    }

    /** What a peer has of pages; zeros where it has none. */
    private static byte[] copyOf(Lsn page, int length, Sight sight) throws IOException {
        byte[] copy = new byte[length];
        Lsn from = Lsn.max(page, sight.status().start());
        Lsn to = Lsn.min(page.plus(copy.length), sight.status().flush());
        if (from.isBefore(to)) {
            byte[] wal = sight.peer().read(sight.status().id(), from, to);
            System.arraycopy(wal, 0, copy, (int) from.minus(page), wal.length);
        }
        return copy;
    }

    private static Configuration newest(List<Sight> sights) {
        Configuration newest = Configuration.UNSET;
        for (Sight sight : sights) {
            Configuration theirs = sight.status().configuration();
            newest = theirs.generation() > newest.generation() ? theirs : newest;
        }
        return newest;
    }

    private void catchUp(TenantTimelineId id, List<Sight> all) throws IOException {
        Configuration newest = newest(all);
        List<Sight> sights =
                all.stream().filter(s -> newest.isUnset() || newest.contains(s.node())).toList();
        if (sights.isEmpty()) {
            return;
        }
        if (!timelines.ids().contains(id)) {
            boolean member = newest.isUnset() || newest.contains(config.nodeId());
            if (timelines.isGone(id) || !member || isBeingBorn(sights)) {
                return;
            }
            restore(sights.getFirst().status(), newest);
        }
        StoredTimeline timeline = timelines.get(id);
        sights.forEach(sight -> timeline.heard(sight.status().feedback()));
        if (timeline.proposers().isLed()) {
            return;
        }
        TimelineStatus own = timeline.status();
        boolean nothingNew =
                newest.generation() <= own.configuration().generation()
                        && sights.stream().allMatch(s -> !s.status().flush().isAfter(own.commit()));
        if (nothingNew) {
            return;
        }
        List<SafekeeperClient> reached = new ArrayList<>();
        List<PeerReport> reports = new ArrayList<>();
        for (Sight sight : sights) {
            reports.add(sight.peer().report(id));
            reached.add(sight.peer());
        }
        AcceptorAction.Copy copy = timeline.compare(reports);
        if (copy != null) {
            copy(id, timeline, reached.get(copy.peer()), copy);
        }
    }

    /**
     * Whether no compute has had the timeline, as far as is seen: then it is about to be made here
     * too, with the vote that it would not have if it were made anew.
     */
    private static boolean isBeingBorn(List<Sight> sights) {
        return sights.stream().allMatch(sight -> sight.status().term().equals(Term.NONE));
    }

    /** A timeline that this safekeeper does not know begins empty, and without a vote. */
    private void restore(TimelineStatus theirs, Configuration configuration) throws IOException {
        Term term = theirs.term().equals(Term.NONE) ? theirs.term().next() : theirs.term();
        timelines.create(
                new SafekeeperRequest.Create(
                        theirs.id(),
                        theirs.systemIdentifier(),
                        theirs.postgresMajor(),
                        configuration,
                        theirs.start(),
                        term),
                rejoin(theirs.id()));
        log.info("timeline {} made anew on safekeeper {}", theirs.id(), config.nodeId());
    }

    /** Where a timeline that was lost here begins, if not at its start; null if there. */
    @Nullable Rejoin rejoin(TenantTimelineId id) throws IOException {
        if (store == null) {
            return null;
        }
        List<SafekeeperClient> clients = new ArrayList<>();
        for (long node : peers) {
            clients.add(config.addresses().client(node));
        }
        return Rejoin.from(clients, id);
    }

    private void copy(
            TenantTimelineId id,
            StoredTimeline timeline,
            SafekeeperClient donor,
            AcceptorAction.Copy copy)
            throws IOException {
        Lsn at = copy.from();
        while (at.isBefore(copy.to()) && !over) {
            Lsn to = Lsn.min(copy.to(), at.plus(PIECE));
            byte[] wal = donor.read(id, at, to);
            PeerReport after = donor.report(id);
            if (!copy.isOf(after.history(), after.flush(), to)) {
                log.info("timeline {}: {} has another log by now", id, donor.address());
                return;
            }
            if (!timeline.copied(copy, at, ByteBuffer.wrap(wal))) {
                return;
            }
            at = to;
        }
        log.info("timeline {} copied from {} to {} from {}", id, copy.from(), at, donor.address());
    }

    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            over = true;
            roused.signalAll();
        } finally {
            lock.unlock();
        }
        for (SafekeeperLookout lookout : lookouts.values()) {
            lookout.close();
        }
    }
}
