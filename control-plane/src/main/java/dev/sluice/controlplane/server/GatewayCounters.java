package dev.sluice.controlplane.server;

import dev.sluice.controlplane.project.Sessions.Counter;
import dev.sluice.gateway.EndpointMetrics;
import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.pooling.PoolInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** What the gateway counts, under the names that {@code /metrics} gives it. */
final class GatewayCounters {
    private GatewayCounters() {}

    /**
     * @param pools as they are now
     */
    static List<Counter> of(GatewayMetrics metrics, List<PoolInfo> pools) {
        List<Counter> all = new ArrayList<>(whole(metrics));
        metrics.endpoints().forEach((id, counted) -> all.addAll(ofEndpoint(id, counted)));
        pools.stream()
                .collect(Collectors.groupingBy(pool -> metrics.label(pool.endpointId())))
                .forEach((id, ofIt) -> all.addAll(ofPools(id, ofIt)));
        return all;
    }

    /** All pools of an endpoint together. */
    private static List<Counter> ofPools(String id, List<PoolInfo> pools) {
        return List.of(
                pooled("clients", id, pools, PoolInfo::clients),
                pooled("clients.active", id, pools, PoolInfo::active),
                pooled("clients.waiting", id, pools, PoolInfo::waiting),
                pooled("servers.active", id, pools, PoolInfo::used),
                pooled("servers.idle", id, pools, PoolInfo::idle));
    }

    private static Counter pooled(
            String what, String id, List<PoolInfo> pools, ToIntFunction<PoolInfo> number) {
        return new Counter(
                "sluice.gateway.pool." + what,
                true,
                "endpoint=" + id,
                pools.stream().mapToInt(number).sum());
    }

    private static List<Counter> ofEndpoint(String id, EndpointMetrics counted) {
        String label = "endpoint=" + id;
        return List.of(
                new Counter(
                        "sluice.gateway.endpoint.sessions", true, label, counted.sessionsOpen()),
                new Counter("sluice.gateway.endpoint.logins", false, label, counted.logins()),
                new Counter("sluice.gateway.endpoint.wakes", false, label, counted.wakes()),
                new Counter(
                        "sluice.gateway.endpoint.bytes.from.clients",
                        false,
                        label,
                        counted.bytesFromClients()),
                new Counter(
                        "sluice.gateway.endpoint.bytes.to.clients",
                        false,
                        label,
                        counted.bytesToClients()),
                new Counter("sluice.gateway.pool.waits", false, label, counted.poolWaits()),
                new Counter(
                        "sluice.gateway.pool.wait.seconds",
                        false,
                        label,
                        counted.poolWaitNanos() / 1e9));
    }

    private static List<Counter> whole(GatewayMetrics metrics) {
        return List.of(
                new Counter("sluice.gateway.connections", true, "", metrics.connectionsOpen()),
                new Counter(
                        "sluice.gateway.connections.accepted",
                        false,
                        "",
                        metrics.connectionsTotal()),
                new Counter(
                        "sluice.gateway.connections.refused",
                        false,
                        "",
                        metrics.connectionsFailed()),
                new Counter(
                        "sluice.gateway.authentication.failures",
                        false,
                        "",
                        metrics.authenticationFailures()),
                new Counter("sluice.gateway.sessions", true, "", metrics.sessionsOpen()),
                new Counter("sluice.gateway.sessions.opened", false, "", metrics.sessionsTotal()),
                new Counter(
                        "sluice.gateway.sessions.parked", true, "", metrics.sessionsParkedNow()),
                new Counter(
                        "sluice.gateway.sessions.parkings",
                        false,
                        "",
                        metrics.sessionsParkedTotal()),
                new Counter(
                        "sluice.gateway.sessions.resumes",
                        false,
                        "",
                        metrics.sessionsResumedTotal()),
                new Counter(
                        "sluice.gateway.resume.seconds",
                        false,
                        "",
                        metrics.resumeNanosTotal() / 1e9),
                new Counter("sluice.gateway.wake.failures", false, "", metrics.wakeFailures()),
                new Counter("sluice.gateway.cancel.requests", false, "", metrics.cancelRequests()),
                new Counter(
                        "sluice.gateway.cancel.forwarded", false, "", metrics.cancelsForwarded()),
                new Counter("sluice.gateway.http.requests", false, "", metrics.httpRequests()),
                new Counter("sluice.gateway.websockets.opened", false, "", metrics.webSockets()),
                new Counter(
                        "sluice.gateway.bytes", false, "from_clients", metrics.bytesFromClients()),
                new Counter("sluice.gateway.bytes", false, "to_clients", metrics.bytesToClients()));
    }
}
