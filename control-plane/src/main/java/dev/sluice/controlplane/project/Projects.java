package dev.sluice.controlplane.project;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.CatalogException;
import dev.sluice.controlplane.catalog.Database;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.catalog.Role;
import dev.sluice.controlplane.naming.Names;
import dev.sluice.gateway.routing.AddressRange;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes projects and branches, and finds them by id or name. */
public final class Projects {
    private static final Logger log = LoggerFactory.getLogger(Projects.class);

    public static final String DEFAULT_BRANCH = "main";
    public static final String DEFAULT_DATABASE = "sluicedb";
    public static final int MAX_NAME = 256;

    private static final Duration INGEST_LIMIT = Duration.ofMinutes(5);

    private final Catalog catalog;
    private final PageService pages;
    private final WalServices wal;
    private final Templates templates;
    private final Endpoints endpoints;
    private final Roles roles;
    private final Operations operations;
    private final Names names;
    private final RandomGenerator random;
    private final InstantSource clock;
    private final int defaultSuspendSeconds;

    public Projects(
            Catalog catalog,
            PageService pages,
            WalServices wal,
            Templates templates,
            Endpoints endpoints,
            Roles roles,
            Operations operations,
            RandomGenerator random,
            InstantSource clock,
            int defaultSuspendSeconds) {
        this.catalog = catalog;
        this.pages = pages;
        this.wal = wal;
        this.templates = templates;
        this.endpoints = endpoints;
        this.roles = roles;
        this.operations = operations;
        this.names = new Names(random);
        this.random = random;
        this.clock = clock;
        this.defaultSuspendSeconds = defaultSuspendSeconds;
    }

    /** Makes a project with a default branch, a role and a database. */
    public Project create(Optional<String> name, int pgVersion) {
        String id = names.projectId();
        Instant now = clock.instant();
        long systemIdentifier = (now.getEpochSecond() << 32) | (random.nextInt() & 0xFFFFFFFFL);
        Project project =
                new Project(
                        id,
                        checkName("project", name.orElse(id)),
                        TenantId.random(),
                        pgVersion,
                        systemIdentifier,
                        now,
                        now,
                        List.of());
        TimelineId timeline = TimelineId.random();
        TenantTimelineId timelineId = new TenantTimelineId(project.tenant(), timeline);
        wal.begin(timelineId);
        try {
            Lsn start =
                    pages.createTimeline(
                            timelineId, templates.template(pgVersion), systemIdentifier);
            wal.create(timelineId, systemIdentifier, pgVersion, start);
            pages.attachWal(timelineId, wal.addresses(timelineId));
        } catch (IOException e) {
            Refusal refusal =
                    new Refusal(
                            Refusal.Reason.FAILED, "cannot make a project: " + e.getMessage(), e);
            takeBack(timelineId, refusal);
            throw refusal;
        }
        Branch branch =
                new Branch(
                        names.branchId(),
                        id,
                        DEFAULT_BRANCH,
                        timeline,
                        null,
                        null,
                        true,
                        false,
                        now,
                        now);
        catalog.insertProject(project, branch, newEndpoint(branch, now));
        operations.record(id, branch.id(), null, "create_timeline", () -> branch);
        ensureOwner(branch);
        return project;
    }

    /**
     * Changes a project.
     *
     * @param name the new one; empty to keep it
     * @param allowedIps from where clients may come from now on; empty to keep what it is
     */
    public Project update(
            Project project, Optional<String> name, Optional<List<String>> allowedIps) {
        Project changed =
                new Project(
                        project.id(),
                        name.map(text -> checkName("project", text)).orElse(project.name()),
                        project.tenant(),
                        project.pgVersion(),
                        project.systemIdentifier(),
                        project.createdAt(),
                        clock.instant(),
                        allowedIps.orElse(project.allowedIps()));
        changed.allowedIps().forEach(AddressRange::parse);
        catalog.updateProject(changed);
        return changed;
    }

    /**
     * Gives a branch without any role its owner and its database: also after a crash in the middle
     * of {@link #create}.
     */
    public void ensureOwner(Branch branch) {
        if (!catalog.roles(branch.id()).isEmpty()) {
            return;
        }
        Endpoint endpoint = endpointOf(branch);
        Computes.Started compute = endpoints.wakeAndWait(endpoint.id());
        operations.record(
                branch.projectId(),
                branch.id(),
                endpoint.id(),
                "apply_config",
                () ->
                        roles.create(
                                endpoint,
                                compute,
                                DEFAULT_DATABASE + "_owner",
                                names.password(),
                                false,
                                Optional.of(DEFAULT_DATABASE)));
    }

    /**
     * Makes a branch.
     *
     * @param parent the branch to copy
     * @param at where in the parent's history; empty for now. Rounded down to the end of a WAL
     *     record
     */
    public Branch branch(Branch parent, Optional<String> name, Optional<Lsn> at) {
        Project project = project(parent.projectId());
        String id = names.branchId();
        String branchName = checkName("branch", name.orElse(id));
        requireNewName(project, branchName);
        return operations.record(
                project.id(),
                id,
                null,
                "create_branch",
                () -> branch(project, parent, id, branchName, at));
    }

    private void requireNewName(Project project, String branchName) {
        if (catalog.branchByName(project.id(), branchName).isPresent()) {
            throw new Refusal(
                    Refusal.Reason.CONFLICT,
                    "branch already exists; branch_name:\"" + branchName + "\"");
        }
    }

    private Branch branch(Project project, Branch parent, String id, String name, Optional<Lsn> at)
            throws IOException {
        TenantTimelineId parentTimeline = timelineOf(parent);
        Lsn point =
                at.isPresent() ? pointInHistory(parent, at.get()) : wal.commitLsn(parentTimeline);
        TimelineId timeline = TimelineId.random();
        TenantTimelineId timelineId = new TenantTimelineId(project.tenant(), timeline);
        CompletableFuture<Void> begun = inBackground("begin-timeline", () -> wal.begin(timelineId));
        CompletableFuture<Void> walBegins = begun;
        Roles.Snapshot inherited;
        try {
            inherited = rolesOf(parent, at.isEmpty());
            pages.waitForLsn(parentTimeline, point, INGEST_LIMIT);
            await(begun);
            // Safekeepers and pageserver each force their files to disk: neither waits for the
            // other's.
            walBegins = inBackground("create-wal", () -> createWal(timelineId, project, point));
            pages.branchTimeline(parentTimeline, timeline, point);
            await(walBegins);
            pages.attachWal(timelineId, wal.addresses(timelineId));
        } catch (IOException | RuntimeException e) {
            settled(walBegins);
            takeBack(timelineId, e);
            throw e;
        }
        Instant now = clock.instant();
        Branch branch =
                new Branch(
                        id,
                        project.id(),
                        name,
                        timeline,
                        parent.id(),
                        point,
                        false,
                        at.isPresent(),
                        now,
                        now);
        try {
            catalog.insertBranch(
                    branch, newEndpoint(branch, now), inherited.roles(), inherited.databases());
        } catch (CatalogException e) {
            if (catalog.branch(id).isEmpty()) {
                takeBack(timelineId, e);
                requireNewName(project, name);
            }
            throw e;
        }
        return branch;
    }

    /** What there is of a branch that cannot be made: its parent could never be deleted else. */
    private void takeBack(TenantTimelineId id, Exception failure) {
        try {
            takeBack(id);
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private void takeBack(TenantTimelineId id) throws IOException {
        pages.deleteTimeline(id);
        wal.takeBack(id);
    }

    /**
     * Takes back what an earlier run began to make and did not come to an end with. Nothing may be
     * made meanwhile.
     */
    public void clearUnfinished() {
        Set<TimelineId> made = new HashSet<>();
        for (Project project : catalog.projects()) {
            catalog.branches(project.id()).forEach(branch -> made.add(branch.timeline()));
        }
        for (TenantTimelineId id : wal.begun()) {
            if (!made.contains(id.timeline())) {
                try {
                    takeBack(id);
                    log.info("timeline {} was not made to its end: it is taken back", id);
                } catch (IOException e) {
                    log.warn("timeline {} was not made to its end: {}", id, e.getMessage());
                }
            }
        }
    }

    private static CompletableFuture<Void> inBackground(String name, Runnable work) {
        return CompletableFuture.runAsync(work, task -> Thread.ofVirtual().name(name).start(task));
    }

    private void createWal(TenantTimelineId id, Project project, Lsn start) {
        try {
            wal.create(id, project.systemIdentifier(), project.pgVersion(), start);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until it is over, however it ended. */
    private static void settled(CompletableFuture<Void> work) {
        try {
            await(work);
        } catch (IOException e) {
            log.debug("its WAL was not made", e);
        }
    }

    private static void await(CompletableFuture<Void> work) throws IOException {
        try {
            work.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof UncheckedIOException cause
                    ? new IOException(cause.getMessage(), cause)
                    : new IOException(e);
        }
    }

    /**
     * The record boundary at or before {@code lsn} in the history that {@code branch} has, its
     * ancestors' included.
     */
    private Lsn pointInHistory(Branch branch, Lsn lsn) throws IOException {
        Lsn end = wal.commitLsn(timelineOf(branch));
        if (lsn.isAfter(end)) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "LSN "
                            + lsn
                            + " lies in the future of branch \""
                            + branch.name()
                            + "\", which is at "
                            + end);
        }
        Branch owner = branch;
        while (owner.parentId() != null
                && owner.parentLsn() != null
                && lsn.isBefore(owner.parentLsn())) {
            owner = branch(owner.parentId());
        }
        return wal.recordBoundary(timelineOf(owner), lsn);
    }

    /**
     * The branch's roles as its compute says them if it runs and is to be asked, else as last
     * known.
     */
    private Roles.Snapshot rolesOf(Branch branch, boolean askCompute) {
        Endpoint endpoint = endpointOf(branch);
        Optional<Computes.Started> compute =
                askCompute ? endpoints.running(endpoint.id()) : Optional.empty();
        if (compute.isPresent()) {
            try {
                return roles.read(endpoint, compute.get());
            } catch (SQLException e) {
                log.warn(
                        "branching {} with the roles known before: {}",
                        branch.name(),
                        e.getMessage());
            }
        }
        return new Roles.Snapshot(catalog.roles(branch.id()), catalog.databases(branch.id()));
    }

    /** Deletes a branch that is neither the default nor anybody's parent. */
    public void delete(Branch branch) {
        if (branch.isDefault()) {
            throw new Refusal(Refusal.Reason.IMPOSSIBLE, "cannot delete the default branch");
        }
        List<String> children = new ArrayList<>();
        for (Branch other : catalog.branches(branch.projectId())) {
            if (branch.id().equals(other.parentId())) {
                children.add("\"" + other.name() + "\"");
            }
        }
        if (!children.isEmpty()) {
            throw new Refusal(
                    Refusal.Reason.IMPOSSIBLE,
                    "cannot delete branch \""
                            + branch.name()
                            + "\": it is the parent of "
                            + String.join(", ", children));
        }
        try {
            wal.requireDeletable(timelineOf(branch));
        } catch (IOException e) {
            throw new Refusal(
                    Refusal.Reason.UNAVAILABLE,
                    "cannot delete branch \"" + branch.name() + "\": " + e.getMessage(),
                    e);
        }
        endpoints.remove(endpointOf(branch).id(), () -> deleteTimeline(branch));
    }

    private void deleteTimeline(Branch branch) {
        operations.record(
                branch.projectId(),
                branch.id(),
                null,
                "delete_timeline",
                () -> {
                    // What fails from here on can be completed by deleting it again.
                    pages.deleteTimeline(timelineOf(branch));
                    wal.delete(timelineOf(branch));
                    catalog.deleteBranch(branch.id());
                    return branch;
                });
    }

    public List<Project> projects() {
        return catalog.projects();
    }

    public Project project(String id) {
        return catalog.project(id).orElseThrow(() -> Refusal.notFound("project", id));
    }

    /** The project meant when none is named: the only one. */
    public Project onlyProject() {
        List<Project> all = catalog.projects();
        if (all.size() != 1) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    all.isEmpty()
                            ? "there is no project yet"
                            : "there are several projects: name one");
        }
        return all.getFirst();
    }

    public Branch branch(String id) {
        return catalog.branch(id).orElseThrow(() -> Refusal.notFound("branch", id));
    }

    /** A branch of the project by its id or its name. */
    public Branch branch(Project project, String idOrName) {
        return catalog.branch(idOrName)
                .filter(branch -> branch.projectId().equals(project.id()))
                .or(() -> catalog.branchByName(project.id(), idOrName))
                .orElseThrow(() -> Refusal.notFound("branch", idOrName));
    }

    public Branch defaultBranch(Project project) {
        return catalog.branches(project.id()).stream()
                .filter(Branch::isDefault)
                .findFirst()
                .orElseThrow(() -> Refusal.notFound("default branch of project", project.id()));
    }

    public Endpoint endpointOf(Branch branch) {
        return catalog.endpointOfBranch(branch.id())
                .orElseThrow(() -> Refusal.notFound("endpoint of branch", branch.name()));
    }

    public TenantTimelineId timelineOf(Branch branch) {
        return new TenantTimelineId(project(branch.projectId()).tenant(), branch.timeline());
    }

    /** The role and database that a connection string names when its user names none. */
    public record Owner(Role role, Database database) {}

    public Owner owner(Branch branch, Optional<String> roleName, Optional<String> databaseName) {
        Role role =
                catalog.roles(branch.id()).stream()
                        .filter(candidate -> roleName.isPresent() || candidate.password() != null)
                        .filter(candidate ->
                                roleName.isEmpty() || candidate.name().equals(roleName.get()))
                        .min(java.util.Comparator.comparing(Role::createdAt))
                        .orElseThrow(() ->
                                Refusal.notFound("role", roleName.orElse("with a known password")));
        Database database =
                catalog.databases(branch.id()).stream()
                        .filter(candidate ->
                                databaseName.isEmpty()
                                        || candidate.name().equals(databaseName.get()))
                        .min(
                                java.util.Comparator.comparing((Database candidate) ->
                                                !candidate.ownerName().equals(role.name()))
                                        .thenComparingLong(Database::id))
                        .orElseThrow(
                                () -> Refusal.notFound("database", databaseName.orElse("any")));
        return new Owner(role, database);
    }

    private Endpoint newEndpoint(Branch branch, Instant now) {
        return new Endpoint(
                names.endpointId(),
                branch.projectId(),
                branch.id(),
                defaultSuspendSeconds,
                false,
                null,
                now,
                now);
    }

    private static String checkName(String what, String name) {
        boolean control = name.chars().anyMatch(Character::isISOControl);
        if (name.isBlank() || name.length() > MAX_NAME || control) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "a " + what + "'s name has 1 to " + MAX_NAME + " printable characters");
        }
        return name;
    }
}
