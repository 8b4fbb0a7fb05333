package dev.sluice.gateway.pooling.statement;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A prepared statement that clients share, whatever each calls it: one for each text and list of
 * parameter types in a pool. Its name on the servers is the gateway's.
 */
public final class SharedStatement {
    private final byte[] name;
    private final byte[] body;
    private final @Nullable Suspicion suspicion;
    private final byte @Nullable [] deallocates;
    int uses;

    /**
     * @param body of the Parse message after the name: the text, a zero byte, the types
     * @param suspicion what executing it may leave behind
     * @param deallocates the name of the statement that executing it deallocates
     */
    SharedStatement(
            long id, byte[] body, @Nullable Suspicion suspicion, byte @Nullable [] deallocates) {
        this.name = ("sluice:" + Long.toString(id, 36)).getBytes(StandardCharsets.US_ASCII);
        this.body = body;
        this.suspicion = suspicion;
        this.deallocates = deallocates;
    }

    /** Its name on servers, without the zero byte. */
    public byte[] name() {
        return name;
    }

    public byte[] body() {
        return body;
    }

    /** What executing it may leave behind; null if nothing. */
    public @Nullable Suspicion suspicion() {
        return suspicion;
    }

    /** The name of the statement that executing it deallocates, as far as it is known. */
    public byte @Nullable [] deallocates() {
        return deallocates;
    }
}
