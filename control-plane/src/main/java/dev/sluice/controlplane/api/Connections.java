package dev.sluice.controlplane.api;

import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.project.Projects;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * How clients reach endpoints.
 *
 * @param address what the connection string names: an address that works without a name service
 * @param port the gateway's
 * @param domain the endpoints' hosts are {@code <endpoint>.<domain>}
 */
public record Connections(String address, int port, String domain) {

    /** The endpoint's host with the port, as the public API gives it. */
    public String host(Endpoint endpoint) {
        return endpoint.id() + "." + domain + ":" + port;
    }

    /**
     * A connection string that works as printed, from any terminal of this machine, with any libpq:
     * the endpoint is named in {@code options}, since a numeric address carries no server name.
     */
    public String uri(Endpoint endpoint, Projects.Owner owner, boolean pooled) {
        String password = owner.role().password();
        return "postgresql://"
                + encode(owner.role().name())
                + (password == null ? "" : ":" + encode(password))
                + "@"
                + (address.indexOf(':') < 0 ? address : "[" + address + "]")
                + ":"
                + port
                + "/"
                + encode(owner.database().name())
                + "?sslmode=require&options=endpoint%3D"
                + endpoint.id()
                + (pooled ? "-pooler" : "");
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
