package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a timeline held at an LSN: the newest version at or before it, its ancestors'
 * included.
 */
public interface TimelineReader {

    /** Receives keys in ascending order. */
    interface Visitor {
        void visit(Key key, byte[] bytes) throws IOException;
    }

    /**
     * The content of a key at an LSN, changes applied.
     *
     * @return the bytes (8192 for a page), not to be changed; null when the key was never written
     *     there or was removed
     * @throws IOException when layers are damaged or a change cannot be applied; the message names
     *     timeline, key, LSN
     */
    byte @Nullable [] get(Key key, Lsn at) throws IOException;

    /**
     * Visits every key from {@code from} (inclusive) to {@code to} (exclusive) that exists at the
     * LSN. For key kinds that only have images.
     */
    void scan(Key from, Key to, Lsn at, Visitor visitor) throws IOException;
}
