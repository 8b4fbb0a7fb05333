package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What the other safekeepers said of themselves last, and when. Any number of threads. */
final class PeerSightings {
    private final long since = System.nanoTime();
    private volatile Set<Long> peers;
    private final Map<Long, Seen> seen = new ConcurrentHashMap<>();

    private record Seen(Map<TenantTimelineId, TimelineStatus> timelines, long at) {}

    /**
     * How one peer is with one timeline.
     *
     * @param answered whether it has been heard of at all
     * @param status null if it does not have the timeline, as far as is known
     * @param silence since it was heard of, or since this safekeeper came up
     */
    record Sighting(boolean answered, @Nullable TimelineStatus status, Duration silence) {}

    /**
     * @param peers their node ids
     */
    PeerSightings(Collection<Long> peers) {
        this.peers = Set.copyOf(peers);
    }

    /** Their node ids. */
    Set<Long> peers() {
        return peers;
    }

    /** From now on these are the peers. */
    void follow(Set<Long> others) {
        peers = Set.copyOf(others);
        seen.keySet().retainAll(others);
    }

    /** A peer has answered. */
    void saw(long peer, List<TimelineStatus> timelines) {
        Map<TenantTimelineId, TimelineStatus> byId = new HashMap<>();
        timelines.forEach(status -> byId.put(status.id(), status));
        seen.put(peer, new Seen(byId, System.nanoTime()));
    }

    /** Of every peer. */
    List<Sighting> of(TenantTimelineId id) {
        long now = System.nanoTime();
        List<Sighting> sightings = new ArrayList<>();
        for (long peer : peers) {
            Seen last = seen.get(peer);
            sightings.add(
                    last == null
                            ? new Sighting(false, null, Duration.ofNanos(now - since))
                            : new Sighting(
                                    true, last.timelines.get(id), Duration.ofNanos(now - last.at)));
        }
        return sightings;
    }
}
