package dev.sluice.gateway.pooling.statement;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The shared statements that a server connection has, or will have when it has read what was sent;
 * the one used least recently makes room.
 */
public final class ServerStatements {
    private final StatementStore store;
    private final Map<SharedStatement, Boolean> present = new LinkedHashMap<>(16, 0.75f, true);

    public ServerStatements(StatementStore store) {
        this.store = store;
    }

    /** Whether it is there; it counts as used. */
    public boolean has(SharedStatement statement) {
        return present.get(statement) != null;
    }

    /** It is there from now on. */
    public void add(SharedStatement statement) {
        if (present.put(statement, true) == null) {
            store.use(statement);
        }
    }

    public void remove(SharedStatement statement) {
        if (present.remove(statement) != null) {
            store.disuse(statement);
        }
    }

    /**
     * The one to close so that there is room for another.
     *
     * @return null if there is room
     */
    public @Nullable SharedStatement evict(int max) {
        if (present.size() < max) {
            return null;
        }
        SharedStatement eldest = present.keySet().iterator().next();
        return eldest;
    }

    /** The server has none of them any more, except those that were sent since. */
    public void clear(Predicate<SharedStatement> sentSince) {
        present.keySet()
                .removeIf(statement -> {
                    boolean gone = !sentSince.test(statement);
                    if (gone) {
                        store.disuse(statement);
                    }
                    return gone;
                });
    }

    public int size() {
        return present.size();
    }
}
