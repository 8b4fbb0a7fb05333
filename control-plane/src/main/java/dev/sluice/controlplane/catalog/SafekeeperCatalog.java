package dev.sluice.controlplane.catalog;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * The part of the catalog that is about safekeepers: which there are, and what they decide about.
 */
public final class SafekeeperCatalog {
    private final Sql sql;

    /** Held while a new timeline is given to the members, and while who that is changes. */
    private final ReentrantLock lock = new ReentrantLock();

    SafekeeperCatalog(Sql sql) {
        this.sql = sql;
    }

    /** What a safekeeper is. */
    public enum Standing {
        MEMBER,
        /** To be a member as soon as it has what the leaving one had. */
        JOINING,
        LEAVING
    }

    /** A safekeeper and what it is. */
    public record Safekeeper(long number, Standing standing) {}

    public List<Safekeeper> safekeepers() {
        return sql.query(
                "select number, state from safekeeper order by number",
                row -> new Safekeeper(row.getLong(1), Standing.valueOf(row.getString(2))));
    }

    /** Writes down the first ones. */
    public void addMembers(List<Long> numbers) {
        for (long number : numbers) {
            sql.update("insert into safekeeper values (?, ?)", number, Standing.MEMBER.name());
            sql.update("update safekeeper_number set last = greatest(last, ?)", number);
        }
        sql.update("checkpoint sync");
    }

    /** The highest number that was ever given. */
    public long lastNumber() {
        return sql.query("select last from safekeeper_number", row -> row.getLong(1)).getFirst();
    }

    /** One is to take the place of another. */
    public void beginReplacement(long leaving, long joining) {
        lock.lock();
        try {
            sql.transact(transaction -> {
                transaction.update(
                        "update safekeeper set state = ? where number = ?",
                        Standing.LEAVING.name(),
                        leaving);
                transaction.update(
                        "insert into safekeeper values (?, ?)", joining, Standing.JOINING.name());
                transaction.update(
                        "update safekeeper_number set last = greatest(last, ?)", joining);
            });
        } finally {
            lock.unlock();
        }
        sql.update("checkpoint sync");
    }

    /** It has. */
    public void endReplacement(long left, long joined) {
        sql.transact(transaction -> {
            transaction.update("delete from safekeeper where number = ?", left);
            transaction.update(
                    "update safekeeper set state = ? where number = ?",
                    Standing.MEMBER.name(),
                    joined);
        });
        sql.update("checkpoint sync");
    }

    public Optional<Configuration> configuration(TimelineId timeline) {
        return sql
                .query(
                        "select generation, members, following from wal_configuration"
                                + " where timeline_id = ?",
                        SafekeeperCatalog::configurationOf,
                        timeline.toString())
                .stream()
                .findFirst();
    }

    private static Configuration configurationOf(ResultSet row) throws SQLException {
        return new Configuration(row.getLong(1), nodes(row.getString(2)), nodes(row.getString(3)));
    }

    private static List<Long> nodes(String text) {
        return Arrays.stream(text.split(" "))
                .filter(node -> !node.isEmpty())
                .map(Long::parseLong)
                .toList();
    }

    private static String text(List<Long> nodes) {
        return nodes.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    /**
     * Writes down a new timeline's configuration: all that are not about to leave. One that is to
     * leave from then on is changed like any other.
     */
    public Configuration begin(TenantTimelineId timeline) {
        lock.lock();
        try {
            Configuration first =
                    Configuration.first(
                            safekeepers().stream()
                                    .filter(s -> s.standing() != Standing.LEAVING)
                                    .map(Safekeeper::number)
                                    .toList());
            insert(timeline, first);
            return first;
        } finally {
            lock.unlock();
        }
    }

    /** Of all timelines. */
    public Map<TenantTimelineId, Configuration> configurations() {
        Map<TenantTimelineId, Configuration> all = new TreeMap<>();
        sql.query(
                        "select generation, members, following, tenant_id, timeline_id"
                                + " from wal_configuration",
                        row ->
                                Map.entry(
                                        new TenantTimelineId(
                                                TenantId.parse(row.getString(4)),
                                                TimelineId.parse(row.getString(5))),
                                        configurationOf(row)))
                .forEach(entry -> all.put(entry.getKey(), entry.getValue()));
        return all;
    }

    /** Writes down a timeline's first configuration. */
    public void insert(TenantTimelineId timeline, Configuration configuration) {
        sql.update(
                "insert into wal_configuration values (?, ?, ?, ?, ?)",
                timeline.timeline().toString(),
                timeline.tenant().toString(),
                configuration.generation(),
                text(configuration.members()),
                text(configuration.following()));
        sql.update("checkpoint sync");
    }

    /**
     * Writes down the next configuration, if the timeline's is of the generation before it.
     *
     * @return whether it was
     */
    public boolean advance(TimelineId timeline, Configuration next) {
        int changed =
                sql.update(
                        "update wal_configuration set generation = ?, members = ?, following = ?"
                                + " where timeline_id = ? and generation = ?",
                        next.generation(),
                        text(next.members()),
                        text(next.following()),
                        timeline.toString(),
                        next.generation() - 1);
        sql.update("checkpoint sync");
        return changed == 1;
    }

    public void delete(TimelineId timeline) {
        sql.update("delete from wal_configuration where timeline_id = ?", timeline.toString());
        sql.update("checkpoint sync");
    }
}
