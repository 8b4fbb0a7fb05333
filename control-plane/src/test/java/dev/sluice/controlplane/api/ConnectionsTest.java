package dev.sluice.controlplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.controlplane.catalog.Database;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Role;
import dev.sluice.controlplane.project.Projects;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
    private static final Instant NOW = Instant.EPOCH;

    private final Connections connections = new Connections("127.0.0.1", 55432, "db.localhost");
    private final Endpoint endpoint = new Endpoint("ep-1", "p", "b", 300, false, null, NOW, NOW);

    private static Projects.Owner owner(String role, String password, String database) {
        return new Projects.Owner(
                new Role("b", role, null, password, false, NOW, NOW),
                new Database(1, "b", database, role, NOW, NOW));
    }

    @Test
    void theStringNamesItsEndpointWithoutAnyNameService() {
        assertThat(connections.uri(endpoint, owner("app", "pw", "shop"), false))
                .isEqualTo(
                        "postgresql://app:pw@127.0.0.1:55432/shop?sslmode=require&options=endpoint%3Dep-1");
        assertThat(connections.host(endpoint)).isEqualTo("ep-1.db.localhost:55432");
    }

    /** RFC 3986, section 3.2.2. */
    @Test
    void anIpv6AddressIsInBrackets() {
        assertThat(
                        new Connections("::1", 55432, "db.localhost")
                                .uri(endpoint, owner("app", "pw", "shop"), false))
                .startsWith("postgresql://app:pw@[::1]:55432/shop?");
    }

    @Test
    void namesAreEscaped() {
        assertThat(connections.uri(endpoint, owner("a b@c", "p/w:d", "ü?"), true))
                .startsWith("postgresql://a%20b%40c:p%2Fw%3Ad@127.0.0.1:55432/%C3%BC%3F?")
                .endsWith("ep-1-pooler");
    }
}
