package dev.sluice.gateway.parking;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The state of a session that another server session can be given. All texts are in the encoding of
 * the database, one character for each byte.
 *
 * @param settings those that the session has from its client, its role or its database, in the form
 *     of {@code pg_settings}, and custom ones that the client named
 * @param role {@code none} unless there was a {@code SET ROLE}
 * @param reported what the client was last told of the settings that servers report
 * @param channels that it listens to
 */
public record SessionSnapshot(
        Map<String, String> settings,
        String authorization,
        String role,
        Map<String, String> reported,
        Set<PreparedStatement> statements,
        Set<String> channels) {

    public SessionSnapshot {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        reported = Map.copyOf(reported);
        statements = Set.copyOf(statements);
        channels = Set.copyOf(channels);
    }

    /** Whether the session waits for notifications. */
    public boolean listens() {
        return !channels.isEmpty();
    }

    /** How many prepared statements it has. */
    public int statementCount() {
        return statements.size();
    }

    /**
     * In which of its parts a restored session is not what this says; what clients are told of does
     * not count, since they are told of changes.
     *
     * @return empty if it is the same; else words for a log, without any value
     */
    public List<String> differences(SessionSnapshot restored) {
        List<String> differences = new java.util.ArrayList<>();
        settings.forEach((name, value) -> {
            if (!value.equals(restored.settings.get(name))) {
                differences.add("setting " + name);
            }
        });
        if (!authorization.equals(restored.authorization) || !role.equals(restored.role)) {
            differences.add("role");
        }
        if (!hasStatementsLike(restored)) {
            differences.add("prepared statements");
        }
        if (!channels.equals(restored.channels)) {
            differences.add("channels");
        }
        return differences;
    }

    private boolean hasStatementsLike(SessionSnapshot restored) {
        Map<String, PreparedStatement> byName =
                restored.statements.stream()
                        .collect(
                                Collectors.toMap(
                                        PreparedStatement::name,
                                        Function.identity(),
                                        (first, _) -> first));
        return statements.size() == restored.statements.size()
                && statements.stream()
                        .allMatch(statement -> statement.isLike(byName.get(statement.name())));
    }
}
