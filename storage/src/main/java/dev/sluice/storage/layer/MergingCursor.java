package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import java.io.IOException;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Several cursors as one. Of equal keys and LSNs, an earlier cursor's version comes first. */
public final class MergingCursor implements VersionCursor {

    private record Source(VersionCursor cursor, int order) implements Comparable<Source> {
        @Override
        public int compareTo(Source other) {
            int result = cursor.key().compareTo(other.cursor.key());
            if (result == 0) {
                result = Long.compareUnsigned(cursor.lsn(), other.cursor.lsn());
            }
            return result != 0 ? result : Integer.compare(order, other.order);
        }
    }

    private final PriorityQueue<Source> heap = new PriorityQueue<>();
    private @Nullable Source current;

    /**
     * @param oldestFirst cursors not yet advanced
     */
    public MergingCursor(List<VersionCursor> oldestFirst) throws IOException {
        for (int i = 0; i < oldestFirst.size(); i++) {
            VersionCursor cursor = oldestFirst.get(i);
            if (cursor.next()) {
                heap.add(new Source(cursor, i));
            }
        }
    }

    @Override
    public boolean next() throws IOException {
        if (current != null && current.cursor.next()) {
            heap.add(current);
        }
        current = heap.poll();
        return current != null;
    }

    private VersionCursor cursor() {
        if (current == null) {
            throw new IllegalStateException("no current version");
        }
        return current.cursor;
    }

    @Override
    public Key key() {
        return cursor().key();
    }

    @Override
    public long lsn() {
        return cursor().lsn();
    }

    @Override
    public Value value() throws IOException {
        return cursor().value();
    }
}
