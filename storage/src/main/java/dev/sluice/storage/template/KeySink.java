package dev.sluice.storage.template;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.wire.Lsn;
import java.io.IOException;

/** Receives keys in ascending order, each once. */
public interface KeySink {

    /** Called once, before the first key: the LSN that all of them belong to. */
    default void begin(Lsn at) throws IOException {}

    void put(Key key, Value.Image image) throws IOException;
}
