package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A redo for tests whose result depends on every change, its LSN and their order: a page remembers
 * how many changes it has seen and a hash over them.
 */
public final class HashingRedo implements PageRedo {
    @Override
    public void apply(Key key, byte[] page, Value change, Lsn end) {
        byte[] bytes =
                switch (change) {
                    case Value.Wal wal -> wal.record();
                    case Value.Change other -> other.bytes();
                    case Value.Image _ -> throw new IllegalArgumentException("an image");
                };
        ByteBuffer out = ByteBuffer.wrap(page);
        boolean anew = change.standsAlone();
        int count = anew ? 0 : out.getInt(0);
        long hash = anew ? key.hashCode() : out.getLong(4);
        hash = 31 * (31 * hash + Arrays.hashCode(bytes)) + end.value();
        out.putInt(0, count + 1).putLong(4, hash).putLong(12, end.value());
    }
}
