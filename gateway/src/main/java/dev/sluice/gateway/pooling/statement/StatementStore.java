package dev.sluice.gateway.pooling.statement;

import io.netty.buffer.ByteBuf;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The statements of a pool: those that a client or a server connection has. One that nobody has any
 * more is forgotten.
 */
public final class StatementStore {
    private final Map<ByteKey, SharedStatement> byBody = new HashMap<>();
    private final ByteKey wanted = new ByteKey();
    private long lastId;

    /** A name to look for, until the next one is; everything of a pool is on one thread. */
    ByteKey key(ByteBuf in, int index, int length) {
        return wanted.fill(in, index, length);
    }

    /** The statement with this body, if somebody has it. */
    public @Nullable SharedStatement find(byte[] body) {
        return byBody.get(new ByteKey(body, body.length));
    }

    /** A statement that {@link #find} did not find. */
    public SharedStatement add(
            byte[] body, @Nullable Suspicion suspicion, byte @Nullable [] deallocates) {
        SharedStatement made = new SharedStatement(++lastId, body, suspicion, deallocates);
        byBody.put(new ByteKey(body, body.length), made);
        return made;
    }

    void use(SharedStatement statement) {
        statement.uses++;
    }

    void disuse(SharedStatement statement) {
        statement.uses--;
        if (statement.uses == 0) {
            byBody.remove(new ByteKey(statement.body(), statement.body().length));
        }
    }

    /** How many there are. */
    public int size() {
        return byBody.size();
    }
}
