package dev.sluice.gateway.parking;

import dev.sluice.wire.backend.DataRow;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.frame.WireFormatException;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a session's state by one query on its own connection, while nothing else runs there. It
 * leaves no trace: it uses a statement and a portal with names of its own, so the unnamed ones,
 * which belong to the client, stay as they are.
 *
 * <p>The query answers in rows of (kind, name, value, extra); names and values as hexadecimal
 * digits of their bytes in the encoding of the database, so that nothing depends on {@code
 * client_encoding}. Its functions and operators are qualified: the session's {@code search_path} is
 * the client's.
 */
public final class SessionProbe {
    /** More than this is not kept for a session: bytes of statements and settings. */
    public static final int MAX_BYTES = 256 << 10;

    /** The longest answer to read: digits, and as much again for what is around them. */
    public static final int MAX_MESSAGE = 1 << 20;

    private static final String NAME = "sluice:probe";

    /** What Postgres reports, 14 to 18; what a server does not have is left out. */
    private static final List<String> REPORTED =
            List.of(
                    "application_name",
                    "client_encoding",
                    "DateStyle",
                    "default_transaction_read_only",
                    "in_hot_standby",
                    "integer_datetimes",
                    "IntervalStyle",
                    "is_superuser",
                    "scram_iterations",
                    "search_path",
                    "server_encoding",
                    "server_version",
                    "session_authorization",
                    "standard_conforming_strings",
                    "TimeZone");

    /** What a transaction is, not a session. */
    private static final List<String> OF_TRANSACTIONS =
            List.of("transaction_isolation", "transaction_read_only", "transaction_deferrable");

    private final Map<String, String> settings = new LinkedHashMap<>();
    private final Map<String, String> reported = new LinkedHashMap<>();
    private final Set<PreparedStatement> statements = new HashSet<>();
    private final Set<String> channels = new HashSet<>();
    private final Set<Obstacle> obstacles = EnumSet.noneOf(Obstacle.class);
    private String authorization = "";
    private String role = "none";
    private int bytes;
    private @Nullable String failure;

    /**
     * What was found.
     *
     * @param failure why the state could not be read, for a log; null if it could
     */
    public record Finding(
            SessionSnapshot snapshot, Set<Obstacle> obstacles, @Nullable String failure) {}

    /**
     * Writes the messages that ask.
     *
     * @param customSettings as {@link SettingNames} found them
     * @param obstacles whether to look for what cannot be carried, too
     */
    public static void ask(ByteBuf out, Collection<String> customSettings, boolean obstacles) {
        RawText.parse(out, NAME, sql(customSettings, obstacles, false), List.of());
        RawText.bind(out, NAME, NAME);
        RawText.execute(out, NAME);
        RawText.close(out, NAME);
        RawText.sync(out);
    }

    /**
     * As {@link #ask}, of what the session has made of itself only: settings that it set, and the
     * statements that it prepared in SQL.
     */
    public static void askOwn(ByteBuf out, Collection<String> customSettings) {
        RawText.parse(out, NAME, sql(customSettings, true, true), List.of());
        RawText.bind(out, NAME, NAME);
        RawText.execute(out, NAME);
        RawText.close(out, NAME);
        RawText.sync(out);
    }

    private static String sql(
            Collection<String> customSettings, boolean obstacles, boolean ownOnly) {
        List<String> parts = new ArrayList<>();
        parts.add(
                "select 'setting', %s, %s, null::pg_catalog.text from pg_catalog.pg_settings s"
                                .formatted(hex("s.name"), hex("s.setting"))
                        + " where (s.source operator(pg_catalog.=) 'session'"
                        + " and s.context operator(pg_catalog.=) any (array['user','superuser'])"
                        + (ownOnly
                                ? ")"
                                : " or s.source operator(pg_catalog.=) any"
                                        + " (array['client','user','database','database user']) and"
                                        + " s.context operator(pg_catalog.=) 'user')")
                        + " and not s.name operator(pg_catalog.=) any ("
                        + SqlText.array(OF_TRANSACTIONS)
                        + ")");
        if (!customSettings.isEmpty()) {
            parts.add(
                    current("setting", customSettings)
                            + " and not exists (select from pg_catalog.pg_settings s"
                            + " where pg_catalog.lower(s.name) operator(pg_catalog.=) n.n)");
        }
        parts.add(current("reported", REPORTED));
        parts.add(current("own", List.of("session_authorization", "role")));
        parts.add(
                "select 'statement', %s, %s, pg_catalog.concat(case when p.from_sql then 't' else 'f' end, pg_catalog.array_to_string(p.parameter_types::pg_catalog.oid[], ','), '|', pg_catalog.array_to_string(p.result_types::pg_catalog.oid[], ','))"
                                .formatted(
                                        hex("p.name"),
                                        "case when pg_catalog.octet_length(p.statement)"
                                                + " operator(pg_catalog.<) "
                                                + MAX_BYTES
                                                + " then "
                                                + hex("p.statement")
                                                + " end")
                        + " from pg_catalog.pg_prepared_statements p where p.name"
                        + " operator(pg_catalog.<>) "
                        + SqlText.literal(NAME)
                        + (ownOnly ? " and p.from_sql" : ""));
        parts.add(
                "select 'channel', "
                        + hex("c.c")
                        + ", '', null from pg_catalog.pg_listening_channels() c(c)");
        if (obstacles) {
            parts.add(
                    obstacle(
                            Obstacle.TEMPORARY_OBJECTS,
                            "pg_depend d where d.refclassid operator(pg_catalog.=)"
                                    + " 'pg_catalog.pg_namespace'::pg_catalog.regclass and d.refobjid"
                                    + " operator(pg_catalog.=) pg_catalog.pg_my_temp_schema()"));
            parts.add(obstacle(Obstacle.HELD_CURSORS, "pg_cursors c where c.is_holdable"));
            parts.add(
                    obstacle(
                            Obstacle.ADVISORY_LOCKS,
                            "pg_locks l where l.locktype operator(pg_catalog.=) 'advisory' and"
                                    + " l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()"));
            parts.add(
                    obstacle(
                            Obstacle.TEMPORARY_SLOT,
                            "pg_replication_slots r where r.temporary and r.active_pid"
                                    + " operator(pg_catalog.=) pg_catalog.pg_backend_pid()"));
        }
        return String.join(" union all ", parts);
    }

    private static String hex(String text) {
        return "pg_catalog.encode(pg_catalog.convert_to("
                + text
                + ", pg_catalog.getdatabaseencoding()), 'hex')";
    }

    private static String current(String kind, Collection<String> names) {
        return "select '%s', %s, %s, null from pg_catalog.unnest(%s) n(n) where pg_catalog.current_setting(n.n, true) is not null"
                .formatted(
                        kind,
                        hex("n.n"),
                        hex("pg_catalog.current_setting(n.n, true)"),
                        SqlText.array(names));
    }

    private static String obstacle(Obstacle kind, String from) {
        return "select 'obstacle', '', '', '%s' where exists (select from pg_catalog.%s)"
                .formatted(kind.name(), from);
    }

    /** A row of the answer. */
    public void row(ByteBuf body) {
        List<@Nullable ByteBuf> columns =
                ((DataRow) dev.sluice.wire.backend.BackendMessage.decode((byte) 'D', body))
                        .columns();
        if (columns.size() != 4) {
            throw new WireFormatException("a probe's row has " + columns.size() + " columns");
        }
        String extra = text(columns.get(3));
        if (columns.get(2) == null || extra.length() > MAX_BYTES) {
            obstacles.add(Obstacle.TOO_LARGE);
            return;
        }
        String name = RawText.ofHex(text(columns.get(1)));
        String value = RawText.ofHex(text(columns.get(2)));
        bytes += name.length() + value.length() + extra.length();
        if (bytes > MAX_BYTES) {
            obstacles.add(Obstacle.TOO_LARGE);
            return;
        }
        try {
            found(text(columns.get(0)), name, value, extra);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new WireFormatException("a probe's row makes no sense: " + e.getMessage());
        }
    }

    private void found(String kind, String name, String value, String extra) {
        switch (kind) {
            case "setting" -> settings.putIfAbsent(name, value);
            case "reported" -> reported.put(name, value);
            case "own" -> {
                if (name.equals("role")) {
                    role = value;
                } else {
                    authorization = value;
                }
            }
            case "statement" -> statement(name, value, extra);
            case "channel" -> channels.add(name);
            case "obstacle" -> obstacles.add(Obstacle.valueOf(extra));
            default -> throw new WireFormatException("a probe's row is of kind " + kind);
        }
    }

    private void statement(String name, String text, String extra) {
        boolean fromSql = extra.startsWith("t");
        int results = extra.indexOf('|');
        List<Integer> types =
                Pattern.compile(",")
                        .splitAsStream(extra.substring(1, results))
                        .filter(type -> !type.isEmpty())
                        .map(Integer::parseUnsignedInt)
                        .toList();
        if (fromSql && !(SqlText.isPrepare(text) && SqlText.isOneCommand(text))) {
            obstacles.add(Obstacle.SQL_PREPARE);
        }
        statements.add(
                new PreparedStatement(name, text, types, fromSql, extra.substring(results + 1)));
    }

    private static String text(@Nullable ByteBuf column) {
        return column == null ? "" : column.toString(StandardCharsets.US_ASCII);
    }

    /** The server would not say. */
    public void failed(ErrorResponse error) {
        failure = error.diagnostic().sqlState() + " " + error.diagnostic().message();
        obstacles.add(Obstacle.UNREADABLE);
    }

    /** The answer is complete. */
    public Finding finding() {
        return new Finding(
                new SessionSnapshot(settings, authorization, role, reported, statements, channels),
                Set.copyOf(obstacles),
                failure);
    }
}
