package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import java.io.IOException;

/**
 * Walks versions by ascending key, then ascending LSN, then in the order in which they were put.
 * Before the first {@link #next}, and after it returned false, there is no current version.
 */
public interface VersionCursor {

    boolean next() throws IOException;

    Key key();

    long lsn();

    /** The current version's content, read when asked for. */
    Value value() throws IOException;
}
