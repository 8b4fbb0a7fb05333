package dev.sluice.controlplane.server;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.gateway.pooling.PoolSettings;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code [pool]} of {@link GatewayFile}: how transactions are pooled. */
record PoolSection(
        @JsonProperty("size") @Nullable Integer size,
        @JsonProperty("per_endpoint") @Nullable Integer perEndpoint,
        @JsonProperty("per_database") @Nullable Integer perDatabase,
        @JsonProperty("per_role") @Nullable Integer perRole,
        @JsonProperty("max_clients") @Nullable Integer maxClients,
        @JsonProperty("max_clients_per_endpoint") @Nullable Integer maxClientsPerEndpoint,
        @JsonProperty("wait_seconds") @Nullable Integer waitSeconds,
        @JsonProperty("lifetime_seconds") @Nullable Integer lifetimeSeconds,
        @JsonProperty("idle_seconds") @Nullable Integer idleSeconds,
        @JsonProperty("check_seconds") @Nullable Integer checkSeconds,
        @JsonProperty("prepared_statements") @Nullable Integer preparedStatements,
        @JsonProperty("admins") @Nullable List<String> admins) {

    /**
     * @throws IllegalArgumentException if a setting would let nothing through
     */
    PoolSettings applyTo(PoolSettings usual) {
        return new PoolSettings(
                or(size, usual.size()),
                or(perEndpoint, usual.perEndpoint()),
                or(perDatabase, usual.perDatabase()),
                or(perRole, usual.perRole()),
                or(maxClients, usual.maxClients()),
                or(maxClientsPerEndpoint, usual.maxClientsPerEndpoint()),
                seconds(waitSeconds, usual.patience()),
                seconds(lifetimeSeconds, usual.lifetime()),
                seconds(idleSeconds, usual.idle()),
                seconds(checkSeconds, usual.check()),
                or(preparedStatements, usual.preparedStatements()),
                admins == null ? usual.admins() : Set.copyOf(admins));
    }

    private static int or(@Nullable Integer given, int usual) {
        return given == null ? usual : given;
    }

    private static Duration seconds(@Nullable Integer given, Duration usual) {
        return given == null ? usual : Duration.ofSeconds(given);
    }
}
