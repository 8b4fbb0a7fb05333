package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.MergingCursor;
import dev.sluice.storage.layer.VersionCursor;
import java.io.IOException;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** Walks keys, and the newest version of each. */
final class TimelineScan {
    private final VersionCursor versions;
    private boolean ahead;
    private @Nullable Key key;
    private @Nullable Value newest;

    private TimelineScan(VersionCursor versions) throws IOException {
        this.versions = versions;
        this.ahead = versions.next();
    }

    static TimelineScan over(List<VersionCursor> oldestFirst) throws IOException {
        return new TimelineScan(new MergingCursor(oldestFirst));
    }

    boolean next() throws IOException {
        if (!ahead) {
            key = null;
            newest = null;
            return false;
        }
        Key current = versions.key();
        key = current;
        do {
            newest = versions.value();
            ahead = versions.next();
        } while (ahead && versions.key().equals(current));
        return true;
    }

    Key key() {
        if (key == null) {
            throw new NoSuchElementException("no current key");
        }
        return key;
    }

    Value newest() {
        if (newest == null) {
            throw new NoSuchElementException("no current key");
        }
        return newest;
    }
}
