package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a timeline should hold, kept in the simplest way: every record, in memory. */
final class ModelTimeline {

    record Put(Key key, Value value) {}

    record Entry(Lsn start, Lsn end, List<Put> puts) {}

    final @Nullable ModelTimeline parent;
    final Lsn start;
    final List<Entry> entries = new ArrayList<>();
    private final HashingRedo redo = new HashingRedo();

    ModelTimeline(@Nullable ModelTimeline parent, Lsn start) {
        this.parent = parent;
        this.start = start;
    }

    Lsn end() {
        return entries.isEmpty() ? start : entries.getLast().end();
    }

    NavigableMap<Key, byte[]> contentAt(Lsn at) {
        NavigableMap<Key, byte[]> content =
                parent == null ? new TreeMap<>() : parent.contentAt(Lsn.min(at, start));
        for (Entry entry : entries) {
            if (entry.end().isAfter(at)) {
                break;
            }
            for (Put put : entry.puts()) {
                apply(content, put, entry.end());
            }
        }
        return content;
    }

    private void apply(Map<Key, byte[]> content, Put put, Lsn end) {
        if (put.value() instanceof Value.Image(byte[] bytes)) {
            if (bytes.length == 0) {
                content.remove(put.key());
            } else {
                content.put(put.key(), bytes);
            }
            return;
        }
        byte[] old = content.get(put.key());
        byte[] page = old == null || put.value().standsAlone() ? new byte[8192] : old.clone();
        redo.apply(put.key(), page, put.value(), end);
        content.put(put.key(), page);
    }
}
