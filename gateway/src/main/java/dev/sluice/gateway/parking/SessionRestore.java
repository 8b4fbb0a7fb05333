package dev.sluice.gateway.parking;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The messages that make a fresh server session the one of a snapshot. The order matters:
 *
 * <ol>
 *   <li>the client's encoding is set aside, so that texts go in as they came out;
 *   <li>settings, as the role that logged in (it may be allowed more than the one set later), but
 *       not those that could end the restore itself;
 *   <li>the session's user, then the role, since setting the first resets the second;
 *   <li>prepared statements, which are analysed under these settings. A {@code PREPARE} is sent by
 *       the extended protocol, which refuses a text with several commands before any of it runs;
 *   <li>channels;
 *   <li>the client's encoding and the timeouts;
 *   <li>the probe, whose answer must be the snapshot again.
 * </ol>
 *
 * <p>Each step ends with a Sync or is a Query, and is answered by one ReadyForQuery. The last
 * message before the probe is a Query, so no unnamed statement of ours is left.
 */
public final class SessionRestore {
    /** Would apply to the restore; set last. */
    private static final Set<String> LAST =
            Set.of(
                    "client_encoding",
                    "statement_timeout",
                    "transaction_timeout",
                    "lock_timeout",
                    "idle_session_timeout",
                    "client_min_messages",
                    "default_transaction_read_only",
                    "default_transaction_isolation",
                    "default_transaction_deferrable");

    private final SessionSnapshot snapshot;

    public SessionRestore(SessionSnapshot snapshot) {
        this.snapshot = snapshot;
    }

    /**
     * Writes all of it, the probe included.
     *
     * @param customSettings for the probe, as it was asked before
     * @return how many ReadyForQuery come back, the probe's included
     */
    public int write(ByteBuf out, Set<String> customSettings) {
        Map<String, String> first = new TreeMap<>(snapshot.settings());
        first.keySet().removeAll(LAST);
        Map<String, String> last = new TreeMap<>(snapshot.settings());
        last.keySet().retainAll(LAST);
        int steps = 0;
        RawText.query(out, "set client_encoding to 'SQL_ASCII'");
        steps++;
        if (!first.isEmpty()) {
            RawText.query(out, set(first));
            steps++;
        }
        RawText.query(
                out,
                become("session_authorization", snapshot.authorization())
                        + "; "
                        + become("role", snapshot.role()));
        steps++;
        steps += statements(out);
        List<String> end = new ArrayList<>();
        for (String channel : snapshot.channels()) {
            end.add("listen " + SqlText.identifier(channel));
        }
        end.add("reset client_encoding");
        if (!last.isEmpty()) {
            end.add(set(last));
        }
        RawText.query(out, String.join("; ", end));
        steps++;
        SessionProbe.ask(out, placeholders(customSettings), false);
        return steps + 1;
    }

    /** A module's settings are placeholders until the new session loads the module. */
    private Set<String> placeholders(Set<String> customSettings) {
        Set<String> names = new TreeSet<>(customSettings);
        for (String name : snapshot.settings().keySet()) {
            if (name.indexOf('.') > 0) {
                names.add(name);
            }
        }
        return names;
    }

    private int statements(ByteBuf out) {
        if (snapshot.statements().isEmpty()) {
            return 0;
        }
        for (PreparedStatement statement : snapshot.statements()) {
            if (statement.fromSql()) {
                RawText.parse(out, "", statement.text(), List.of());
                RawText.bind(out, "", "");
                RawText.execute(out, "");
            } else {
                RawText.parse(out, statement.name(), statement.text(), statement.parameterTypes());
            }
        }
        RawText.sync(out);
        return 1;
    }

    /**
     * Sets what differs from what the login gave, and what has the same value there but not from
     * this session: the client may have set what is the server's default. One whose module is not
     * loaded yet is not in {@code pg_settings} and gets a placeholder, as it had before its module
     * was loaded.
     */
    private static String set(Map<String, String> settings) {
        List<String> rows = new ArrayList<>();
        settings.forEach((name, value) ->
                rows.add("(" + SqlText.literal(name) + "," + SqlText.literal(value) + ")"));
        return "select pg_catalog.set_config(v.n, v.x, false) from (values "
                + String.join(",", rows)
                + ") v(n, x) left join pg_catalog.pg_settings s on s.name operator(pg_catalog.=) v.n"
                + " where coalesce(s.setting, pg_catalog.current_setting(v.n, true)) is distinct from v.x"
                + " or not s.source operator(pg_catalog.=) any (array['session','client','user','database','database user'])";
    }

    private static String become(String setting, String value) {
        return "select pg_catalog.set_config('%s', %s, false) where pg_catalog.current_setting('%s') operator(pg_catalog.<>) %s"
                .formatted(setting, SqlText.literal(value), setting, SqlText.literal(value));
    }
}
