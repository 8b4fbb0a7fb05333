package dev.sluice.storage.ingest;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many blocks relation forks and SLRU segments have, as of the record being ingested. Remembers
 * the most recently used ones, because nearly every record asks; reads the others from the
 * timeline. What the record changes is held back and put once, when the record is done.
 */
final class BlockCounts {
    /** The count of a fork or segment that does not exist. */
    static final int ABSENT = -1;

    /** Bounds the cache: about 10 MB. */
    private static final int REMEMBERED = 1 << 16;

    private static final float LOAD_FACTOR = 0.75f;

    private final TimelineReader reader;
    private final Map<Key, Integer> remembered = new Recent();
    private final Map<Key, Integer> changed = new LinkedHashMap<>();

    BlockCounts(TimelineReader reader) {
        this.reader = reader;
    }

    /**
     * @param key of kind {@link Key#RELATION_SIZE} or {@link Key#SLRU_SEGMENT}
     * @param before the end of the record before this one
     * @return the count, or {@link #ABSENT}; never more than 2^31 - 1
     */
    int get(Key key, Lsn before) throws IOException {
        Integer count = changed.get(key);
        if (count == null) {
            count = remembered.get(key);
        }
        if (count == null) {
            byte[] bytes = reader.get(key, before);
            count = bytes == null || bytes.length == 0 ? ABSENT : BlockCount.decode(bytes);
            remembered.put(key, count);
        }
        return count;
    }

    void set(Key key, int count) {
        changed.put(key, count);
    }

    void putChanges(ModificationSink sink) throws IOException {
        if (changed.isEmpty()) {
            return;
        }
        for (Map.Entry<Key, Integer> entry : changed.entrySet()) {
            int count = entry.getValue();
            sink.put(
                    entry.getKey(),
                    count == ABSENT ? Value.Image.REMOVED : BlockCount.image(count));
        }
        remembered.putAll(changed);
        changed.clear();
    }

    private static final class Recent extends LinkedHashMap<Key, Integer> {
        @Serial private static final long serialVersionUID = 1L;

        Recent() {
            super(1024, LOAD_FACTOR, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Integer> eldest) {
            return size() > REMEMBERED;
        }
    }
}
