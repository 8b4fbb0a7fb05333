package dev.sluice.gateway.routing;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.startup.StartupMessage;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a client's destination from its TLS server name and startup parameters.
 *
 * <ul>
 *   <li>The server name's first label is the endpoint if it begins with {@code ep-} and more labels
 *       follow, in whatever case; any other name, {@code api.…} among them, says nothing.
 *   <li>{@code endpoint=} (or {@code project=}, as old clients say) inside {@code options} names it
 *       too. If both do they must agree. Two of them in {@code options} name none.
 *   <li>Where neither does, the password may ({@link PasswordForm}).
 *   <li>{@code database@branch} names a branch; the text after the last {@code @}.
 * </ul>
 *
 * @param request what to ask the {@link Directory}
 * @param parameters the startup parameters for Postgres: all of the client's but protocol options,
 *     our own options, and the branch
 */
public record ClientDestination(RouteRequest request, Map<String, String> parameters) {
    private static final Pattern ENDPOINT = Pattern.compile("[A-Za-z0-9-]{1,128}");
    private static final String ENDPOINT_PREFIX = "ep-";

    /**
     * @param serverName from TLS, if the client sent one
     * @throws RoutingException if what the client says is malformed or contradicts itself
     */
    public static ClientDestination of(@Nullable String serverName, StartupMessage startup) {
        String role =
                startup.parameter("user")
                        .orElseThrow(() ->
                                new RoutingException(
                                        SqlState.INVALID_AUTHORIZATION,
                                        "no PostgreSQL user name specified in startup" + " packet",
                                        ""));
        StartupOptions options =
                StartupOptions.parse(startup.parameters().getOrDefault("options", ""));
        String database = startup.parameter("database").orElse(role);
        Optional<String> branch = Optional.empty();
        int at = database.lastIndexOf('@');
        if (at > 0 && at < database.length() - 1) {
            branch = Optional.of(database.substring(at + 1));
            database = database.substring(0, at);
        }
        RouteRequest request =
                new RouteRequest(
                        endpoint(endpointOf(serverName), options.endpoint()),
                        branch,
                        database,
                        role);
        return new ClientDestination(request, parameters(startup, database, options.remaining()));
    }

    /**
     * The same destination at an endpoint that was named elsewhere.
     *
     * @throws RoutingException if that is no endpoint's name
     */
    public ClientDestination toEndpoint(String endpoint) {
        return new ClientDestination(
                new RouteRequest(
                        Optional.of(checked(endpoint)),
                        request.branch(),
                        request.database(),
                        request.role()),
                parameters);
    }

    private static Optional<String> endpointOf(@Nullable String serverName) {
        if (serverName == null) {
            return Optional.empty();
        }
        String name = serverName.toLowerCase(Locale.ROOT);
        int dot = name.indexOf('.');
        return dot < 0 || !name.startsWith(ENDPOINT_PREFIX)
                ? Optional.empty()
                : Optional.of(name.substring(0, dot));
    }

    private static Optional<String> endpoint(Optional<String> sni, Optional<String> option) {
        if (sni.isPresent() && option.isPresent() && !sni.equals(option)) {
            throw new RoutingException(
                    SqlState.INVALID_PARAMETER_VALUE,
                    "Inconsistent project name inferred from SNI ('%s') and project option ('%s')."
                            .formatted(sni.get(), option.get()),
                    "Name the endpoint in the host name or in the options, not both.");
        }
        return sni.or(() -> option).map(ClientDestination::checked);
    }

    private static String checked(String endpoint) {
        if (!ENDPOINT.matcher(endpoint).matches()) {
            throw new RoutingException(
                    SqlState.INVALID_PARAMETER_VALUE,
                    "Project name ('%s') must contain only alphanumeric characters and hyphen."
                            .formatted(endpoint),
                    "An endpoint's name looks like ep-cool-sun-12345678;"
                            + " sluice connection-string prints it.");
        }
        return endpoint;
    }

    private static Map<String, String> parameters(
            StartupMessage startup, String database, String options) {
        Map<String, String> parameters = new LinkedHashMap<>(startup.parameters());
        parameters
                .keySet()
                .removeIf(name -> name.startsWith(StartupMessage.PROTOCOL_OPTION_PREFIX));
        parameters.put("database", database);
        if (options.isEmpty()) {
            parameters.remove("options");
        } else {
            parameters.put("options", options);
        }
        return Collections.unmodifiableMap(parameters);
    }
}
