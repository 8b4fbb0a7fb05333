package dev.sluice.gateway.admin;

import dev.sluice.gateway.pooling.Pools;
import dev.sluice.wire.SqlState;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The commands of one administrator: {@code SHOW …} for every role, about its endpoint; {@code
 * PAUSE}, {@code RESUME} and {@code RECONNECT} for those that the operator lists.
 */
final class AdminCommands {
    private static final SqlState SYNTAX_ERROR = new SqlState("42601");
    private static final SqlState INSUFFICIENT_PRIVILEGE = new SqlState("42501");

    private static final Pattern SPACE = Pattern.compile("\\s+");

    private final Pools pools;
    private final String endpointId;
    private final String role;
    private final PoolTables tables;

    AdminCommands(Pools pools, String endpointId, String role) {
        this.pools = pools;
        this.endpointId = endpointId;
        this.role = role;
        this.tables = new PoolTables(pools, endpointId, role, isAdmin());
    }

    private boolean isAdmin() {
        return pools.settings().admins().contains(role);
    }

    /** The columns that a command will answer with; none if it answers with its tag alone. */
    Table describe(String sql) {
        List<String> words = words(sql);
        return words.size() == 2 && words.getFirst().equals("SHOW")
                ? tables.empty(words.get(1))
                : Table.done("");
    }

    /** Carries one command out; fails with an {@link AdminException}. */
    CompletableFuture<Table> run(String sql) {
        List<String> words = words(sql);
        Optional<String> database =
                words.size() == 2 ? Optional.of(original(sql)) : Optional.empty();
        try {
            if (words.isEmpty()) {
                return CompletableFuture.completedFuture(Table.done(""));
            }
            switch (words.getFirst()) {
                case "SHOW" -> {
                    if (words.size() == 2) {
                        return tables.show(words.get(1));
                    }
                }
                case "PAUSE" -> {
                    return change(words, () -> pools.pause(endpointId, database));
                }
                case "RESUME" -> {
                    return change(words, () -> pools.resume(endpointId, database));
                }
                case "RECONNECT" -> {
                    return change(words, () -> pools.reconnect(endpointId, database));
                }
                case "SET" -> {
                    // what drivers send about themselves
                    return CompletableFuture.completedFuture(Table.done("SET"));
                }
                default -> {
                    // none of ours
                }
            }
            throw new AdminException(
                    SYNTAX_ERROR,
                    "invalid command '%s', use SHOW HELP;".formatted(sql.strip()),
                    "");
        } catch (AdminException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Table> change(
            List<String> words, java.util.function.Supplier<CompletableFuture<Void>> what) {
        if (!isAdmin()) {
            throw new AdminException(
                    INSUFFICIENT_PRIVILEGE,
                    "role \"%s\" may not %s".formatted(role, words.getFirst()),
                    "");
        }
        if (words.size() > 2) {
            throw new AdminException(
                    SYNTAX_ERROR, words.getFirst() + " takes the name of a database at most", "");
        }
        return what.get().thenApply(_ -> Table.done(words.getFirst()));
    }

    private static List<String> words(String sql) {
        return separated(sql).map(word -> word.toUpperCase(Locale.ROOT)).toList();
    }

    /** The second word as it was written. */
    private static String original(String sql) {
        String word = separated(sql).skip(1).findFirst().orElse("");
        return word.length() > 1 && word.startsWith("\"") && word.endsWith("\"")
                ? word.substring(1, word.length() - 1)
                : word;
    }

    private static Stream<String> separated(String sql) {
        return SPACE.splitAsStream(sql.replace(';', ' ').strip()).filter(word -> !word.isEmpty());
    }
}
