package dev.sluice.controlplane.compute;

import dev.sluice.compute.agent.ComputeAgent;
import dev.sluice.compute.agent.ComputeListener;
import dev.sluice.compute.agent.ComputeSpec;
import dev.sluice.compute.agent.KeptDirectory;
import dev.sluice.compute.agent.RunningCompute;
import dev.sluice.compute.agent.StartTimes;
import dev.sluice.controlplane.inspect.DirectoryCheck;
import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.pageserver.PageserverAwayException;
import dev.sluice.walservice.client.SafekeeperDirectory;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Computes by an agent in this process. */
public final class AgentComputes implements Computes {

    /** Makes the agent, given who hears of its computes' ends. */
    public interface AgentMaker {
        ComputeAgent make(ComputeListener listener) throws IOException;
    }

    private static final Logger log = LoggerFactory.getLogger(AgentComputes.class);

    private final ComputeAgent agent;
    private final PageService pages;
    private final SafekeeperDirectory safekeepers;
    private final List<ExitListener> listeners = new CopyOnWriteArrayList<>();

    public AgentComputes(AgentMaker maker, PageService pages, SafekeeperDirectory safekeepers)
            throws IOException {
        this.pages = pages;
        this.safekeepers = safekeepers;
        this.agent =
                maker.make((compute, reason) ->
                        listeners.forEach(
                                listener -> listener.exited(compute.spec().endpoint(), reason)));
    }

    @Override
    public Started start(Order order) throws IOException {
        RunningCompute compute;
        try {
            compute =
                    agent.start(
                            new ComputeSpec(
                                    order.endpointId(),
                                    order.timeline(),
                                    order.pgVersion(),
                                    order.systemIdentifier(),
                                    order.configuration(),
                                    safekeepers,
                                    Map.of()));
        } catch (PageserverAwayException e) {
            log.warn("cannot start the compute of {}", order.endpointId(), e);
            throw new Refusal(Refusal.Reason.PART_AWAY, "the pageserver does not answer", e);
        }
        return new Started(
                order.endpointId(),
                compute.socket().toString(),
                compute.socketDirectory().toString(),
                compute.port(),
                compute.pid(),
                compute.dataDirectory().toString(),
                compute.start(),
                phases(compute.times()));
    }

    private static Map<String, Long> phases(StartTimes times) {
        Map<String, Long> phases = new LinkedHashMap<>();
        phases.put("election", times.election().toNanos());
        phases.put("ingest", times.ingest().toNanos());
        phases.put("base_backup", times.baseBackup().toNanos());
        phases.put("files", times.files().toNanos());
        phases.put("postgres", times.postgres().toNanos());
        return phases;
    }

    @Override
    public void suspend(String endpointId) throws IOException {
        agent.suspend(endpointId);
    }

    @Override
    public PageCheck checkPages(String endpointId) throws IOException {
        KeptDirectory kept =
                agent.kept(endpointId)
                        .orElseThrow(() ->
                                new Refusal(
                                        Refusal.Reason.IMPOSSIBLE,
                                        "there is no data directory to compare: the compute has not"
                                                + " been stopped cleanly since it was started"));
        return DirectoryCheck.run(kept, pages);
    }

    @Override
    public Optional<Commits> commits(String endpointId) {
        return agent.flushStatus(endpointId)
                .map(status ->
                        new Commits(
                                status.lag(),
                                status.lagLimit(),
                                status.heldBack(),
                                status.delays(),
                                status.delayNanos(),
                                status.safekeepers().stream()
                                        .filter(peer -> !peer.streaming())
                                        .map(peer ->
                                                "safekeeper "
                                                        + peer.node()
                                                        + ": "
                                                        + peer.condition())
                                        .toList()));
    }

    @Override
    public void onExit(ExitListener listener) {
        listeners.add(listener);
    }

    public ComputeAgent agent() {
        return agent;
    }
}
