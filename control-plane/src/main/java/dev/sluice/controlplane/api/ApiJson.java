package dev.sluice.controlplane.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Database;
import dev.sluice.controlplane.catalog.Endpoint;
import dev.sluice.controlplane.catalog.Operation;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.catalog.Role;
import dev.sluice.controlplane.project.Endpoints;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/**
 * The public API's objects. Fields without a value are left out, never null: its clients count on
 * that. Fields that a server of one's own has no use for (billing, regions) carry the constants
 * that the clients accept.
 */
final class ApiJson {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final Connections connections;

    ApiJson(Connections connections) {
        this.connections = connections;
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static void putTime(ObjectNode node, String field, @Nullable Instant instant) {
        if (instant != null) {
            node.put(field, time(instant));
        }
    }

    ObjectNode project(Project project) {
        ObjectNode node = NODES.objectNode();
        node.put("id", project.id());
        node.put("name", project.name());
        node.put("platform_id", "aws");
        node.put("region_id", "local");
        node.put("provisioner", "k8s-neonvm");
        node.put("pg_version", project.pgVersion());
        node.put("proxy_host", connections.domain());
        node.put("branch_logical_size_limit", 204_800);
        node.put("branch_logical_size_limit_bytes", 214_748_364_800L);
        node.put("store_passwords", true);
        node.put("creation_source", "console");
        node.put("created_at", time(project.createdAt()));
        node.put("updated_at", time(project.updatedAt()));
        node.put("owner_id", "org-sluice-local-00000000");
        node.put("org_id", "org-sluice-local-00000000");
        node.put("cpu_used_sec", 0);
        node.put("active_time", 0);
        ObjectNode allowed = node.putObject("settings").putObject("allowed_ips");
        ArrayNode ips = allowed.putArray("ips");
        project.allowedIps().forEach(ips::add);
        allowed.put("protected_branches_only", false);
        return node;
    }

    ObjectNode branch(Branch branch) {
        ObjectNode node = NODES.objectNode();
        node.put("id", branch.id());
        node.put("project_id", branch.projectId());
        if (branch.parentId() != null && branch.parentLsn() != null) {
            node.put("parent_id", branch.parentId());
            node.put("parent_lsn", branch.parentLsn().toString());
        }
        node.put("name", branch.name());
        node.put("current_state", "ready");
        node.put("state_changed_at", time(branch.createdAt()));
        node.put("default", branch.isDefault());
        node.put("primary", branch.isDefault());
        node.put("protected", false);
        node.put("creation_source", "console");
        node.put("init_source", "parent-data");
        node.put("cpu_used_sec", 0);
        node.put("compute_time_seconds", 0);
        node.put("active_time_seconds", 0);
        node.put("written_data_bytes", 0);
        node.put("data_transfer_bytes", 0);
        node.put("created_at", time(branch.createdAt()));
        node.put("updated_at", time(branch.updatedAt()));
        return node;
    }

    ObjectNode endpoint(Endpoint endpoint, Endpoints.State state) {
        ObjectNode node = NODES.objectNode();
        node.put("id", endpoint.id());
        node.put("project_id", endpoint.projectId());
        node.put("branch_id", endpoint.branchId());
        node.put("host", connections.host(endpoint));
        node.put("proxy_host", connections.domain());
        node.put("type", "read_write");
        switch (state) {
            case Endpoints.State.Suspending _ -> {
                node.put("current_state", "active");
                node.put("pending_state", "idle");
            }
            case Endpoints.State.Starting _ -> {
                node.put("current_state", "init");
                node.put("pending_state", "active");
            }
            case Endpoints.State.Active _ -> node.put("current_state", "active");
            case Endpoints.State.Idle _ -> node.put("current_state", "idle");
        }
        node.put("autoscaling_limit_min_cu", 0.25);
        node.put("autoscaling_limit_max_cu", 2);
        node.put("suspend_timeout_seconds", endpoint.suspendTimeoutSeconds());
        node.put("region_id", "local");
        node.put("provisioner", "k8s-neonvm");
        node.putObject("settings");
        node.put("pooler_enabled", false);
        node.put("pooler_mode", "transaction");
        node.put("disabled", false);
        node.put("passwordless_access", false);
        node.put("creation_source", "console");
        putTime(node, "last_active", endpoint.lastActive());
        node.put("created_at", time(endpoint.createdAt()));
        node.put("updated_at", time(endpoint.updatedAt()));
        return node;
    }

    ObjectNode role(Role role, boolean withPassword) {
        ObjectNode node = NODES.objectNode();
        node.put("branch_id", role.branchId());
        node.put("name", role.name());
        if (withPassword && role.password() != null) {
            node.put("password", role.password());
        }
        node.put("protected", false);
        node.put("authentication_method", role.verifier() == null ? "no_login" : "password");
        node.put("created_at", time(role.createdAt()));
        node.put("updated_at", time(role.updatedAt()));
        return node;
    }

    ObjectNode database(Database database) {
        ObjectNode node = NODES.objectNode();
        node.put("id", database.id());
        node.put("branch_id", database.branchId());
        node.put("name", database.name());
        node.put("owner_name", database.ownerName());
        node.put("created_at", time(database.createdAt()));
        node.put("updated_at", time(database.updatedAt()));
        return node;
    }

    ObjectNode operation(Operation operation) {
        ObjectNode node = NODES.objectNode();
        node.put("id", operation.id().toString());
        node.put("project_id", operation.projectId());
        if (operation.branchId() != null) {
            node.put("branch_id", operation.branchId());
        }
        if (operation.endpointId() != null) {
            node.put("endpoint_id", operation.endpointId());
        }
        node.put("action", operation.action());
        node.put("status", operation.status());
        if (operation.error() != null) {
            node.put("error", operation.error());
        }
        node.put("failures_count", 0);
        node.put("created_at", time(operation.createdAt()));
        node.put("updated_at", time(operation.updatedAt()));
        node.put("total_duration_ms", operation.durationMillis());
        return node;
    }
}
