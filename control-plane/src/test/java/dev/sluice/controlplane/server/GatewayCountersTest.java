package dev.sluice.controlplane.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.controlplane.project.Sessions.Counter;
import dev.sluice.gateway.GatewayMetrics;
import dev.sluice.gateway.pooling.PoolInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatewayCountersTest {
    private static PoolInfo pool(String endpoint, String role, int clients) {
        return new PoolInfo(
                endpoint,
                "app",
                role,
                clients,
                2,
                3,
                1,
                4,
                5,
                1,
                0,
                false,
                0,
                PoolInfo.Counters.NONE,
                PoolInfo.Counters.NONE);
    }

    private static double value(List<Counter> counters, String name, String label) {
        return counters.stream()
                .filter(counter -> counter.name().equals(name) && counter.label().equals(label))
                .mapToDouble(Counter::value)
                .reduce((one, other) -> {
                    throw new AssertionError(name + " twice");
                })
                .orElseThrow();
    }

    @Test
    void poolsOfAnEndpointAreCountedTogether() {
        GatewayMetrics metrics = new GatewayMetrics();
        metrics.endpoint("ep-x").poolWaited(1_500_000_000L);
        metrics.endpoint("ep-x").poolWaited(500_000_000L);
        metrics.endpoint("ep-y").loggedIn();
        List<Counter> counters =
                GatewayCounters.of(
                        metrics,
                        List.of(
                                pool("ep-x", "alice", 10),
                                pool("ep-x", "bob", 20),
                                pool("ep-y", "alice", 7),
                                pool("ep-unknown", "alice", 1)));
        String x = "endpoint=ep-x";
        assertThat(value(counters, "sluice.gateway.pool.clients", x)).isEqualTo(30);
        assertThat(value(counters, "sluice.gateway.pool.clients.active", x)).isEqualTo(4);
        assertThat(value(counters, "sluice.gateway.pool.clients.waiting", x)).isEqualTo(6);
        assertThat(value(counters, "sluice.gateway.pool.servers.active", x)).isEqualTo(8);
        assertThat(value(counters, "sluice.gateway.pool.servers.idle", x)).isEqualTo(10);
        assertThat(value(counters, "sluice.gateway.pool.waits", x)).isEqualTo(2);
        assertThat(value(counters, "sluice.gateway.pool.wait.seconds", x)).isEqualTo(2.0);
        assertThat(value(counters, "sluice.gateway.pool.clients", "endpoint=ep-y")).isEqualTo(7);
        assertThat(
                        value(
                                counters,
                                "sluice.gateway.pool.clients",
                                "endpoint=" + GatewayMetrics.OTHERS))
                .isEqualTo(1);
    }
}
