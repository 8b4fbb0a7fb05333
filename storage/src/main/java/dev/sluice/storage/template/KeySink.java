package dev.sluice.storage.template;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import java.io.IOException;

/** Receives keys in ascending order, each once. */
public interface KeySink {
    void put(Key key, Value.Image image) throws IOException;
}
