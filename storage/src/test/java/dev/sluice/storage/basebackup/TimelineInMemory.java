package dev.sluice.storage.basebackup;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A timeline in the simplest way: every version of every key, in memory. */
public final class TimelineInMemory implements TimelineReader {
    private final PageRedo redo;
    private final NavigableMap<Key, NavigableMap<Lsn, Value>> versions = new TreeMap<>();

    public TimelineInMemory(PageRedo redo) {
        this.redo = redo;
    }

    public void put(Key key, Lsn at, Value value) {
        Value old = versions.computeIfAbsent(key, _ -> new TreeMap<>()).put(at, value);
        if (old != null) {
            throw new AssertionError(key + " was put twice at " + at);
        }
    }

    @Override
    public byte @Nullable [] get(Key key, Lsn at) throws IOException {
        NavigableMap<Lsn, Value> of = versions.get(key);
        return of == null ? null : content(key, of.headMap(at, true));
    }

    private byte @Nullable [] content(Key key, NavigableMap<Lsn, Value> upTo) throws IOException {
        if (upTo.isEmpty()) {
            return null;
        }
        Deque<Map.Entry<Lsn, Value>> chain = new ArrayDeque<>();
        for (Map.Entry<Lsn, Value> entry : upTo.descendingMap().entrySet()) {
            chain.push(entry);
            if (entry.getValue().standsAlone()) {
                break;
            }
        }
        byte[] bytes = new byte[Page.SIZE];
        for (Map.Entry<Lsn, Value> entry : chain) {
            if (entry.getValue() instanceof Value.Image image) {
                bytes = image.bytes().clone();
            } else {
                redo.apply(key, bytes, entry.getValue(), entry.getKey());
            }
        }
        return bytes.length == 0 ? null : bytes;
    }

    @Override
    public void scan(Key from, Key to, Lsn at, Visitor visitor) throws IOException {
        for (var entry : versions.subMap(from, true, to, false).entrySet()) {
            byte[] bytes = content(entry.getKey(), entry.getValue().headMap(at, true));
            if (bytes != null) {
                visitor.visit(entry.getKey(), bytes);
            }
        }
    }
}
