package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.redo.change.PageChange;
import dev.sluice.wire.Lsn;

/** Redo of changes that records imply; whole records are refused. */
enum ImplicitRedo implements PageRedo {
    INSTANCE;

    @Override
    public void apply(Key key, byte[] page, Value change, Lsn end) throws RedoException {
        if (!(change instanceof Value.Change implied)) {
            throw new RedoException(key + " at " + end + ": no redo of whole records here");
        }
        PageChange.decode(implied).apply(key, page);
    }
}
