package dev.sluice.walservice.replication;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.SqlState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a reader says of itself in its startup packet. {@code replication} must be true. Which
 * timeline it wants is in {@code options}, which a standby can set (its database's name is always
 * {@code replication}):
 *
 * <pre>
 *   options='-c timeline_id=32 hex digits [-c tenant_id=32 hex digits]'
 * </pre>
 *
 * or, where there is one timeline only, nowhere. {@code -c server_version=15} in the options is for
 * clients that copy WAL of any version and still refuse a server newer than themselves, as {@code
 * pg_receivewal} does: they are told that version instead of the true one.
 *
 * @param tenant null if not given
 * @param timeline null if not given
 * @param serverVersion the one to be told; null if not given
 */
record ReaderStartup(
        @Nullable TenantId tenant, @Nullable TimelineId timeline, @Nullable String serverVersion) {
    /** As Postgres reads a boolean. */
    private static final Pattern TRUE =
            Pattern.compile("t(r(ue?)?)?|y(es?)?|on|1", Pattern.CASE_INSENSITIVE);

    static ReaderStartup of(Map<String, String> parameters) throws ReplicationException {
        String replication = parameters.getOrDefault("replication", "");
        if (!TRUE.matcher(replication).matches()) {
            throw new ReplicationException(
                    replication.equals("database")
                            ? SqlState.FEATURE_NOT_SUPPORTED
                            : SqlState.INVALID_AUTHORIZATION,
                    "a safekeeper serves physical replication only",
                    "Connect with replication=true.");
        }
        Map<String, String> options = options(parameters.getOrDefault("options", ""));
        String tenant = options.remove("tenant_id");
        String timeline = options.remove("timeline_id");
        String version = options.remove("server_version");
        for (String other : options.keySet()) {
            throw new ReplicationException(
                    SqlState.UNDEFINED_OBJECT,
                    "unrecognized configuration parameter \"" + other + "\"",
                    "Options are tenant_id, timeline_id and server_version.");
        }
        try {
            return new ReaderStartup(
                    tenant == null ? null : TenantId.parse(tenant),
                    timeline == null ? null : TimelineId.parse(timeline),
                    version == null ? null : checked(version));
        } catch (IllegalArgumentException e) {
            throw new ReplicationException(
                    SqlState.INVALID_PARAMETER_VALUE, String.valueOf(e.getMessage()));
        }
    }

    private static String checked(String version) {
        if (!version.matches("[1-9][0-9](\\.[0-9]{1,3})?")) {
            throw new IllegalArgumentException("not a server version: \"" + version + "\"");
        }
        return version;
    }

    /** {@code -c name=value}, {@code --name=value} and {@code name=value}, separated by spaces. */
    private static Map<String, String> options(String text) throws ReplicationException {
        Map<String, String> options = new LinkedHashMap<>();
        for (String word : words(text)) {
            if (word.equals("-c")) {
                continue;
            }
            String setting =
                    word.startsWith("--") || word.startsWith("-c") ? word.substring(2) : word;
            int equals = setting.indexOf('=');
            if (equals <= 0) {
                throw new ReplicationException(
                        SqlState.SYNTAX_ERROR, "invalid command-line argument: " + word);
            }
            options.put(
                    setting.substring(0, equals).replace('-', '_'), setting.substring(equals + 1));
        }
        return options;
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean escaped = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (escaped || (c != '\\' && !Character.isWhitespace(c))) {
                word.append(c);
                escaped = false;
            } else if (c == '\\') {
                escaped = true;
            } else if (!word.isEmpty()) {
                words.add(word.toString());
                word.setLength(0);
            }
        }
        if (!word.isEmpty()) {
            words.add(word.toString());
        }
        return words;
    }

    /**
     * The one of these that is meant.
     *
     * @throws ReplicationException if none fits, or several do
     */
    TenantTimelineId choose(Collection<TenantTimelineId> all) throws ReplicationException {
        List<TenantTimelineId> fitting =
                all.stream()
                        .filter(id -> tenant == null || id.tenant().equals(tenant))
                        .filter(id -> timeline == null || id.timeline().equals(timeline))
                        .toList();
        if (fitting.size() == 1) {
            return fitting.getFirst();
        }
        throw new ReplicationException(
                SqlState.UNDEFINED_DATABASE,
                timeline == null
                        ? "no timeline was named, and there are " + fitting.size()
                        : "no timeline " + timeline + " here",
                "Name it with options='-c timeline_id=…'.");
    }
}
