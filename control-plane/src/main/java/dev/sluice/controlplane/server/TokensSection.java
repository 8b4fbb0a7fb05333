package dev.sluice.controlplane.server;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.gateway.token.KeySource;
import dev.sluice.gateway.token.TokenProvider;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One of {@code [[tokens]]} of {@link GatewayFile}: whose tokens are believed. */
record TokensSection(
        @JsonProperty(value = "keys", required = true) String keys,
        @JsonProperty("issuer") @Nullable String issuer,
        @JsonProperty("audience") @Nullable String audience,
        @JsonProperty(value = "roles", required = true) List<String> roles,
        @JsonProperty("scope") @Nullable String scope) {

    TokenProvider read(Path folder) {
        return new TokenProvider(
                Optional.ofNullable(scope),
                keys.contains("://")
                        ? new KeySource.Web(URI.create(keys))
                        : new KeySource.InFile(folder.resolve(keys)),
                Optional.ofNullable(issuer),
                Optional.ofNullable(audience),
                Set.copyOf(roles));
    }
}
