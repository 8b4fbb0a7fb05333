package dev.sluice.gateway.admin;

import dev.sluice.gateway.pooling.PoolInfo;
import dev.sluice.gateway.pooling.PoolMember;
import dev.sluice.gateway.pooling.PoolSettings;
import dev.sluice.gateway.pooling.Pools;
import dev.sluice.wire.SqlState;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The tables of {@code SHOW}, with the columns that PgBouncer 1.24 gives them. */
final class PoolTables {
    static final String VERSION = "1.24.1";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);
    private static final long MICROSECOND = 1_000L;
    private static final long SECOND = 1_000_000_000L;

    private static final String[] MEMBER = {
        "type",
        "user",
        "database",
        "replication",
        "state",
        "addr",
        "#port",
        "local_addr",
        "#local_port",
        "connect_time",
        "request_time",
        "#wait",
        "#wait_us",
        "#close_needed",
        "ptr",
        "link",
        "#remote_pid",
        "tls",
        "application_name",
        "#prepared_statements",
        "#id"
    };

    private static final String[] TOTALS = {
        "#total_server_assignment_count",
        "#total_xact_count",
        "#total_query_count",
        "#total_received",
        "#total_sent",
        "#total_xact_time",
        "#total_query_time",
        "#total_wait_time",
        "#total_client_parse_count",
        "#total_server_parse_count",
        "#total_bind_count"
    };

    private static final String[] AVERAGES = {
        "#avg_server_assignment_count", "#avg_xact_count", "#avg_query_count", "#avg_recv",
        "#avg_sent", "#avg_xact_time", "#avg_query_time", "#avg_wait_time",
        "#avg_client_parse_count", "#avg_server_parse_count", "#avg_bind_count"
    };

    private final Pools pools;
    private final String endpointId;
    private final String role;
    private final boolean seesAddresses;

    /**
     * @param seesAddresses whether the addresses of other roles' clients are shown
     */
    PoolTables(Pools pools, String endpointId, String role, boolean seesAddresses) {
        this.pools = pools;
        this.endpointId = endpointId;
        this.role = role;
        this.seesAddresses = seesAddresses;
    }

    /** The table without its rows. */
    Table empty(String what) {
        return switch (what) {
            case "POOLS" ->
                    Table.of(
                            "database",
                            "user",
                            "#cl_active",
                            "#cl_waiting",
                            "#cl_active_cancel_req",
                            "#cl_waiting_cancel_req",
                            "#sv_active",
                            "#sv_active_cancel",
                            "#sv_being_canceled",
                            "#sv_idle",
                            "#sv_used",
                            "#sv_tested",
                            "#sv_login",
                            "#maxwait",
                            "#maxwait_us",
                            "pool_mode",
                            "load_balance_hosts");
            case "CLIENTS", "SERVERS" -> Table.of(MEMBER);
            case "STATS" -> Table.of(joined(joined(new String[] {"database"}, TOTALS), AVERAGES));
            case "STATS_TOTALS" -> Table.of(joined(new String[] {"database"}, TOTALS));
            case "STATS_AVERAGES" -> Table.of(joined(new String[] {"database"}, AVERAGES));
            case "DATABASES" ->
                    Table.of(
                            "name",
                            "host",
                            "#port",
                            "database",
                            "force_user",
                            "#pool_size",
                            "#min_pool_size",
                            "#reserve_pool_size",
                            "#server_lifetime",
                            "pool_mode",
                            "load_balance_hosts",
                            "#max_connections",
                            "#current_connections",
                            "#max_client_connections",
                            "#current_client_connections",
                            "#paused",
                            "#disabled");
            case "USERS" ->
                    Table.of(
                            "name",
                            "#pool_size",
                            "#reserve_pool_size",
                            "pool_mode",
                            "#max_user_connections",
                            "#current_connections",
                            "#max_user_client_connections",
                            "#current_client_connections");
            case "LISTS" -> Table.of("list", "#items");
            case "CONFIG" -> Table.of("key", "value", "default", "changeable");
            case "VERSION" -> Table.of("version");
            case "HELP" -> Table.of("command");
            default ->
                    throw new AdminException(
                            new SqlState("42601"),
                            "invalid command 'SHOW %s', use SHOW HELP;".formatted(what),
                            "");
        };
    }

    private static String[] joined(String[] first, String[] more) {
        String[] all = new String[first.length + more.length];
        System.arraycopy(first, 0, all, 0, first.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    CompletableFuture<Table> show(String what) {
        Table table = empty(what);
        return switch (what) {
            case "CLIENTS" -> pools.clients(endpointId).thenApply(all -> members(table, "C", all));
            case "SERVERS" -> pools.servers(endpointId).thenApply(all -> members(table, "S", all));
            case "VERSION" -> {
                table.add("PgBouncer " + VERSION + " (Sluice)");
                yield CompletableFuture.completedFuture(table);
            }
            case "CONFIG" -> CompletableFuture.completedFuture(config(table));
            case "HELP" -> CompletableFuture.completedFuture(help(table));
            default -> pools.infos(endpointId).thenApply(all -> fill(what, table, all));
        };
    }

    private Table fill(String what, Table table, List<PoolInfo> all) {
        switch (what) {
            case "POOLS" -> all.forEach(pool -> pool(table, pool));
            case "DATABASES" ->
                    byDatabase(all).forEach((name, some) -> database(table, name, some));
            case "USERS" -> byRole(all).forEach((name, some) -> user(table, name, some));
            case "LISTS" -> lists(table, all);
            default -> byDatabase(all).forEach((name, some) -> stats(what, table, name, some));
        }
        return table;
    }

    private static Map<String, List<PoolInfo>> byDatabase(List<PoolInfo> all) {
        Map<String, List<PoolInfo>> some = new LinkedHashMap<>();
        all.forEach(
                pool -> some.computeIfAbsent(pool.database(), _ -> new ArrayList<>()).add(pool));
        return some;
    }

    private static Map<String, List<PoolInfo>> byRole(List<PoolInfo> all) {
        Map<String, List<PoolInfo>> some = new LinkedHashMap<>();
        all.forEach(pool -> some.computeIfAbsent(pool.role(), _ -> new ArrayList<>()).add(pool));
        return some;
    }

    private static void pool(Table table, PoolInfo pool) {
        table.add(
                pool.database(),
                pool.role(),
                pool.clients() - pool.waiting(),
                pool.waiting(),
                0,
                0,
                pool.used(),
                0,
                pool.cancelling(),
                pool.idle(),
                0,
                0,
                pool.opening(),
                pool.longestWait() / SECOND,
                pool.longestWait() % SECOND / MICROSECOND,
                "transaction",
                null);
    }

    private void database(Table table, String name, List<PoolInfo> some) {
        PoolSettings settings = pools.settings();
        table.add(
                name,
                null,
                0,
                name,
                null,
                settings.size(),
                0,
                0,
                settings.lifetime().toSeconds(),
                "transaction",
                null,
                settings.perDatabase(),
                some.stream().mapToInt(PoolInfo::servers).sum(),
                settings.maxClients(),
                some.stream().mapToInt(PoolInfo::clients).sum(),
                some.stream().anyMatch(PoolInfo::paused) ? 1 : 0,
                0);
    }

    private void user(Table table, String name, List<PoolInfo> some) {
        PoolSettings settings = pools.settings();
        table.add(
                name,
                settings.size(),
                0,
                "transaction",
                settings.perRole(),
                some.stream().mapToInt(PoolInfo::servers).sum(),
                settings.maxClients(),
                some.stream().mapToInt(PoolInfo::clients).sum());
    }

    private static void lists(Table table, List<PoolInfo> all) {
        table.add("databases", byDatabase(all).size());
        table.add("users", byRole(all).size());
        table.add("pools", all.size());
        table.add("free_clients", 0);
        table.add("used_clients", all.stream().mapToInt(PoolInfo::clients).sum());
        table.add("login_clients", 0);
        table.add("free_servers", all.stream().mapToInt(PoolInfo::idle).sum());
        table.add("used_servers", all.stream().mapToInt(PoolInfo::used).sum());
    }

    private static void stats(String what, Table table, String name, List<PoolInfo> some) {
        List<Object> row = new ArrayList<>(List.of(name));
        if (!what.equals("STATS_AVERAGES")) {
            PoolInfo.Counters all = PoolInfo.Counters.NONE;
            for (PoolInfo pool : some) {
                all = all.plus(pool.counters());
            }
            row.addAll(
                    List.of(
                            all.assignments(),
                            all.transactions(),
                            all.queries(),
                            all.received(),
                            all.sent(),
                            all.transactionTime() / MICROSECOND,
                            all.queryTime() / MICROSECOND,
                            all.waitTime() / MICROSECOND,
                            all.clientParses(),
                            all.serverParses(),
                            all.binds()));
        }
        if (!what.equals("STATS_TOTALS")) {
            PoolInfo.Counters all = PoolInfo.Counters.NONE;
            for (PoolInfo pool : some) {
                all = all.plus(pool.lastMinute());
            }
            row.addAll(averages(all));
        }
        table.add(row.toArray());
    }

    /** Counts per second; times and waits per transaction, query and assignment. */
    private static List<Object> averages(PoolInfo.Counters minute) {
        return List.of(
                minute.assignments() / 60,
                minute.transactions() / 60,
                minute.queries() / 60,
                minute.received() / 60,
                minute.sent() / 60,
                minute.transactionTime() / MICROSECOND / Math.max(1, minute.transactions()),
                minute.queryTime() / MICROSECOND / Math.max(1, minute.queries()),
                minute.waitTime() / MICROSECOND / Math.max(1, minute.assignments()),
                minute.clientParses() / 60,
                minute.serverParses() / 60,
                minute.binds() / 60);
    }

    private Table members(Table table, String type, List<PoolMember> all) {
        for (PoolMember member : all) {
            boolean shown = seesAddresses || member.role().equals(role);
            table.add(
                    type,
                    member.role(),
                    member.database(),
                    "none",
                    member.state(),
                    shown ? member.address() : null,
                    shown ? member.port() : 0,
                    null,
                    0,
                    TIME.format(Instant.ofEpochMilli(member.connectedAtMillis())),
                    TIME.format(Instant.ofEpochMilli(member.requestedAtMillis())),
                    member.waitNanos() / SECOND,
                    member.waitNanos() % SECOND / MICROSECOND,
                    0,
                    "%x".formatted(member.id()),
                    member.link() == 0 ? "" : "%x".formatted(member.link()),
                    member.processId(),
                    member.tls(),
                    member.applicationName(),
                    member.preparedStatements(),
                    member.id());
        }
        return table;
    }

    private Table config(Table table) {
        PoolSettings now = pools.settings();
        PoolSettings usual = PoolSettings.DEFAULTS;
        setting(table, "pool_mode", "transaction", "transaction", "no");
        setting(table, "default_pool_size", now.size(), usual.size(), "yes");
        setting(table, "max_client_conn", now.maxClients(), usual.maxClients(), "yes");
        setting(table, "max_db_connections", now.perDatabase(), usual.perDatabase(), "yes");
        setting(table, "max_user_connections", now.perRole(), usual.perRole(), "yes");
        setting(
                table,
                "max_prepared_statements",
                now.preparedStatements(),
                usual.preparedStatements(),
                "yes");
        setting(
                table,
                "query_wait_timeout",
                now.patience().toSeconds(),
                usual.patience().toSeconds(),
                "yes");
        setting(
                table,
                "server_lifetime",
                now.lifetime().toSeconds(),
                usual.lifetime().toSeconds(),
                "yes");
        setting(
                table,
                "server_idle_timeout",
                now.idle().toSeconds(),
                usual.idle().toSeconds(),
                "yes");
        setting(
                table,
                "server_check_delay",
                now.check().toSeconds(),
                usual.check().toSeconds(),
                "yes");
        return table;
    }

    private static void setting(
            Table table, String key, Object value, Object usual, String changeable) {
        table.add(key, value, usual, changeable);
    }

    private static Table help(Table table) {
        table.add(
                "SHOW HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION|LISTS|STATS|STATS_TOTALS|STATS_AVERAGES");
        table.add("PAUSE [<db>]");
        table.add("RESUME [<db>]");
        table.add("RECONNECT [<db>]");
        return table;
    }
}
