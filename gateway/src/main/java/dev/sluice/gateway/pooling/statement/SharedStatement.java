package dev.sluice.gateway.pooling.statement;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A prepared statement that clients share, whatever each calls it: one for each text and list of
 * parameter types in a pool. Its name on the servers is the gateway's.
 */
public final class SharedStatement {
    private final byte[] name;
    private final byte[] body;
    private final boolean suspicious;
    private final Set<String> customSettings;
    private final byte @Nullable [] deallocates;
    int uses;

    /**
     * @param body of the Parse message after the name: the text, a zero byte, the types
     * @param suspicious whether executing it may change the session
     * @param deallocates the name of the statement that executing it deallocates
     */
    SharedStatement(
            long id,
            byte[] body,
            boolean suspicious,
            Set<String> customSettings,
            byte @Nullable [] deallocates) {
        this.name = ("sluice:" + Long.toString(id, 36)).getBytes(StandardCharsets.US_ASCII);
        this.body = body;
        this.suspicious = suspicious;
        this.customSettings = Set.copyOf(customSettings);
        this.deallocates = deallocates;
    }

    /** Its name on servers, without the zero byte. */
    public byte[] name() {
        return name;
    }

    public byte[] body() {
        return body;
    }

    public boolean isSuspicious() {
        return suspicious;
    }

    /** The name of the statement that executing it deallocates, as far as it is known. */
    public byte @Nullable [] deallocates() {
        return deallocates;
    }

    /** Custom settings whose names are in its text. */
    public Set<String> customSettings() {
        return customSettings;
    }
}
