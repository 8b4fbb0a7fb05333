package dev.sluice.gateway.relay;

import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.SessionListener;
import dev.sluice.gateway.compute.ComputeConnector;

/** What the sessions of a gateway share. */
public record SessionContext(
        GatewayMetrics metrics,
        SessionListener listener,
        ComputeConnector connector,
        CancelKeys cancelKeys,
        ParkedListeners parkedListeners) {}
