package dev.sluice.controlplane.routing;

import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.parts.DirectoryCalls;
import dev.sluice.controlplane.project.Endpoints;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Roles;
import dev.sluice.wire.scram.ScramKeys;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers the gateway from the catalog and the running computes. Calls block. */
public final class Routes implements DirectoryCalls {
    private static final String POOLED = "-pooler";

    private final Catalog catalog;
    private final Endpoints endpoints;
    private final Roles roles;

    public Routes(Catalog catalog, Endpoints endpoints, Roles roles) {
        this.catalog = catalog;
        this.endpoints = endpoints;
        this.roles = roles;
    }

    @Override
    public Found route(Wish wish) {
        Endpoint endpoint =
                wish.endpoint() == null
                        ? ofBranch(onlyProject(), wish.branch())
                        : named(wish.endpoint(), wish.branch());
        Project project =
                catalog.project(endpoint.projectId())
                        .orElseThrow(() -> Refusal.notFound("project", endpoint.projectId()));
        return new Found(endpoint.id(), project.id(), project.allowedIps());
    }

    /**
     * By an endpoint's id, or by the id of a branch.
     *
     * @param branch another one of the same project, if the client named one too
     */
    private Endpoint named(String name, @Nullable String branch) {
        String id =
                name.endsWith(POOLED) ? name.substring(0, name.length() - POOLED.length()) : name;
        Endpoint endpoint =
                catalog.endpoint(id)
                        .or(() -> catalog.endpointOfBranch(id))
                        .orElseThrow(() -> Refusal.notFound("endpoint", name));
        return branch == null ? endpoint : ofBranch(endpoint.projectId(), branch);
    }

    /** On a server with one project a client need not name an endpoint. */
    private String onlyProject() {
        List<Project> projects = catalog.projects();
        if (projects.size() != 1) {
            throw new Refusal(Refusal.Reason.BAD_REQUEST, "the endpoint is not specified");
        }
        return projects.getFirst().id();
    }

    /** By a branch's name or id; the default branch's where it has none. */
    private Endpoint ofBranch(String project, @Nullable String name) {
        Branch branch =
                catalog.branches(project).stream()
                        .filter(candidate ->
                                name == null
                                        ? candidate.isDefault()
                                        : candidate.name().equals(name)
                                                || candidate.id().equals(name))
                        .findFirst()
                        .orElseThrow(() -> Refusal.notFound("branch", String.valueOf(name)));
        return catalog.endpointOfBranch(branch.id())
                .orElseThrow(() -> Refusal.notFound("endpoint of branch", branch.name()));
    }

    @Override
    public @Nullable String verifier(String endpointId, String role) {
        Endpoint endpoint = settled(endpointId);
        return roles.verifier(endpoint, endpoints.running(endpointId), role).orElse(null);
    }

    @Override
    public @Nullable String loginKeys(String endpointId, String role) {
        Endpoint endpoint = settled(endpointId);
        return roles.loginKeys(endpoint, endpoints.running(endpointId), role)
                .map(ScramKeys::secretText)
                .orElse(null);
    }

    /** An endpoint whose roles are known: its compute, or the catalog, can be asked. */
    private Endpoint settled(String endpointId) {
        Endpoint endpoint =
                catalog.endpoint(endpointId)
                        .orElseThrow(() -> Refusal.notFound("endpoint", endpointId));
        if (endpoint.computeExpected()
                && endpoints.state(endpointId) instanceof Endpoints.State.Starting starting) {
            // It is being woken after a crash because its roles may have changed unseen: they
            // decide.
            starting.ready().handle((compute, failure) -> compute).join();
        }
        return endpoint;
    }

    @Override
    public String wake(String endpointId) {
        return endpoints.wakeAndWait(endpointId).socketFile();
    }
}
