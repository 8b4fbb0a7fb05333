package dev.sluice.gateway.http.sql;

import dev.sluice.wire.SqlState;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A {@code postgres://} URI as the header {@code Neon-Connection-String} carries it (libpq,
 * "Connection URIs", of which one host and no port lists). User, password, database and the
 * parameters' values are percent-encoded UTF-8. Parameters that only mean something to the client
 * ({@code sslmode} and such) are left out; all others are Postgres's startup parameters.
 *
 * <p>Secret: {@link #toString} keeps the password back.
 *
 * @param host without port; may be empty
 * @param password empty if there is none
 * @param parameters for Postgres, without user and database
 */
public record ConnectionString(
        String user,
        String password,
        String host,
        String database,
        Map<String, String> parameters) {

    /** What libpq, and other drivers' URIs, keep for themselves. */
    private static final Set<String> CLIENTS_OWN =
            Set.of(
                    "channel_binding",
                    "connect_timeout",
                    "connection_limit",
                    "gssdelegation",
                    "gssencmode",
                    "gsslib",
                    "host",
                    "hostaddr",
                    "keepalives",
                    "keepalives_count",
                    "keepalives_idle",
                    "keepalives_interval",
                    "krbsrvname",
                    "load_balance_hosts",
                    "max_protocol_version",
                    "min_protocol_version",
                    "passfile",
                    "pgbouncer",
                    "pool_timeout",
                    "port",
                    "require_auth",
                    "requirepeer",
                    "requiressl",
                    "service",
                    "socket_timeout",
                    "ssl",
                    "ssl_max_protocol_version",
                    "ssl_min_protocol_version",
                    "sslaccept",
                    "sslcert",
                    "sslcertmode",
                    "sslcompression",
                    "sslcrl",
                    "sslcrldir",
                    "sslkey",
                    "sslmode",
                    "sslnegotiation",
                    "sslpassword",
                    "sslrootcert",
                    "sslsni",
                    "target_session_attrs",
                    "tcp_user_timeout",
                    "uselibpqcompat");

    /**
     * @throws BadRequestException saying what is missing or malformed, never repeating the string
     */
    public static ConnectionString parse(String text) {
        int scheme = text.indexOf("://");
        String name = scheme < 0 ? "" : text.substring(0, scheme);
        if (!name.equals("postgres") && !name.equals("postgresql")) {
            throw bad("incorrect scheme");
        }
        String rest = text.substring(scheme + 3);
        int fragment = rest.indexOf('#');
        rest = fragment < 0 ? rest : rest.substring(0, fragment);
        int query = rest.indexOf('?');
        Map<String, String> parameters =
                query < 0 ? Map.of() : parameters(rest.substring(query + 1));
        rest = query < 0 ? rest : rest.substring(0, query);
        int path = rest.indexOf('/');
        String database = path < 0 ? "" : decode(rest.substring(path + 1), "database");
        String authority = path < 0 ? rest : rest.substring(0, path);
        int at = authority.lastIndexOf('@');
        String userInfo = at < 0 ? "" : authority.substring(0, at);
        int colon = userInfo.indexOf(':');
        String user = decode(colon < 0 ? userInfo : userInfo.substring(0, colon), "user");
        String password = colon < 0 ? "" : decode(userInfo.substring(colon + 1), "password");
        user = user.isEmpty() ? parameters.getOrDefault("user", "") : user;
        password = password.isEmpty() ? parameters.getOrDefault("password", "") : password;
        database = database.isEmpty() ? parameters.getOrDefault("dbname", "") : database;
        if (user.isEmpty()) {
            throw bad("missing username");
        }
        if (database.isEmpty()) {
            throw bad("missing database name");
        }
        return new ConnectionString(
                user,
                password,
                host(authority.substring(at + 1)),
                database,
                forPostgres(parameters));
    }

    private static String host(String hostAndPort) {
        if (hostAndPort.startsWith("[")) {
            int end = hostAndPort.indexOf(']');
            if (end < 0) {
                throw bad("the host's bracket is not closed");
            }
            return hostAndPort.substring(1, end);
        }
        int colon = hostAndPort.lastIndexOf(':');
        return decode(colon < 0 ? hostAndPort : hostAndPort.substring(0, colon), "host");
    }

    private static Map<String, String> parameters(String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String pair : query.split("&", -1)) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String name =
                        decode(
                                equals < 0 ? pair : pair.substring(0, equals),
                                "name of a parameter");
                // Programs that write queries the way HTML forms do write a space so.
                String value = equals < 0 ? "" : pair.substring(equals + 1).replace('+', ' ');
                parameters.put(name, decode(value, "value of a parameter"));
            }
        }
        return parameters;
    }

    private static Map<String, String> forPostgres(Map<String, String> all) {
        Map<String, String> kept = new LinkedHashMap<>(all);
        kept.keySet().removeAll(CLIENTS_OWN);
        kept.keySet().removeAll(Set.of("user", "password", "dbname"));
        String fallback = kept.remove("fallback_application_name");
        if (fallback != null) {
            kept.putIfAbsent("application_name", fallback);
        }
        if (kept.containsKey("replication")) {
            throw new BadRequestException(
                    SqlState.FEATURE_NOT_SUPPORTED,
                    "replication connections are not possible over HTTP");
        }
        return Collections.unmodifiableMap(kept);
    }

    private static String decode(String text, String what) {
        if (text.indexOf('%') < 0) {
            return checked(text, what);
        }
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] != '%') {
                bytes.put(raw[i]);
                continue;
            }
            int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw bad("the " + what + " is not percent-encoded");
            }
            bytes.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return checked(
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .decode(bytes.flip())
                            .toString(),
                    what);
        } catch (CharacterCodingException e) {
            throw bad("the " + what + " is not UTF-8");
        }
    }

    private static String checked(String text, String what) {
        if (text.indexOf('\0') >= 0) {
            throw bad("the " + what + " contains a zero byte");
        }
        return text;
    }

    private static BadRequestException bad(String why) {
        return new BadRequestException(
                SqlState.INVALID_PARAMETER_VALUE, "invalid connection string: " + why);
    }

    @Override
    public String toString() {
        return "ConnectionString[user=%s, host=%s, database=%s]".formatted(user, host, database);
    }
}
