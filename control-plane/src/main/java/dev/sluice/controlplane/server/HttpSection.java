package dev.sluice.controlplane.server;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.gateway.HttpConfig;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** {@code [http]} of {@link GatewayFile}: how much SQL over HTTP may cost. */
record HttpSection(
        @JsonProperty("max_request_bytes") @Nullable Integer requestBytes,
        @JsonProperty("max_response_bytes") @Nullable Long responseBytes,
        @JsonProperty("max_row_bytes") @Nullable Integer rowBytes,
        @JsonProperty("statements_per_endpoint") @Nullable Integer perEndpoint,
        @JsonProperty("statements") @Nullable Integer all,
        @JsonProperty("wait_seconds") @Nullable Integer waitSeconds) {

    /**
     * @throws IllegalArgumentException if a limit would let nothing through
     */
    HttpConfig applyTo(HttpConfig config) {
        HttpConfig.Limits limits = config.limits();
        HttpConfig.Pool pool = config.pool();
        if (waitSeconds != null && waitSeconds < 0) {
            throw new IllegalArgumentException("wait_seconds is " + waitSeconds);
        }
        return config.withLimits(
                        new HttpConfig.Limits(
                                requestBytes == null ? limits.requestBytes() : requestBytes,
                                responseBytes == null ? limits.responseBytes() : responseBytes,
                                rowBytes == null ? limits.rowBytes() : rowBytes,
                                limits.heldBytes()))
                .withPool(
                        new HttpConfig.Pool(
                                perEndpoint == null ? pool.perEndpoint() : perEndpoint,
                                all == null ? pool.all() : all,
                                pool.idle(),
                                waitSeconds == null
                                        ? pool.patience()
                                        : Duration.ofSeconds(waitSeconds)));
    }
}
