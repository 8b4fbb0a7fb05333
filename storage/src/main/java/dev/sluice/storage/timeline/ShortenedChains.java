package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerFileWriter;
import dev.sluice.storage.layer.VersionCursor;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies versions into a delta layer, and after a page's last one, when many changes came before
 * it, adds the page as it is then. So a reader at a later LSN never redoes more of this layer than
 * {@link #CHANGES_MAX} changes of a page, however often the page was changed.
 */
final class ShortenedChains {
    /** About as many changes as it takes to redo a page in the time of reading one. */
    static final int CHANGES_MAX = 32;

    private static final Logger log = LoggerFactory.getLogger(ShortenedChains.class);

    private final TimelineReader timeline;
    private final LayerFileWriter writer;
    private int changes;

    /**
     * @param timeline can read what is copied
     */
    ShortenedChains(TimelineReader timeline, LayerFileWriter writer) {
        this.timeline = timeline;
        this.writer = writer;
    }

    /** Adds a version. */
    void add(Key key, long lsn, Value value) throws IOException {
        changes = value.standsAlone() ? 0 : changes + 1;
        writer.add(key, lsn, value);
    }

    /** The last version of a key was added. */
    void endKey(Key key, long lsn) throws IOException {
        if (changes >= CHANGES_MAX && Reconstruction.isPage(key)) {
            addPage(key, lsn);
        }
        changes = 0;
    }

    /** A page that cannot be made now is no reason not to keep its changes. */
    private void addPage(Key key, long lsn) throws IOException {
        byte[] page;
        try {
            page = timeline.get(key, new Lsn(lsn));
        } catch (IOException e) {
            log.warn("{} at {} stays a list of changes", key, new Lsn(lsn), e);
            return;
        }
        if (page != null) {
            writer.add(key, lsn, new Value.Image(page));
        }
    }

    /**
     * Copies what a cursor holds, from its current version on, until a key ends at which the layer
     * has grown to {@code bytes}.
     *
     * @return whether the cursor stands at a next version
     */
    boolean copy(VersionCursor versions, long bytes) throws IOException {
        boolean more = true;
        while (more && writer.size() < bytes) {
            Key key = versions.key();
            long lsn = versions.lsn();
            while (more && versions.key().equals(key)) {
                lsn = versions.lsn();
                add(key, lsn, versions.value());
                more = versions.next();
            }
            endKey(key, lsn);
        }
        return more;
    }
}
