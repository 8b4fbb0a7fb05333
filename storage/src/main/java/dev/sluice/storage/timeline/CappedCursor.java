package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.VersionCursor;
import dev.sluice.wire.Lsn;
import java.io.IOException;

/** A cursor without the versions after an LSN. */
record CappedCursor(VersionCursor all, Lsn ceiling) implements VersionCursor {

    @Override
    public boolean next() throws IOException {
        boolean found = all.next();
        while (found && Long.compareUnsigned(all.lsn(), ceiling.value()) > 0) {
            found = all.next();
        }
        return found;
    }

    @Override
    public Key key() {
        return all.key();
    }

    @Override
    public long lsn() {
        return all.lsn();
    }

    @Override
    public Value value() throws IOException {
        return all.value();
    }
}
