package dev.sluice.controlplane.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A role of a branch, as last read from {@code pg_authid}.
 *
 * @param verifier its SCRAM-SHA-256 verifier; null: it cannot log in
 * @param password only where Sluice made it up itself
 */
public record Role(
        String branchId,
        String name,
        @Nullable String verifier,
        @Nullable String password,
        boolean superuser,
        Instant createdAt,
        Instant updatedAt) {

    /** Without the secrets. */
    @Override
    public String toString() {
        return "Role[" + branchId + "/" + name + (superuser ? ", superuser" : "") + "]";
    }
}
