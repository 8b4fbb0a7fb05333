package dev.sluice.gateway.session;

import dev.sluice.gateway.AuditLog;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.SessionListener;
import dev.sluice.gateway.compute.ComputeConnector;
import dev.sluice.gateway.compute.WakeFlights;
import dev.sluice.gateway.door.Door;
import dev.sluice.gateway.relay.CancelKeys;
import dev.sluice.gateway.relay.SessionContext;
import dev.sluice.gateway.relay.Sessions;
import dev.sluice.gateway.routing.Directory;
import dev.sluice.gateway.transport.Transport;
import dev.sluice.wire.scram.ScramVerifier;
import java.security.SecureRandom;
import java.util.function.Function;

/**
 * What all connections of a gateway share.
 *
 * @param doomedVerifier the verifier of a role that does not exist
 */
public record GatewayServices(
        GatewayConfig config,
        Directory directory,
        SessionListener listener,
        AuditLog audit,
        GatewayMetrics metrics,
        Transport transport,
        Door door,
        Admission admission,
        WakeFlights wakes,
        ComputeConnector connector,
        Sessions sessions,
        SessionContext sessionContext,
        CancelKeys cancelKeys,
        SecureRandom random,
        Function<String, ScramVerifier> doomedVerifier) {}
