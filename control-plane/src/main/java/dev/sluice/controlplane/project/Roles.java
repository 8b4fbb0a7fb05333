package dev.sluice.controlplane.project;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Database;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Role;
import dev.sluice.wire.scram.ScramKeys;
import dev.sluice.wire.scram.ScramVerifier;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may log in to a branch, and which databases it has.
 *
 * <p>The truth is the branch's own {@code pg_authid} and {@code pg_database}, so roles made by
 * plain SQL count at once: while the compute runs it is asked; what it said last, when it was about
 * to sleep, is in the catalog. A compute that died before it could be asked leaves its endpoint
 * marked ({@link Endpoint#computeExpected}), and the next start of the server wakes it to ask.
 */
public final class Roles implements Endpoints.Listener {
    private static final Logger log = LoggerFactory.getLogger(Roles.class);

    /** Everybody in {@code pg_authid} but Postgres's own roles and our administrator. */
    private static final String READ_ROLES =
            "select rolname, case when rolcanlogin then rolpassword end, rolsuper from pg_catalog.pg_authid"
                    + " where oid >= 16384";

    private static final String READ_DATABASES =
            "select datname, pg_catalog.pg_get_userbyid(datdba) from pg_catalog.pg_database"
                    + " where not datistemplate and datname <> 'postgres' order by oid";

    private static final String READ_VERIFIER =
            "select rolpassword from pg_catalog.pg_authid where rolname = ? and rolcanlogin and oid >= 16384"
                    + " and (rolvaliduntil is null or rolvaliduntil > pg_catalog.now())";

    private final Catalog catalog;
    private final InstantSource clock;
    private final Map<String, Administrator> administrators = new ConcurrentHashMap<>();

    public Roles(Catalog catalog, InstantSource clock) {
        this.catalog = catalog;
        this.clock = clock;
    }

    /**
     * The SCRAM verifier that a role logs in with, as of now.
     *
     * @return empty when there is no such role, or it has no password or may not log in
     */
    public Optional<String> verifier(
            Endpoint endpoint, Optional<Computes.Started> compute, String role) {
        if (compute.isPresent()) {
            try {
                return liveVerifier(compute.get(), role);
            } catch (SQLException e) {
                log.warn("cannot read pg_authid of {}: {}", endpoint.id(), e.getMessage());
            }
        }
        return catalog.role(endpoint.branchId(), role)
                .map(Role::verifier)
                .filter(verifier -> verifier != null && verifier.startsWith("SCRAM-SHA-256$"));
    }

    /**
     * What logs a role in at the compute without anybody showing its password: for roles whose
     * password was made up here and is still theirs. Superusers are never logged in so.
     */
    public Optional<ScramKeys> loginKeys(
            Endpoint endpoint, Optional<Computes.Started> compute, String name) {
        Optional<String> password =
                catalog.role(endpoint.branchId(), name)
                        .filter(role -> !role.superuser())
                        .map(Role::password);
        return password.flatMap(known ->
                verifier(endpoint, compute, name)
                        .flatMap(verifier -> ScramVerifier.parse(verifier).keysOf(known)));
    }

    private Optional<String> liveVerifier(Computes.Started compute, String role)
            throws SQLException {
        return administrator(compute.endpointId())
                .use(
                        compute,
                        connection -> {
                            try (PreparedStatement statement =
                                    connection.prepareStatement(READ_VERIFIER)) {
                                statement.setString(1, role);
                                try (ResultSet rows = statement.executeQuery()) {
                                    return rows.next()
                                            ? Optional.ofNullable(rows.getString(1))
                                            : Optional.empty();
                                }
                            }
                        });
    }

    private Administrator administrator(String endpointId) {
        return administrators.computeIfAbsent(
                endpointId,
                _ -> new Administrator(compute -> AdminSql.connect(compute, "postgres")));
    }

    /** Who may log in to a branch, and its databases, at one moment. */
    public record Snapshot(List<Role> roles, List<Database> databases) {
        public Snapshot {
            roles = List.copyOf(roles);
            databases = List.copyOf(databases);
        }
    }

    /** Reads roles and databases from the running compute into the catalog. */
    public void refresh(Endpoint endpoint, Computes.Started compute) throws SQLException {
        Snapshot now = read(endpoint, compute);
        catalog.replaceRolesAndDatabases(endpoint.branchId(), now.roles(), now.databases());
    }

    /**
     * Reads roles and databases from the running compute, with the passwords that the catalog
     * knows.
     */
    Snapshot read(Endpoint endpoint, Computes.Started compute) throws SQLException {
        Instant now = clock.instant();
        Map<String, Role> known =
                catalog.roles(endpoint.branchId()).stream()
                        .collect(Collectors.toMap(Role::name, Function.identity()));
        List<Role> roles = new ArrayList<>();
        List<Database> databases = new ArrayList<>();
        execute(
                compute,
                statement -> {
                    try (ResultSet rows = statement.executeQuery(READ_ROLES)) {
                        while (rows.next()) {
                            roles.add(role(endpoint.branchId(), rows, known, now));
                        }
                    }
                    try (ResultSet rows = statement.executeQuery(READ_DATABASES)) {
                        while (rows.next()) {
                            databases.add(
                                    new Database(
                                            0,
                                            endpoint.branchId(),
                                            rows.getString(1),
                                            rows.getString(2),
                                            now,
                                            now));
                        }
                    }
                });
        return new Snapshot(roles, databases);
    }

    private static Role role(String branchId, ResultSet row, Map<String, Role> known, Instant now)
            throws SQLException {
        String name = row.getString(1);
        String verifier = row.getString(2);
        Role before = known.get(name);
        if (before == null) {
            return new Role(branchId, name, verifier, null, row.getBoolean(3), now, now);
        }
        boolean same = verifier != null && verifier.equals(before.verifier());
        return new Role(
                branchId,
                name,
                verifier,
                same ? before.password() : null,
                row.getBoolean(3),
                before.createdAt(),
                same ? before.updatedAt() : now);
    }

    /**
     * Makes a role that can log in, or gives an existing one a new password.
     *
     * @param database to make for it too, owned by it; empty for none
     */
    public Role create(
            Endpoint endpoint,
            Computes.Started compute,
            String name,
            String password,
            boolean superuser,
            Optional<String> database)
            throws SQLException {
        String role = AdminSql.quoteIdentifier(name);
        String attributes =
                superuser
                        ? "login superuser createdb createrole replication bypassrls"
                        : "login createdb createrole";
        execute(
                compute,
                statement -> {
                    Connection connection = statement.getConnection();
                    boolean exists = exists(connection, "pg_authid where rolname = ?", name);
                    statement.execute(
                            (exists
                                            ? "alter role " + role + " with login"
                                            : "create role " + role + " with " + attributes)
                                    + " password "
                                    + AdminSql.quoteLiteral(password));
                    if (database.isPresent()
                            && !exists(
                                    connection, "pg_database where datname = ?", database.get())) {
                        statement.execute(
                                "create database "
                                        + AdminSql.quoteIdentifier(database.get())
                                        + " owner "
                                        + role);
                    }
                });
        refresh(endpoint, compute);
        return rememberPassword(endpoint.branchId(), name, password);
    }

    private static boolean exists(Connection connection, String fromWhere, String name)
            throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select 1 from pg_catalog." + fromWhere)) {
            statement.setString(1, name);
            try (ResultSet rows = statement.executeQuery()) {
                return rows.next();
            }
        }
    }

    private Role rememberPassword(String branchId, String name, String password) {
        List<Role> roles = new ArrayList<>(catalog.roles(branchId));
        Role result = null;
        for (int i = 0; i < roles.size(); i++) {
            Role role = roles.get(i);
            if (role.name().equals(name)) {
                result =
                        new Role(
                                branchId,
                                name,
                                role.verifier(),
                                password,
                                role.superuser(),
                                role.createdAt(),
                                role.updatedAt());
                roles.set(i, result);
            }
        }
        if (result == null) {
            throw Refusal.notFound("role", name);
        }
        catalog.replaceRolesAndDatabases(branchId, roles, catalog.databases(branchId));
        return result;
    }

    /** Drops a role; Postgres refuses while it owns something. */
    public void drop(Endpoint endpoint, Computes.Started compute, String name) throws SQLException {
        execute(compute, "drop role " + AdminSql.quoteIdentifier(name));
        refresh(endpoint, compute);
    }

    public void createDatabase(
            Endpoint endpoint, Computes.Started compute, String name, String owner)
            throws SQLException {
        execute(
                compute,
                "create database "
                        + AdminSql.quoteIdentifier(name)
                        + " owner "
                        + AdminSql.quoteIdentifier(owner));
        refresh(endpoint, compute);
    }

    public void dropDatabase(Endpoint endpoint, Computes.Started compute, String name)
            throws SQLException {
        execute(compute, "drop database " + AdminSql.quoteIdentifier(name) + " with (force)");
        refresh(endpoint, compute);
    }

    private void execute(Computes.Started compute, String statementText) throws SQLException {
        execute(compute, statement -> statement.execute(statementText));
    }

    /** What is done as administrator. */
    private interface Commands {
        void run(Statement statement) throws SQLException;
    }

    private void execute(Computes.Started compute, Commands commands) throws SQLException {
        administrator(compute.endpointId())
                .use(
                        compute,
                        connection -> {
                            try (Statement statement = connection.createStatement()) {
                                commands.run(statement);
                                return compute;
                            }
                        });
    }

    /**
     * A branch whose roles were copied or may have changed unseen: its compute is asked before
     * anybody gets in.
     */
    @Override
    public void started(Endpoint endpoint, Computes.Started compute) {
        boolean stale =
                endpoint.computeExpected()
                        || catalog.branch(endpoint.branchId())
                                .map(Branch::rolesStale)
                                .orElse(false);
        if (stale) {
            refreshOrRefuse(endpoint, compute);
        }
    }

    @Override
    public void suspending(Endpoint endpoint, Computes.Started compute) {
        refreshOrRefuse(endpoint, compute);
        administrator(endpoint.id()).close();
    }

    @Override
    public void stopped(Endpoint endpoint, boolean cleanly) {
        administrator(endpoint.id()).close();
    }

    private void refreshOrRefuse(Endpoint endpoint, Computes.Started compute) {
        try {
            refresh(endpoint, compute);
        } catch (SQLException e) {
            throw new Refusal(
                    Refusal.Reason.FAILED,
                    "cannot read the roles of " + endpoint.id() + ": " + e.getMessage(),
                    e);
        }
    }
}
