package dev.sluice.gateway.pooling.statement;

import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The prepared statements of a client, by the names that it gave them. */
public final class ClientStatements {
    /** More are not kept for a client. */
    public static final int MAX = 5000;

    /** A statement under its name. */
    public static final class Named {
        private final ByteKey name;
        private final SharedStatement statement;

        private Named(ByteKey name, SharedStatement statement) {
            this.name = name;
            this.statement = statement;
        }

        /** What the client calls it. */
        public byte[] name() {
            return name.bytes();
        }

        public SharedStatement statement() {
            return statement;
        }
    }

    private final StatementStore store;
    private Map<ByteKey, Named> byName = Map.of();

    public ClientStatements(StatementStore store) {
        this.store = store;
    }

    /** The one with this name. */
    public @Nullable Named find(ByteBuf in, int index, int length) {
        return byName.isEmpty() ? null : byName.get(store.key(in, index, length));
    }

    /** Gives a statement a name that none has. */
    public Named add(ByteBuf in, int index, int length, SharedStatement statement) {
        Named named = new Named(store.key(in, index, length).copy(), statement);
        restore(named);
        return named;
    }

    /** Forgets a name; {@link #restore} brings it back. */
    public void remove(Named named) {
        if (!byName.isEmpty() && byName.remove(named.name, named)) {
            store.disuse(named.statement);
        }
    }

    /** Undoes {@link #remove}. */
    public void restore(Named named) {
        if (byName.isEmpty()) {
            byName = new HashMap<>();
        }
        if (byName.putIfAbsent(named.name, named) == null) {
            store.use(named.statement);
        }
    }

    /** Forgets all. */
    public void clear() {
        byName.values().forEach(named -> store.disuse(named.statement));
        byName = Map.of();
    }

    public int size() {
        return byName.size();
    }
}
