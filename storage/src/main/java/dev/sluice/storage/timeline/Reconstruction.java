package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.Chain;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.redo.RedoException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Makes content from versions: the newest that stands alone, then each later change. */
final class Reconstruction {
    static final int PAGE_BYTES = 8192;

    private final String timeline;
    private final PageRedo redo;

    Reconstruction(String timeline, PageRedo redo) {
        this.timeline = timeline;
        this.redo = redo;
    }

    static boolean isPage(Key key) {
        return key.kind() == Key.RELATION_BLOCK || key.kind() == Key.SLRU_BLOCK;
    }

    /**
     * @return the content, not to be changed; null when there is none
     */
    byte @Nullable [] content(Chain chain) throws IOException {
        if (chain.isEmpty()) {
            return null;
        }
        if (chain.value(0) instanceof Value.Image(byte[] bytes)) {
            return bytes.length == 0 ? null : bytes;
        }
        if (!isPage(chain.key())) {
            throw new IOException(timeline + ": " + chain.key() + " has a change, yet is no page");
        }
        return redone(chain);
    }

    private byte[] redone(Chain chain) throws IOException {
        byte[] page = new byte[PAGE_BYTES];
        for (int i = chain.size() - 1; i >= 0; i--) {
            switch (chain.value(i)) {
                case Value.Image(byte[] bytes) when bytes.length == 0 ->
                        page = new byte[PAGE_BYTES];
                case Value.Image(byte[] bytes) -> page = bytes.clone();
                case Value.Wal change -> apply(chain, i, change, page);
                case Value.Change change -> apply(chain, i, change, page);
            }
        }
        return page;
    }

    private void apply(Chain chain, int index, Value change, byte[] page) throws RedoException {
        try {
            redo.apply(chain.key(), page, change, chain.lsn(index));
        } catch (RedoException | RuntimeException e) {
            throw new RedoException(
                    timeline
                            + ": "
                            + chain.key()
                            + " cannot be made as of "
                            + chain.ceiling()
                            + ": the change at "
                            + chain.lsn(index)
                            + ": "
                            + e.getMessage(),
                    e);
        }
    }
}
