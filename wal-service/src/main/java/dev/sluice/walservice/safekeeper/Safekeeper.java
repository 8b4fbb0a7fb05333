package dev.sluice.walservice.safekeeper;

import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;

/** A running safekeeper. */
public interface Safekeeper extends Closeable {

    /** Where it listens, with the port it got. */
    PartAddress address();

    /** Stops; what was acknowledged is on disk. */
    @Override
    void close();
}
