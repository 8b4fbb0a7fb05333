package dev.sluice.storage.postgres;

import dev.sluice.storage.key.Key;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Everything that a timeline held at one moment. */
@FunctionalInterface
public interface StoredState {
    /**
     * @return the content, 8192 bytes for a page; null if there was none. Not to be changed
     */
    byte @Nullable [] read(Key key) throws IOException;
}
