package dev.sluice.storage.oracle;

import java.util.ArrayList;
import java.util.List;

/** What is not as Postgres made it: said at once, counted, and the first of them kept. */
final class Differences {
    private static final int KEPT = 1000;

    private final RedoListener listener;
    private final List<String> kept = new ArrayList<>();
    private long count;

    Differences(RedoListener listener) {
        this.listener = listener;
    }

    void add(String difference) {
        count++;
        if (kept.size() < KEPT) {
            kept.add(difference);
        }
        listener.difference(difference);
    }

    long count() {
        return count;
    }

    /** The first of them. */
    List<String> kept() {
        return List.copyOf(kept);
    }
}
