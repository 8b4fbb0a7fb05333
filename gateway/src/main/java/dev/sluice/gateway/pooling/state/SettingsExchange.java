package dev.sluice.gateway.pooling.state;

import dev.sluice.gateway.parking.Exchange;
import dev.sluice.gateway.parking.RawText;
import dev.sluice.gateway.parking.SqlText;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Gives a server session the settings that another client wants, by one Query: all of them or, if
 * one is refused, none. Its text is ASCII whatever the values are, since it is read in the encoding
 * of the client before.
 */
public final class SettingsExchange implements Exchange {
    private static final String ROLE = "role";
    private static final Pattern ASCII = Pattern.compile("[ -~]*");

    private final String sql;
    private @Nullable Diagnostic error;

    public SettingsExchange(SessionSettings from, SessionSettings to) {
        this.sql = sql(from.values(), to.values());
    }

    /** Whether the two differ in nothing. */
    public boolean isNothing() {
        return sql.isEmpty();
    }

    private static String sql(Map<String, String> from, Map<String, String> to) {
        List<String> commands = new ArrayList<>();
        if (from.containsKey(ROLE) && !Objects.equals(from.get(ROLE), to.get(ROLE))) {
            commands.add("reset role");
        }
        from.keySet().stream()
                .filter(name -> !to.containsKey(name) && !name.equals(ROLE))
                .forEach(name -> commands.add("reset " + identifier(name)));
        List<String> calls = new ArrayList<>();
        to.forEach((name, value) -> {
            if (!value.equals(from.get(name)) && !name.equals(ROLE)) {
                calls.add(call(name, value));
            }
        });
        if (!calls.isEmpty()) {
            commands.add("select " + String.join(", ", calls));
        }
        String role = to.get(ROLE);
        if (role != null && !role.equals(from.get(ROLE))) {
            commands.add("select " + call(ROLE, role));
        }
        return String.join("; ", commands);
    }

    private static String call(String name, String value) {
        return "pg_catalog.set_config(" + text(name) + ", " + text(value) + ", false)";
    }

    private static String text(String value) {
        if (ASCII.matcher(value).matches()) {
            return SqlText.literal(value);
        }
        return "pg_catalog.convert_from(pg_catalog.decode('"
                + HexFormat.of().formatHex(value.getBytes(StandardCharsets.ISO_8859_1))
                + "', 'hex'), pg_catalog.getdatabaseencoding())";
    }

    private static String identifier(String name) {
        return Pattern.compile("\\.")
                .splitAsStream(name)
                .map(SqlText::identifier)
                .collect(Collectors.joining("."));
    }

    @Override
    public void ask(ByteBuf out) {
        RawText.query(out, sql);
    }

    @Override
    public boolean answered(byte type, ByteBuf body) {
        if (type == 'E' && error == null) {
            error = ((ErrorResponse) BackendMessage.decode(type, body)).diagnostic();
        }
        return type == 'Z';
    }

    /** Why it was refused; null if it was not. */
    public @Nullable Diagnostic error() {
        return error;
    }
}
