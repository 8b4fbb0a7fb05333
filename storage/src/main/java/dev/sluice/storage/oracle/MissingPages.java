package dev.sluice.storage.oracle;

import dev.sluice.storage.key.Key;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Blocks that a record changes and that are not there: as in Postgres's table of invalid pages
 * ({@code xlogutils.c}) they are remembered until a later record removes them, which is right where
 * redo begins with files from after that removal. What is left at the end is an error.
 */
final class MissingPages {
    private final Map<Key, TreeMap<Integer, String>> byFork = new HashMap<>();

    void add(Key block, String record) {
        byFork.computeIfAbsent(RedoneCluster.mapOf(block), _ -> new TreeMap<>())
                .putIfAbsent(
                        RedoneCluster.inMap(block),
                        BlockNames.of(block) + ", changed by the " + record);
    }

    /** The block was made anew. */
    void forget(Key block) {
        if (!byFork.isEmpty()) {
            TreeMap<Integer, String> blocks = byFork.get(RedoneCluster.mapOf(block));
            if (blocks != null) {
                blocks.remove(RedoneCluster.inMap(block));
            }
        }
    }

    /** The fork was cut to {@code blocks}, or removed (0). */
    void forgetFrom(Key size, int blocks) {
        TreeMap<Integer, String> missing = byFork.get(size);
        if (missing != null) {
            missing.tailMap(blocks, true).clear();
        }
    }

    /** What is missing still, for people; forgotten afterwards. */
    List<String> take() {
        List<String> all =
                byFork.values().stream().flatMap(blocks -> blocks.values().stream()).toList();
        byFork.clear();
        return all;
    }
}
