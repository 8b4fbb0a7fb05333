package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Properties;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith({SharedPostgres.class, LeakGuard.class})
class GatewayMetricsTest {
    @TempDir Path directory;

    private static Properties at(String endpoint, String password) {
        Properties login = TestGateway.login("alice");
        login.setProperty("options", "endpoint=" + endpoint);
        login.setProperty("password", password);
        return login;
    }

    @Test
    void eachEndpointIsCountedByItself(TestPostgres postgres) throws Exception {
        try (TestGateway gateway = new TestGateway(postgres, directory)) {
            GatewayMetrics metrics = gateway.gateway.metrics();
            try (Connection first = gateway.connect(at("ep-x", "wonderland"));
                    Connection second = gateway.connect(at("ep-x-pooler", "wonderland"));
                    Connection third = gateway.connect(at("ep-y", "wonderland"));
                    Statement statement = third.createStatement();
                    ResultSet rows = statement.executeQuery("select repeat('x', 100000)")) {
                assertThat(rows.next() && first.isValid(5) && second.isValid(5)).isTrue();
                EndpointMetrics x = metrics.endpoint("ep-x");
                EndpointMetrics y = metrics.endpoint("ep-y");
                assertThat(x.sessionsOpen()).isEqualTo(2);
                assertThat(x.logins()).isEqualTo(2);
                assertThat(x.poolWaits()).isOne(); // isValid is answered without a server
                assertThat(x.poolWaitNanos()).isPositive();
                assertThat(y.poolWaits()).isZero();
                assertThat(x.wakes()).isEqualTo(2);
                assertThat(x.bytesToClients()).isBetween(1L, 10_000L);
                assertThat(y.sessionsOpen()).isOne();
                assertThat(y.bytesToClients()).isBetween(100_000L, 110_000L);
                assertThat(y.bytesFromClients()).isBetween(1L, 10_000L);
                assertThat(x.bytesToClients() + y.bytesToClients())
                        .isEqualTo(metrics.bytesToClients());
            }
            Awaitility.await().until(() -> metrics.endpoint("ep-x").sessionsOpen() == 0);
            assertThat(metrics.endpoints()).containsOnlyKeys("ep-x", "ep-y");
        }
    }

    @Test
    void whoIsNotInIsNotCounted(TestPostgres postgres) throws IOException {
        try (TestGateway gateway = new TestGateway(postgres, directory)) {
            for (String endpoint : new String[] {"ep-x", "ep-none"}) {
                org.assertj.core.api.Assertions.assertThatThrownBy(
                                () -> gateway.connect(at(endpoint, "wrong")))
                        .hasMessageContaining("password authentication failed");
            }
            assertThat(gateway.gateway.metrics().endpoints()).isEmpty();
        }
    }

    @Test
    void thereAreNotMoreLabelsThanAThousand() {
        GatewayMetrics metrics = new GatewayMetrics();
        for (int i = 0; i < 1100; i++) {
            metrics.endpoint("ep-" + i).loggedIn();
        }
        assertThat(metrics.endpoints()).hasSize(1001);
        assertThat(metrics.endpoint(GatewayMetrics.OTHERS).logins()).isEqualTo(100);
        assertThat(metrics.endpoint("ep-7").logins()).isOne();
    }
}
