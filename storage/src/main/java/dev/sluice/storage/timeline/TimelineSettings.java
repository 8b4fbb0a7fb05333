package dev.sluice.storage.timeline;

import java.time.Duration;

/**
 * How a timeline keeps its layers.
 *
 * @param checkpointDistance bytes of WAL after which the open layer is frozen and written
 * @param checkpointTimeout the open layer is written, too, when it has held something for this long
 * @param frozenMax layers waiting to be written before ingest waits for one
 * @param mergeThreshold deltas as ingest left them, before they are merged
 * @param imageThreshold deltas over a key range above its newest image, before new images are made
 * @param layerBytes about how large merged and image layers become
 */
public record TimelineSettings(
        long checkpointDistance,
        Duration checkpointTimeout,
        int frozenMax,
        int mergeThreshold,
        int imageThreshold,
        long layerBytes) {

    public static final TimelineSettings DEFAULT =
            new TimelineSettings(64 << 20, Duration.ofMinutes(5), 2, 10, 3, 128 << 20);

    public TimelineSettings {
        if (checkpointDistance <= 0 || frozenMax <= 0 || mergeThreshold < 2 || layerBytes <= 0) {
            throw new IllegalArgumentException("not positive enough: " + checkpointDistance);
        }
    }

    public TimelineSettings withCheckpointDistance(long bytes) {
        return new TimelineSettings(
                bytes, checkpointTimeout, frozenMax, mergeThreshold, imageThreshold, layerBytes);
    }
}
