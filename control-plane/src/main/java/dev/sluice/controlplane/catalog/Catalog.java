package dev.sluice.controlplane.catalog;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/**
 * The one door to the catalog. What a call wrote is on disk when it returns. Lists come oldest
 * first, operations newest first.
 */
public final class Catalog implements AutoCloseable {
    private final HikariDataSource source;
    private final Sql sql;
    private final SafekeeperCatalog safekeepers;

    private Catalog(HikariDataSource source) {
        this.source = source;
        this.sql = new Sql(source);
        this.safekeepers = new SafekeeperCatalog(sql);
    }

    /**
     * Opens the catalog, making or migrating it first.
     *
     * @param file without H2's suffix {@code .mv.db}
     */
    public static Catalog open(Path file) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(
                "jdbc:h2:file:" + file.toAbsolutePath() + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0");
        config.setMaximumPoolSize(8);
        config.setMinimumIdle(1);
        config.setPoolName("catalog");
        HikariDataSource source = new HikariDataSource(config);
        try {
            Flyway.configure().dataSource(source).load().migrate();
        } catch (RuntimeException e) {
            source.close();
            throw new CatalogException(
                    "cannot open the catalog at " + file + ": " + e.getMessage(), e);
        }
        return new Catalog(source);
    }

    /** Adds a project with its default branch, and that one's endpoint. */
    public void insertProject(Project project, Branch first, Endpoint endpoint) {
        sql.transact(transaction -> {
            transaction.update(
                    "insert into project values (?, ?, ?, ?, ?, ?, ?, ?)",
                    project.id(),
                    project.name(),
                    project.tenant().toString(),
                    project.pgVersion(),
                    project.systemIdentifier(),
                    project.createdAt(),
                    project.updatedAt(),
                    String.join("\n", project.allowedIps()));
            writeBranch(transaction, first, endpoint);
        });
        sync();
    }

    /** Writes what can change of a project: its name and from where clients may come. */
    public void updateProject(Project project) {
        sql.update(
                "update project set name = ?, allowed_ips = ?, updated_at = ? where id = ?",
                project.name(),
                String.join("\n", project.allowedIps()),
                project.updatedAt(),
                project.id());
        sync();
    }

    public List<Project> projects() {
        return sql.query("select * from project order by created_at, id", Catalog::project);
    }

    public Optional<Project> project(String id) {
        return one(sql.query("select * from project where id = ?", Catalog::project, id));
    }

    public void deleteProject(String id) {
        sql.update("delete from project where id = ?", id);
        sync();
    }

    /** Adds a branch with its endpoint, and the roles and databases that it has from its parent. */
    public void insertBranch(
            Branch branch, Endpoint endpoint, List<Role> roles, List<Database> databases) {
        sql.transact(transaction -> {
            writeBranch(transaction, branch, endpoint);
            writeRoles(transaction, branch.id(), roles);
            writeDatabases(transaction, branch.id(), databases);
        });
        sync();
    }

    private static void writeBranch(Sql.Transaction transaction, Branch branch, Endpoint endpoint)
            throws SQLException {
        Lsn parentLsn = branch.parentLsn();
        transaction.update(
                "insert into branch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                branch.id(),
                branch.projectId(),
                branch.name(),
                branch.timeline().toString(),
                branch.parentId(),
                parentLsn == null ? null : parentLsn.toString(),
                branch.isDefault(),
                branch.rolesStale(),
                branch.createdAt(),
                branch.updatedAt());
        transaction.update(
                "insert into endpoint values (?, ?, ?, ?, ?, ?, ?, ?)",
                endpoint.id(),
                endpoint.projectId(),
                endpoint.branchId(),
                endpoint.suspendTimeoutSeconds(),
                endpoint.computeExpected(),
                endpoint.lastActive(),
                endpoint.createdAt(),
                endpoint.updatedAt());
    }

    public List<Branch> branches(String projectId) {
        return sql.query(
                "select * from branch where project_id = ? order by created_at, id",
                Catalog::branch,
                projectId);
    }

    public Optional<Branch> branch(String id) {
        return one(sql.query("select * from branch where id = ?", Catalog::branch, id));
    }

    public Optional<Branch> branchByName(String projectId, String name) {
        return one(
                sql.query(
                        "select * from branch where project_id = ? and name = ?",
                        Catalog::branch,
                        projectId,
                        name));
    }

    public void deleteBranch(String id) {
        sql.update("delete from branch where id = ?", id);
        sync();
    }

    public List<Endpoint> endpoints(String projectId) {
        return sql.query(
                "select * from endpoint where project_id = ? order by created_at, id",
                Catalog::endpoint,
                projectId);
    }

    public Optional<Endpoint> endpoint(String id) {
        return one(sql.query("select * from endpoint where id = ?", Catalog::endpoint, id));
    }

    public Optional<Endpoint> endpointOfBranch(String branchId) {
        return one(
                sql.query(
                        "select * from endpoint where branch_id = ?", Catalog::endpoint, branchId));
    }

    /** Notes, before a compute starts and after it stopped cleanly, whether one may be running. */
    public void setComputeExpected(String endpointId, boolean expected, Instant now) {
        sql.update(
                "update endpoint set compute_expected = ?, last_active = ?, updated_at = ? where id = ?",
                expected,
                now,
                now,
                endpointId);
        sync();
    }

    public List<Role> roles(String branchId) {
        return sql.query(
                "select * from role where branch_id = ? order by name", Catalog::role, branchId);
    }

    public Optional<Role> role(String branchId, String name) {
        return one(
                sql.query(
                        "select * from role where branch_id = ? and name = ?",
                        Catalog::role,
                        branchId,
                        name));
    }

    public List<Database> databases(String branchId) {
        return sql.query(
                "select * from database where branch_id = ? order by id",
                Catalog::database,
                branchId);
    }

    /** Replaces what is known of a branch's roles and databases by what its compute just said. */
    public void replaceRolesAndDatabases(
            String branchId, List<Role> roles, List<Database> databases) {
        sql.transact(transaction -> {
            transaction.update("delete from role where branch_id = ?", branchId);
            writeRoles(transaction, branchId, roles);
            keepDatabases(transaction, branchId, databases);
            transaction.update("update branch set roles_stale = false where id = ?", branchId);
        });
        sync();
    }

    public void insertOperation(Operation operation) {
        sql.update(
                "insert into operation values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                operation.id(),
                operation.projectId(),
                operation.branchId(),
                operation.endpointId(),
                operation.action(),
                operation.status(),
                operation.error(),
                operation.createdAt(),
                operation.updatedAt(),
                operation.durationMillis());
    }

    public List<Operation> operations(String projectId, int limit) {
        return sql.query(
                "select * from operation where project_id = ? order by created_at desc limit ?",
                Catalog::operation,
                projectId,
                limit);
    }

    private static void writeRoles(Sql.Transaction transaction, String branchId, List<Role> roles)
            throws SQLException {
        for (Role role : roles) {
            transaction.update(
                    "insert into role values (?, ?, ?, ?, ?, ?, ?)",
                    branchId,
                    role.name(),
                    role.verifier(),
                    role.password(),
                    role.superuser(),
                    role.createdAt(),
                    role.updatedAt());
        }
    }

    /** Those that are still there keep their id and their time of creation. */
    private static void keepDatabases(
            Sql.Transaction transaction, String branchId, List<Database> databases)
            throws SQLException {
        Object[] names = databases.stream().map(Database::name).toArray();
        transaction.update(
                "delete from database where branch_id = ? and not (name = any (?))",
                branchId,
                names);
        List<Database> fresh = new ArrayList<>();
        for (Database database : databases) {
            int known =
                    transaction.update(
                            "update database set owner_name = ? where branch_id = ? and name = ?",
                            database.ownerName(),
                            branchId,
                            database.name());
            if (known == 0) {
                fresh.add(database);
            }
        }
        writeDatabases(transaction, branchId, fresh);
    }

    private static void writeDatabases(
            Sql.Transaction transaction, String branchId, List<Database> databases)
            throws SQLException {
        for (Database database : databases) {
            transaction.update(
                    "insert into database (branch_id, name, owner_name, created_at, updated_at)"
                            + " values (?, ?, ?, ?, ?)",
                    branchId,
                    database.name(),
                    database.ownerName(),
                    database.createdAt(),
                    database.updatedAt());
        }
    }

    /** The part that is about safekeepers. */
    public SafekeeperCatalog safekeepers() {
        return safekeepers;
    }

    /** Forces what was committed to disk: H2 alone leaves that to the operating system. */
    private void sync() {
        sql.update("checkpoint sync");
    }

    @Override
    public void close() {
        source.close();
    }

    private static <T> Optional<T> one(List<T> rows) {
        return rows.isEmpty() ? Optional.empty() : Optional.of(rows.getFirst());
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static @Nullable Instant instantOrNull(ResultSet row, String column)
            throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static Project project(ResultSet row) throws SQLException {
        return new Project(
                row.getString("id"),
                row.getString("name"),
                TenantId.parse(row.getString("tenant_id")),
                row.getInt("pg_version"),
                row.getLong("system_identifier"),
                instant(row, "created_at"),
                instant(row, "updated_at"),
                row.getString("allowed_ips").lines().toList());
    }

    private static Branch branch(ResultSet row) throws SQLException {
        String parentLsn = row.getString("parent_lsn");
        return new Branch(
                row.getString("id"),
                row.getString("project_id"),
                row.getString("name"),
                TimelineId.parse(row.getString("timeline_id")),
                row.getString("parent_id"),
                parentLsn == null ? null : Lsn.parse(parentLsn),
                row.getBoolean("is_default"),
                row.getBoolean("roles_stale"),
                instant(row, "created_at"),
                instant(row, "updated_at"));
    }

    private static Endpoint endpoint(ResultSet row) throws SQLException {
        return new Endpoint(
                row.getString("id"),
                row.getString("project_id"),
                row.getString("branch_id"),
                row.getInt("suspend_timeout_seconds"),
                row.getBoolean("compute_expected"),
                instantOrNull(row, "last_active"),
                instant(row, "created_at"),
                instant(row, "updated_at"));
    }

    private static Role role(ResultSet row) throws SQLException {
        return new Role(
                row.getString("branch_id"),
                row.getString("name"),
                row.getString("verifier"),
                row.getString("password"),
                row.getBoolean("is_superuser"),
                instant(row, "created_at"),
                instant(row, "updated_at"));
    }

    private static Database database(ResultSet row) throws SQLException {
        return new Database(
                row.getLong("id"),
                row.getString("branch_id"),
                row.getString("name"),
                row.getString("owner_name"),
                instant(row, "created_at"),
                instant(row, "updated_at"));
    }

    private static Operation operation(ResultSet row) throws SQLException {
        return new Operation(
                row.getObject("id", UUID.class),
                row.getString("project_id"),
                row.getString("branch_id"),
                row.getString("endpoint_id"),
                row.getString("action"),
                row.getString("status"),
                row.getString("error"),
                instant(row, "created_at"),
                instant(row, "updated_at"),
                row.getLong("duration_ms"));
    }
}
