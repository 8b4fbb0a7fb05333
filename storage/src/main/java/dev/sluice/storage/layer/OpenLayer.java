package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * The newest versions of a timeline: an index in memory over bytes in an {@link EphemeralFile}. One
 * thread puts, any number read at the same time and see whole versions only. After the last put it
 * serves as the frozen layer until its delta file is written.
 */
public final class OpenLayer implements Closeable {

    /** Where the versions of one key are, in the order of their puts. One thread adds. */
    private static final class Versions {
        private static final int WORDS = 3;
        private static final int KIND_BITS = 3;

        /** LSN, position, length with kind; again and again. */
        private long[] words = new long[2 * WORDS];

        /** Published last: who reads it sees everything below it. */
        private volatile int count;

        void add(long lsn, long position, int length, int kind) {
            int at = count * WORDS;
            if (at == words.length) {
                words = Arrays.copyOf(words, 2 * at);
            }
            words[at] = lsn;
            words[at + 1] = position;
            words[at + 2] = (long) length << KIND_BITS | kind;
            count = at / WORDS + 1;
        }

        int discardAfter(long last) {
            int left = count;
            while (left > 0 && Long.compareUnsigned(lsn(left - 1), last) > 0) {
                left--;
            }
            count = left;
            return left;
        }

        long lsn(int index) {
            return words[index * WORDS];
        }

        long position(int index) {
            return words[index * WORDS + 1];
        }

        int length(int index) {
            return (int) (words[index * WORDS + 2] >>> KIND_BITS);
        }

        int kind(int index) {
            return (int) (words[index * WORDS + 2] & ((1 << KIND_BITS) - 1));
        }
    }

    private final Lsn after;
    private final EphemeralFile bytes;
    private final ConcurrentSkipListMap<Key, Versions> index = new ConcurrentSkipListMap<>();
    private byte[] lastPut = {};
    private long lastPosition;

    /**
     * @param after everything put will be after this LSN
     * @param file where the bytes may go; replaced if it exists, removed on close
     */
    public OpenLayer(Lsn after, Path file) {
        this.after = after;
        this.bytes = new EphemeralFile(file);
    }

    public Lsn after() {
        return after;
    }

    public boolean isEmpty() {
        return index.isEmpty();
    }

    /** How much was put, in bytes; of the writing thread only. */
    public long size() {
        return bytes.size();
    }

    /** Adds a version. LSNs never go back. A record that touches several keys is stored once. */
    @SuppressWarnings("ReferenceEquality") // the same record, not one with the same bytes
    public void put(Key key, Lsn end, Value value) throws IOException {
        byte[] content = ValueEncoding.bytes(value);
        if (content != lastPut) {
            lastPosition = bytes.append(content);
            lastPut = content;
        }
        Versions versions = index.get(key);
        if (versions == null) {
            versions = new Versions();
            index.put(key, versions);
        }
        versions.add(end.value(), lastPosition, content.length, ValueEncoding.kind(value));
    }

    /**
     * Removes what was put after an LSN: the changes of a record that could not be ingested whole.
     * For the writing thread; nobody may be reading at an LSN after that one.
     */
    public void discardAfter(Lsn last) {
        index.values().removeIf(versions -> versions.discardAfter(last.value()) == 0);
    }

    /** Adds to each incomplete chain what is here of its key. */
    public void collect(Collection<Chain> chains) throws IOException {
        for (Chain chain : chains) {
            Versions versions = chain.isComplete() ? null : index.get(chain.key());
            if (versions != null) {
                collect(versions, chain);
            }
        }
    }

    private void collect(Versions versions, Chain chain) throws IOException {
        long ceiling = chain.ceiling().value();
        for (int i = versions.count - 1; i >= 0 && !chain.isComplete(); i--) {
            if (Long.compareUnsigned(versions.lsn(i), ceiling) <= 0) {
                chain.found(versions.lsn(i), read(versions, i));
            }
        }
    }

    private Value read(Versions versions, int i) throws IOException {
        byte[] content = bytes.read(versions.position(i), versions.length(i));
        return ValueEncoding.decode(versions.kind(i), content);
    }

    /** All versions of the keys from {@code from} to {@code to}, both included. */
    public VersionCursor cursor(Key from, Key to) {
        return new Cursor(index.subMap(from, true, to, true).entrySet().iterator());
    }

    private final class Cursor implements VersionCursor {
        private final Iterator<Map.Entry<Key, Versions>> keys;
        private Map.@Nullable Entry<Key, Versions> current;
        private int count;
        private int at;

        Cursor(Iterator<Map.Entry<Key, Versions>> keys) {
            this.keys = keys;
        }

        @Override
        public boolean next() {
            at++;
            while (current == null || at >= count) {
                if (!keys.hasNext()) {
                    current = null;
                    return false;
                }
                current = keys.next();
                count = current.getValue().count;
                at = 0;
            }
            return true;
        }

        private Map.Entry<Key, Versions> entry() {
            if (current == null) {
                throw new NoSuchElementException("no current version");
            }
            return current;
        }

        @Override
        public Key key() {
            return entry().getKey();
        }

        @Override
        public long lsn() {
            return entry().getValue().lsn(at);
        }

        @Override
        public Value value() throws IOException {
            return read(entry().getValue(), at);
        }
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }
}
