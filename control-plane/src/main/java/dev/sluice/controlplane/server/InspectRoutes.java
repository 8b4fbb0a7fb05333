package dev.sluice.controlplane.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.controlplane.api.ApiServer;
import dev.sluice.controlplane.api.ApiServer.Answer;
import dev.sluice.controlplane.api.ApiServer.Request;
import dev.sluice.controlplane.catalog.Branch;
import dev.sluice.controlplane.catalog.Project;
import dev.sluice.controlplane.inspect.BranchWal;
import dev.sluice.controlplane.inspect.PageInspection;
import dev.sluice.controlplane.project.Projects;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.storage.inspect.RecordText;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.RelationCatalog;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.wire.Lsn;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** What {@code sluice inspect} asks of a running server. */
final class InspectRoutes {
    private static final String BRANCH = "/projects/:project_id/branches/:branch_id";
    private static final Duration INGEST_LIMIT = Duration.ofMinutes(1);

    private final Projects projects;
    private final PageService pages;
    private final WalServices wal;

    InspectRoutes(Projects projects, PageService pages, WalServices wal) {
        this.projects = projects;
        this.pages = pages;
        this.wal = wal;
    }

    void addTo(ApiServer api) {
        api.route(HttpMethod.GET, BRANCH + "/wal", this::wal)
                .route(HttpMethod.GET, BRANCH + "/relation", this::relation)
                .route(HttpMethod.GET, BRANCH + "/page", this::page);
    }

    private Project project(Request request) {
        return projects.project(request.path("project_id"));
    }

    private Branch branch(Request request) {
        return projects.branch(project(request), request.path("branch_id"));
    }

    /**
     * Where the branch's WAL is; with {@code from} and {@code bytes} also a piece of it, in base64.
     */
    private Answer wal(Request request) throws IOException {
        Branch branch = branch(request);
        BranchWal history = BranchWal.of(branch, projects, wal);
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("branch", branch.name());
        answer.put("pg_version", project(request).pgVersion());
        answer.put("history_start", history.start().toString());
        answer.put("branch_start", history.ownStart().toString());
        answer.put("end", history.end().toString());
        ArrayNode starts = answer.putArray("starts");
        history.starts().forEach(start -> starts.add(start.toString()));
        Optional<Lsn> from = request.query("from").map(Lsn::parse);
        if (from.isPresent()) {
            int bytes = request.query("bytes").map(Integer::parseInt).orElse(BranchWal.MAX_READ);
            answer.put("wal", history.read(from.get(), bytes));
        }
        return new Answer(200, answer);
    }

    /** Where the relation {@code name} is, as of {@code lsn}. */
    private Answer relation(Request request) throws IOException {
        return new Answer(200, PageInspection.json(relation(request, inspection(request))));
    }

    private RelationCatalog.Relation relation(Request request, PageInspection inspection)
            throws IOException {
        String database =
                request.query("database")
                        .orElseGet(() ->
                                projects.owner(branch(request), Optional.empty(), Optional.empty())
                                        .database()
                                        .name());
        String name =
                request.query("name")
                        .orElseThrow(
                                () -> new Refusal(Refusal.Reason.BAD_REQUEST, "name is missing"));
        return inspection.relation(database, name);
    }

    /**
     * The page {@code block} of the fork {@code fork} of the relation {@code name}, as of {@code
     * lsn}.
     */
    private Answer page(Request request) throws IOException {
        PageInspection inspection = inspection(request);
        long block = request.query("block").map(Long::parseLong).orElse(0L);
        Fork fork = fork(request.query("fork").orElse("main"));
        return new Answer(200, inspection.page(relation(request, inspection), fork, block));
    }

    private static Fork fork(String name) {
        for (Fork fork : Fork.values()) {
            if (RecordText.forkName(fork).equals(name)) {
                return fork;
            }
        }
        throw new Refusal(Refusal.Reason.BAD_REQUEST, "no fork \"" + name + "\"");
    }

    /** The branch at {@code lsn}; at the end of its WAL when none is given. */
    private PageInspection inspection(Request request) throws IOException {
        Branch branch = branch(request);
        BranchWal history = BranchWal.of(branch, projects, wal);
        Lsn at = request.query("lsn").map(Lsn::parse).orElse(history.end());
        if (at.isBefore(history.start()) || at.isAfter(history.end())) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "branch "
                            + branch.name()
                            + " has nothing at "
                            + at
                            + ": its history goes from "
                            + history.start()
                            + " to "
                            + history.end());
        }
        TenantTimelineId timeline = projects.timelineOf(branch);
        pages.waitForLsn(timeline, at, INGEST_LIMIT);
        return new PageInspection(
                pages, timeline, PostgresMajor.of(project(request).pgVersion()), at);
    }
}
