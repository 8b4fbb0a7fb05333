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

    /** Whether it is there and good; it counts as used. */
    public boolean has(SharedStatement statement) {
        return Boolean.TRUE.equals(present.get(statement));
    }

    /** Whether it is there, but of no use: it must be closed before it is prepared again. */
    public boolean isOutdated(SharedStatement statement) {
        return Boolean.FALSE.equals(present.get(statement));
    }

    /** If it is there it is of no use any more: a table that it reads has other columns now. */
    public void outdate(SharedStatement statement) {
        present.computeIfPresent(statement, (_, _) -> false);
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
