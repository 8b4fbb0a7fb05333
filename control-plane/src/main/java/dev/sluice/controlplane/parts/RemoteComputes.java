package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Templates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Computes by an agent in another process. */
public final class RemoteComputes implements Computes, Templates, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RemoteComputes.class);
    private static final long RETRY_NANOS = 200_000_000;

    private final AgentCalls agent;
    private final List<ExitListener> listeners = new CopyOnWriteArrayList<>();
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    public RemoteComputes(AgentCalls agent) {
        this.agent = agent;
        Thread.ofVirtual().name("compute-exits").start(this::listen);
    }

    /**
     * Asks for exits for as long as this lives. The computes of an agent that ended ended with it:
     * the one that came back knows nothing of them.
     */
    private void listen() {
        String process = "";
        long last = 0;
        while (!closed) {
            try {
                AgentCalls.Exits answer = agent.exitsAfter(process, last);
                if (!answer.process().equals(process)) {
                    if (!process.isEmpty()) {
                        List.copyOf(running).forEach(id -> exited(id, "its agent ended"));
                    }
                    process = answer.process();
                    last = 0;
                }
                for (AgentCalls.Exit exit : answer.exits()) {
                    exited(exit.endpointId(), exit.why());
                    last = exit.number();
                }
            } catch (IOException | Refusal e) {
                log.debug("the agent does not answer", e);
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    private void exited(String endpointId, String why) {
        running.remove(endpointId);
        listeners.forEach(listener -> listener.exited(endpointId, why));
    }

    @Override
    public Started start(Order order) throws IOException {
        Started started = agent.start(order);
        running.add(order.endpointId());
        return started;
    }

    @Override
    public void suspend(String endpointId) throws IOException {
        agent.suspend(endpointId);
        running.remove(endpointId);
    }

    @Override
    public PageCheck checkPages(String endpointId) throws IOException {
        return agent.checkPages(endpointId);
    }

    @Override
    public Optional<Commits> commits(String endpointId) throws IOException {
        return Optional.ofNullable(agent.commits(endpointId));
    }

    @Override
    public Path template(int pgVersion) throws IOException {
        return Path.of(agent.template(pgVersion));
    }

    @Override
    public void onExit(ExitListener listener) {
        listeners.add(listener);
    }

    @Override
    public void close() {
        closed = true;
    }
}
