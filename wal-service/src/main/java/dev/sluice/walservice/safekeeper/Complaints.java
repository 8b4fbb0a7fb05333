package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.timeline.TenantTimelineId;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/**
 * What is tried every second and fails for each of many timelines is logged when it begins to fail,
 * and then now and again. For one thread.
 */
final class Complaints {
    static final Duration AGAIN = Duration.ofMinutes(10);

    private final Map<TenantTimelineId, Long> said = new HashMap<>();

    /**
     * Something of this timeline has failed.
     *
     * @param now of {@link System#nanoTime}
     * @return whether it is time to say so
     */
    boolean failed(TenantTimelineId timeline, long now) {
        Long last = said.get(timeline);
        if (last != null && now - last < AGAIN.toNanos()) {
            return false;
        }
        said.put(timeline, now);
        return true;
    }

    /** It has gone well. */
    void went(TenantTimelineId timeline) {
        said.remove(timeline);
    }

    /** Forgets all other timelines. */
    void retain(Collection<TenantTimelineId> timelines) {
        said.keySet().retainAll(timelines);
    }
}
