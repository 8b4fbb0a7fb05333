package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import java.nio.ByteBuffer;

/**
 * Says of a key whether a layer may hold it; wrong in about one of a hundred of the yeses, never in
 * a no. A split block Bloom filter: each key sets eight bits in one block of 256, so a question
 * costs one cache line. (F. Putze, P. Sanders, J. Singler: Cache-, Hash- and Space-Efficient Bloom
 * Filters; the salts are those of Apache Parquet's BloomFilter.md.)
 *
 * <p>Stored as its words, eight of 32 bits to a block, big-endian.
 */
final class KeyFilter {
    private static final int WORDS_PER_BLOCK = 8;
    private static final int BYTES_PER_BLOCK = 4 * WORDS_PER_BLOCK;
    private static final int KEYS_PER_BLOCK = 24;
    private static final int[] SALTS = {
        0x47b6137b,
        0x44974d91,
        0x8824ad5b,
        0xa2b7289d,
        0x705495c7,
        0x2df1424b,
        0x9efc4947,
        0x5c6bfb31
    };

    private final int[] words;

    private KeyFilter(int[] words) {
        this.words = words;
    }

    static KeyFilter of(long[] hashes, int count) {
        int blocks = Math.max(1, (count + KEYS_PER_BLOCK - 1) / KEYS_PER_BLOCK);
        KeyFilter filter = new KeyFilter(new int[blocks * WORDS_PER_BLOCK]);
        for (int i = 0; i < count; i++) {
            int block = filter.block(hashes[i]);
            for (int word = 0; word < WORDS_PER_BLOCK; word++) {
                filter.words[block + word] |= bit((int) hashes[i], word);
            }
        }
        return filter;
    }

    static boolean isLength(int bytes) {
        return bytes > 0 && bytes % BYTES_PER_BLOCK == 0;
    }

    static KeyFilter read(ByteBuffer in) {
        int[] words = new int[in.remaining() / 4];
        in.asIntBuffer().get(words);
        return new KeyFilter(words);
    }

    ByteBuffer toBytes() {
        ByteBuffer out = ByteBuffer.allocate(words.length * 4);
        out.asIntBuffer().put(words);
        return out;
    }

    int bytes() {
        return words.length * 4;
    }

    boolean mayContain(long hash) {
        int block = block(hash);
        for (int word = 0; word < WORDS_PER_BLOCK; word++) {
            int bit = bit((int) hash, word);
            if ((words[block + word] & bit) == 0) {
                return false;
            }
        }
        return true;
    }

    private int block(long hash) {
        long blocks = words.length / WORDS_PER_BLOCK;
        return (int) (((hash >>> 32) * blocks) >>> 32) * WORDS_PER_BLOCK;
    }

    private static int bit(int hash, int word) {
        return 1 << ((hash * SALTS[word]) >>> 27);
    }

    /** A hash of all of a key's fields. Part of the file format: never to change. */
    static long hash(Key key) {
        long hash = mix((long) key.kind() << 32 | (key.tablespace() & 0xFFFFFFFFL));
        hash = mix(hash ^ ((long) key.database() << 32 | (key.relation() & 0xFFFFFFFFL)));
        return mix(hash ^ ((long) key.fork() << 32 | (key.block() & 0xFFFFFFFFL)));
    }

    /** The finalizer of SplitMix64. */
    private static long mix(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
