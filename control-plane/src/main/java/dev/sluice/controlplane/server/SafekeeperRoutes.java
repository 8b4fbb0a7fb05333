package dev.sluice.controlplane.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.api.ApiServer;
import dev.sluice.controlplane.api.ApiServer.Answer;
import dev.sluice.controlplane.api.ApiServer.Request;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.wal.Safekeepers;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.util.Optional;

/** Sluice's own corner of the API for {@code sluice safekeepers}. */
final class SafekeeperRoutes {
    private final Safekeepers safekeepers;

    SafekeeperRoutes(Safekeepers safekeepers) {
        this.safekeepers = safekeepers;
    }

    void addTo(ApiServer api) {
        api.route(HttpMethod.GET, "/sluice/safekeepers", _ -> list())
                .route(HttpMethod.POST, "/sluice/safekeepers/:number/replace", this::replace);
    }

    private Answer list() throws IOException {
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        var array = answer.putArray("safekeepers");
        for (Safekeepers.Sight sight : safekeepers.list()) {
            array.add(json(sight));
        }
        return new Answer(200, answer);
    }

    private static ObjectNode json(Safekeepers.Sight sight) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("id", sight.number());
        node.put("address", sight.address());
        node.put("state", sight.state());
        node.put("reachable", sight.reachable());
        if (sight.reachable()) {
            node.put("timelines", sight.timelines());
            node.put("lag_bytes", sight.lag());
            node.put("offloads", sight.offloads());
        }
        return node;
    }

    private Answer replace(Request request) throws IOException {
        long old = number(request.path("number"));
        Optional<Long> fresh =
                request.body().hasNonNull("with")
                        ? Optional.of(number(request.body().path("with").asText()))
                        : Optional.empty();
        long taken = safekeepers.replace(old, fresh);
        for (Safekeepers.Sight sight : safekeepers.list()) {
            if (sight.number() == taken) {
                ObjectNode answer = JsonNodeFactory.instance.objectNode();
                answer.set("safekeeper", json(sight));
                return new Answer(200, answer);
            }
        }
        throw new IOException("safekeeper " + taken + " is not there any more");
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST, "not a safekeeper's number: \"" + text + "\"", e);
        }
    }
}
