package dev.sluice.gateway.pooling;

import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.SessionListener;
import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.wire.backend.Diagnostic;
import java.util.function.Function;

/**
 * What the pools of a gateway share with the rest of it.
 *
 * @param diagnose as much of a failure as is a client's business
 */
public record PoolContext(
        GatewayMetrics metrics,
        SessionListener listener,
        ComputeConnector connector,
        Function<Throwable, Diagnostic> diagnose) {}
