package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.wire.Lsn;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a reader has found of one key so far: its versions, newest first, down to one that stands
 * alone. Used by one thread.
 */
public final class Chain {
    private final Key key;
    private Lsn ceiling;
    private long[] lsns = new long[4];
    private @Nullable Value[] values = new @Nullable Value[4];
    private int size;
    private boolean complete;

    /**
     * @param ceiling versions after this LSN are not wanted
     */
    public Chain(Key key, Lsn ceiling) {
        this.key = key;
        this.ceiling = ceiling;
    }

    public Key key() {
        return key;
    }

    public Lsn ceiling() {
        return ceiling;
    }

    /** Lowers the ceiling, for the layers of an ancestor that are only visible up to there. */
    public void lowerCeiling(Lsn to) {
        ceiling = Lsn.min(ceiling, to);
    }

    /** The last version found stands alone: nothing older matters. */
    public boolean isComplete() {
        return complete;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public int size() {
        return size;
    }

    /** The LSN of a version; 0 is the newest. */
    public Lsn lsn(int index) {
        return new Lsn(lsns[index]);
    }

    /** A version; 0 is the newest. */
    public Value value(int index) {
        Value value = values[index];
        if (value == null || index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        return value;
    }

    /** Adds the next older version. */
    public void found(long lsn, Value value) {
        if (complete) {
            throw new IllegalStateException("nothing older is needed of " + key);
        }
        if (size == lsns.length) {
            lsns = Arrays.copyOf(lsns, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        lsns[size] = lsn;
        values[size++] = value;
        complete = value.standsAlone();
    }

    /** Adds an image, which replaces all that was found at or below its LSN. */
    public void foundImage(long lsn, Value image) {
        while (size > 0 && Long.compareUnsigned(lsns[size - 1], lsn) <= 0) {
            values[--size] = null;
        }
        found(lsn, image);
    }
}
