package dev.sluice.controlplane.parts;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a gateway asks of the control plane in another process. */
public interface DirectoryCalls {
    /** A client's wish; null for what it did not name. */
    record Wish(@Nullable String endpoint, @Nullable String branch, String database, String role) {}

    /**
     * Where it leads, and from where it may be reached: {@code AddressRange}s, none for anywhere.
     */
    record Found(String endpointId, String projectId, List<String> allowedIps) {}

    Found route(Wish wish);

    /** Null: no such role, or it cannot log in. */
    @Nullable String verifier(String endpointId, String role);

    /** What logs a role in without its password ({@code ScramKeys.secretText}); null: nothing. */
    @Nullable String loginKeys(String endpointId, String role);

    /** The Unix socket of the endpoint's compute, started if need be. */
    String wake(String endpointId);
}
