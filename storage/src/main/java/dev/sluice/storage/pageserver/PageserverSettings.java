package dev.sluice.storage.pageserver;

import dev.sluice.storage.timeline.TimelineSettings;
import java.time.Duration;

/**
 * How a pageserver behaves.
 *
 * @param timeline how timelines keep their layers
 * @param filesMax layer files open at once
 * @param indexBytesMax memory for the indexes of layer files
 * @param blockBytesMax memory for unpacked blocks of layer files
 * @param layersWrittenAtOnce of all timelines together
 * @param reconnectMax the longest pause before a safekeeper is tried again
 * @param housekeepingPeriod between looks for layers to merge
 */
public record PageserverSettings(
        TimelineSettings timeline,
        int filesMax,
        long indexBytesMax,
        long blockBytesMax,
        int layersWrittenAtOnce,
        Duration reconnectMax,
        Duration housekeepingPeriod) {

    public static final PageserverSettings DEFAULT =
            new PageserverSettings(
                    TimelineSettings.DEFAULT,
                    512,
                    64 << 20,
                    64 << 20,
                    2,
                    Duration.ofSeconds(2),
                    Duration.ofSeconds(10));

    public PageserverSettings {
        if (filesMax <= 0 || layersWrittenAtOnce <= 0) {
            throw new IllegalArgumentException("a pageserver needs at least one open file");
        }
    }

    public PageserverSettings withTimeline(TimelineSettings changed) {
        return new PageserverSettings(
                changed,
                filesMax,
                indexBytesMax,
                blockBytesMax,
                layersWrittenAtOnce,
                reconnectMax,
                housekeepingPeriod);
    }
}
