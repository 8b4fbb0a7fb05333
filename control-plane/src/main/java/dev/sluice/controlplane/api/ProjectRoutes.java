package dev.sluice.controlplane.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.api.ApiServer.Answer;
import dev.sluice.controlplane.api.ApiServer.Request;
import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Database;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.catalog.Role;
import dev.sluice.controlplane.naming.Names;
import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Endpoints;
import dev.sluice.controlplane.project.Operations;
import dev.sluice.controlplane.project.Projects;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Roles;
import dev.sluice.wire.Lsn;
import io.vertx.core.http.HttpMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The public API's routes for projects, branches, endpoints, roles, databases and operations. */
public final class ProjectRoutes {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int DEFAULT_OPERATIONS = 100;
    private static final int DEFAULT_PG_VERSION = 17;
    private static final int MAX_ROLE_NAME = 63;
    private static final String P = "/projects/:project_id";
    private static final String B = P + "/branches/:branch_id";

    private final Catalog catalog;
    private final Projects projects;
    private final Endpoints endpoints;
    private final Roles roles;
    private final Operations operations;
    private final Names names;
    private final Connections connections;
    private final ApiJson json;

    public ProjectRoutes(
            Catalog catalog,
            Projects projects,
            Endpoints endpoints,
            Roles roles,
            Operations operations,
            Names names,
            Connections connections) {
        this.catalog = catalog;
        this.projects = projects;
        this.endpoints = endpoints;
        this.roles = roles;
        this.operations = operations;
        this.names = names;
        this.connections = connections;
        this.json = new ApiJson(connections);
    }

    public void addTo(ApiServer server) {
        server.route(HttpMethod.GET, "/projects", this::listProjects)
                .route(HttpMethod.POST, "/projects", this::createProject)
                .route(
                        HttpMethod.GET,
                        P,
                        request -> Answer.ok("project", json.project(project(request))))
                .route(HttpMethod.PATCH, P, this::updateProject)
                .route(HttpMethod.GET, P + "/operations", this::listOperations)
                .route(HttpMethod.GET, P + "/connection_uri", this::connectionUri)
                .route(HttpMethod.GET, P + "/branches", this::listBranches)
                .route(HttpMethod.POST, P + "/branches", this::createBranch)
                .route(HttpMethod.GET, B, this::getBranch)
                .route(HttpMethod.DELETE, B, this::deleteBranch)
                .route(HttpMethod.GET, B + "/endpoints", this::listBranchEndpoints)
                .route(HttpMethod.GET, P + "/endpoints", this::listEndpoints)
                .route(HttpMethod.GET, P + "/endpoints/:endpoint_id", this::getEndpoint)
                .route(HttpMethod.POST, P + "/endpoints/:endpoint_id/start", this::startEndpoint)
                .route(
                        HttpMethod.POST,
                        P + "/endpoints/:endpoint_id/suspend",
                        this::suspendEndpoint)
                .route(
                        HttpMethod.POST,
                        P + "/endpoints/:endpoint_id/restart",
                        this::restartEndpoint)
                .route(HttpMethod.GET, B + "/roles", this::listRoles)
                .route(HttpMethod.POST, B + "/roles", this::createRole)
                .route(HttpMethod.DELETE, B + "/roles/:role_name", this::deleteRole)
                .route(
                        HttpMethod.GET,
                        B + "/roles/:role_name/reveal_password",
                        this::revealPassword)
                .route(HttpMethod.POST, B + "/roles/:role_name/reset_password", this::resetPassword)
                .route(HttpMethod.GET, B + "/databases", this::listDatabases)
                .route(HttpMethod.POST, B + "/databases", this::createDatabase)
                .route(HttpMethod.DELETE, B + "/databases/:database_name", this::deleteDatabase);
    }

    private Answer listProjects(Request request) {
        ObjectNode body = Answer.object("projects", array(projects.projects(), json::project));
        body.putObject("applications");
        body.putObject("integrations");
        return new Answer(200, body);
    }

    private Answer createProject(Request request) {
        int version =
                request.text("project", "pg_version")
                        .map(Integer::parseInt)
                        .orElse(DEFAULT_PG_VERSION);
        if (version != DEFAULT_PG_VERSION) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "this server has Postgres " + DEFAULT_PG_VERSION + ", not " + version);
        }
        Project project = projects.create(request.text("project", "name"), version);
        Branch branch = projects.defaultBranch(project);
        ObjectNode body = Answer.object("project", json.project(project));
        body.setAll(branchParts(branch, true));
        return new Answer(201, body);
    }

    /** The fields that an answer about a new branch has in common with one about a new project. */
    private ObjectNode branchParts(Branch branch, boolean withPasswords) {
        Endpoint endpoint = projects.endpointOf(branch);
        ObjectNode body = Answer.object("branch", json.branch(branch));
        body.putArray("endpoints").add(json.endpoint(endpoint, endpoints.state(endpoint.id())));
        body.putArray("operations");
        body.set(
                "roles", array(catalog.roles(branch.id()), role -> json.role(role, withPasswords)));
        body.set("databases", array(catalog.databases(branch.id()), json::database));
        body.putArray("connection_uris")
                .addObject()
                .put(
                        "connection_uri",
                        connections.uri(
                                endpoint,
                                projects.owner(branch, Optional.empty(), Optional.empty()),
                                false));
        return body;
    }

    private Answer updateProject(Request request) {
        Project changed =
                projects.update(
                        project(request), request.text("project", "name"), allowedIps(request));
        return withOperations(Answer.object("project", json.project(changed)), 200);
    }

    private static Optional<List<String>> allowedIps(Request request) {
        JsonNode settings = request.body().path("project").path("settings");
        JsonNode ips = settings.path("allowed_ips").path("ips");
        if (ips.isMissingNode()) {
            return Optional.empty();
        }
        if (!ips.isArray()) {
            throw new Refusal(Refusal.Reason.BAD_REQUEST, "allowed_ips.ips must be an array");
        }
        List<String> addresses = new ArrayList<>();
        ips.forEach(address -> addresses.add(address.asText()));
        return Optional.of(addresses);
    }

    private Answer listOperations(Request request) {
        int limit = request.query("limit").map(Integer::parseInt).orElse(DEFAULT_OPERATIONS);
        if (limit < 1 || limit > 1000) {
            throw new Refusal(Refusal.Reason.BAD_REQUEST, "limit must be 1 to 1000");
        }
        return Answer.ok(
                "operations",
                array(catalog.operations(project(request).id(), limit), json::operation));
    }

    private Answer connectionUri(Request request) {
        Project project = project(request);
        Branch branch =
                request.query("branch_id")
                        .map(id -> projects.branch(project, id))
                        .orElseGet(() -> projects.defaultBranch(project));
        Projects.Owner owner =
                projects.owner(branch, request.query("role_name"), request.query("database_name"));
        boolean pooled = request.query("pooled").map(Boolean::parseBoolean).orElse(false);
        return Answer.ok(
                "uri", NODES.textNode(connections.uri(projects.endpointOf(branch), owner, pooled)));
    }

    private Answer listBranches(Request request) {
        ObjectNode body =
                Answer.object(
                        "branches", array(catalog.branches(project(request).id()), json::branch));
        body.putObject("annotations");
        return new Answer(200, body);
    }

    private Answer createBranch(Request request) {
        Project project = project(request);
        Branch parent =
                request.text("branch", "parent_id")
                        .map(id -> projects.branch(project, id))
                        .orElseGet(() -> projects.defaultBranch(project));
        Branch branch =
                projects.branch(
                        parent,
                        request.text("branch", "name"),
                        request.text("branch", "parent_lsn").map(Lsn::parse));
        return new Answer(201, branchParts(branch, false));
    }

    private Answer getBranch(Request request) {
        ObjectNode body = Answer.object("branch", json.branch(branch(request)));
        body.putObject("annotation");
        return new Answer(200, body);
    }

    private Answer deleteBranch(Request request) {
        Branch branch = branch(request);
        projects.delete(branch);
        return withOperations(Answer.object("branch", json.branch(branch)), 200);
    }

    private Answer listBranchEndpoints(Request request) {
        return Answer.ok(
                "endpoints", array(List.of(projects.endpointOf(branch(request))), this::json));
    }

    private Answer listEndpoints(Request request) {
        return Answer.ok("endpoints", array(catalog.endpoints(project(request).id()), this::json));
    }

    private Answer getEndpoint(Request request) {
        return Answer.ok("endpoint", json(endpoint(request)));
    }

    private Answer startEndpoint(Request request) {
        Endpoint endpoint = endpoint(request);
        endpoints.wakeAndWait(endpoint.id());
        return withOperations(Answer.object("endpoint", json(endpoint(request))), 200);
    }

    private Answer suspendEndpoint(Request request) {
        Endpoint endpoint = endpoint(request);
        endpoints.suspend(endpoint.id());
        return withOperations(Answer.object("endpoint", json(endpoint(request))), 200);
    }

    private Answer restartEndpoint(Request request) {
        endpoints.suspend(endpoint(request).id());
        return startEndpoint(request);
    }

    private Answer listRoles(Request request) {
        Branch branch = branch(request);
        refreshIfRunning(branch);
        return Answer.ok(
                "roles", array(catalog.roles(branch.id()), role -> json.role(role, false)));
    }

    private Answer createRole(Request request) {
        Branch branch = branch(request);
        String name = request.text("role", "name").orElse("");
        if (name.isEmpty()
                || name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > MAX_ROLE_NAME) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "a role's name has 1 to " + MAX_ROLE_NAME + " bytes");
        }
        refreshIfRunning(branch);
        if (catalog.role(branch.id(), name).isPresent()) {
            throw new Refusal(Refusal.Reason.CONFLICT, "role already exists: \"" + name + "\"");
        }
        boolean superuser =
                request.text("role", "superuser").map(Boolean::parseBoolean).orElse(false);
        Role role = writeRole(branch, name, superuser);
        return withOperations(Answer.object("role", json.role(role, true)), 201);
    }

    private Role writeRole(Branch branch, String name, boolean superuser) {
        return onCompute(
                branch,
                (endpoint, compute) ->
                        roles.create(
                                endpoint,
                                compute,
                                name,
                                names.password(),
                                superuser,
                                Optional.empty()));
    }

    private Answer deleteRole(Request request) {
        Branch branch = branch(request);
        Role role = role(branch, request);
        onCompute(
                branch,
                (endpoint, compute) -> {
                    roles.drop(endpoint, compute, role.name());
                    return role;
                });
        return withOperations(Answer.object("role", json.role(role, false)), 200);
    }

    private Answer revealPassword(Request request) {
        Role role = role(branch(request), request);
        String password = role.password();
        if (password == null) {
            throw new Refusal(
                    Refusal.Reason.NOT_FOUND,
                    "the password of role \""
                            + role.name()
                            + "\" is not known here: it was set by SQL");
        }
        return Answer.ok("password", NODES.textNode(password));
    }

    private Answer resetPassword(Request request) {
        Branch branch = branch(request);
        Role role = role(branch, request);
        return withOperations(
                Answer.object(
                        "role", json.role(writeRole(branch, role.name(), role.superuser()), true)),
                200);
    }

    private Answer listDatabases(Request request) {
        Branch branch = branch(request);
        refreshIfRunning(branch);
        return Answer.ok("databases", array(catalog.databases(branch.id()), json::database));
    }

    private Answer createDatabase(Request request) {
        Branch branch = branch(request);
        String name =
                request.text("database", "name")
                        .orElseThrow(() ->
                                new Refusal(
                                        Refusal.Reason.BAD_REQUEST, "database.name is missing"));
        String owner =
                request.text("database", "owner_name")
                        .orElseGet(() ->
                                projects.owner(branch, Optional.empty(), Optional.empty())
                                        .role()
                                        .name());
        onCompute(
                branch,
                (endpoint, compute) -> {
                    roles.createDatabase(endpoint, compute, name, owner);
                    return name;
                });
        return withOperations(
                Answer.object("database", json.database(database(branch, name))), 201);
    }

    private Answer deleteDatabase(Request request) {
        Branch branch = branch(request);
        Database database = database(branch, request.path("database_name"));
        onCompute(
                branch,
                (endpoint, compute) -> {
                    roles.dropDatabase(endpoint, compute, database.name());
                    return database;
                });
        return withOperations(Answer.object("database", json.database(database)), 200);
    }

    /** SQL to run on a branch's compute. */
    private interface OnCompute<T> {
        T run(Endpoint endpoint, Computes.Started compute) throws java.sql.SQLException;
    }

    private <T> T onCompute(Branch branch, OnCompute<T> work) {
        Endpoint endpoint = projects.endpointOf(branch);
        Computes.Started compute = endpoints.wakeAndWait(endpoint.id());
        return operations.record(
                branch.projectId(),
                branch.id(),
                endpoint.id(),
                "apply_config",
                () -> work.run(endpoint, compute));
    }

    private void refreshIfRunning(Branch branch) {
        Endpoint endpoint = projects.endpointOf(branch);
        endpoints
                .running(endpoint.id())
                .ifPresent(compute -> {
                    try {
                        roles.refresh(endpoint, compute);
                    } catch (java.sql.SQLException e) {
                        throw new Refusal(
                                Refusal.Reason.FAILED,
                                "cannot read the roles of " + endpoint.id() + ": " + e.getMessage(),
                                e);
                    }
                });
    }

    private Project project(Request request) {
        return projects.project(request.path("project_id"));
    }

    private Branch branch(Request request) {
        return projects.branch(project(request), request.path("branch_id"));
    }

    /** By its id, or as the command line likes it by its branch's name. */
    private Endpoint endpoint(Request request) {
        Project project = project(request);
        String name = request.path("endpoint_id");
        return catalog.endpoint(name)
                .filter(endpoint -> endpoint.projectId().equals(project.id()))
                .or(() -> catalog.branchByName(project.id(), name).map(projects::endpointOf))
                .orElseThrow(() -> Refusal.notFound("endpoint", name));
    }

    private Role role(Branch branch, Request request) {
        String name = request.path("role_name");
        return catalog.role(branch.id(), name).orElseThrow(() -> Refusal.notFound("role", name));
    }

    private Database database(Branch branch, String name) {
        return catalog.databases(branch.id()).stream()
                .filter(database -> database.name().equals(name))
                .findFirst()
                .orElseThrow(() -> Refusal.notFound("database", name));
    }

    private ObjectNode json(Endpoint endpoint) {
        return json.endpoint(endpoint, endpoints.state(endpoint.id()));
    }

    private static Answer withOperations(ObjectNode body, int status) {
        body.putArray("operations");
        return new Answer(status, body);
    }

    private static <T> ArrayNode array(List<T> items, Function<T, ? extends JsonNode> toJson) {
        ArrayNode array = NODES.arrayNode();
        items.forEach(item -> array.add(toJson.apply(item)));
        return array;
    }
}
