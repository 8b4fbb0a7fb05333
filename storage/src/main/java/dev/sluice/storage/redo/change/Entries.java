package dev.sluice.storage.redo.change;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.walservice.wal.Fork;
import java.nio.ByteBuffer;

/** What the changes share: counted lists of integers, and the check that a page is theirs. */
final class Entries {
    static final int MAX_COUNT = 0xFFFF;

    private Entries() {}

    static void checkCount(int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "a page change of " + count + " entries, allowed are 1 to " + MAX_COUNT);
        }
    }

    static void writeCounted(ByteBuffer out, int[] entries) {
        out.putShort((short) entries.length);
        for (int entry : entries) {
            out.putInt(entry);
        }
    }

    static int[] readCounted(ByteBuffer in) throws RedoException {
        int[] entries = new int[readCount(in)];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = in.getInt();
        }
        return entries;
    }

    static int readCount(ByteBuffer in) throws RedoException {
        int count = in.getShort() & 0xFFFF;
        if (count == 0) {
            throw new RedoException("page change without entries");
        }
        return count;
    }

    static void checkSlru(Key key, Slru slru, PageChange change) throws RedoException {
        if (key.kind() != Key.SLRU_BLOCK || key.relation() != slru.number()) {
            throw new RedoException(change + " does not belong on " + key);
        }
    }

    static void checkVisibilityMap(Key key, PageChange change) throws RedoException {
        if (key.kind() != Key.RELATION_BLOCK || key.fork() != Fork.VISIBILITY_MAP.number()) {
            throw new RedoException(change + " does not belong on " + key);
        }
    }

    /** Checks that an entry which {@code what} names lives in the key's block. */
    static void checkBlock(Key key, int block, String what, int entry) throws RedoException {
        if (block != key.block()) {
            throw new RedoException(
                    what
                            + " "
                            + Integer.toUnsignedString(entry)
                            + " is in block "
                            + Integer.toUnsignedString(block)
                            + ", not on "
                            + key);
        }
    }
}
