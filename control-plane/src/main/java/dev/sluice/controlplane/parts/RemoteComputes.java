package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Templates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
    private volatile boolean closed;

    public RemoteComputes(AgentCalls agent) {
        this.agent = agent;
        Thread.ofVirtual().name("compute-exits").start(this::listen);
    }

    /**
     * Asks for exits for as long as this lives; an agent that came back counts from the beginning.
     */
    private void listen() {
        long last = 0;
        while (!closed) {
            try {
                List<AgentCalls.Exit> exits = agent.exitsAfter(last);
                for (AgentCalls.Exit exit : exits) {
                    listeners.forEach(listener -> listener.exited(exit.endpointId(), exit.why()));
                    last = exit.number();
                }
            } catch (IOException | Refusal e) {
                log.debug("the agent does not answer", e);
                last = 0;
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    @Override
    public Started start(Order order) throws IOException {
        return agent.start(order);
    }

    @Override
    public void suspend(String endpointId) throws IOException {
        agent.suspend(endpointId);
    }

    @Override
    public PageCheck checkPages(String endpointId) throws IOException {
        return agent.checkPages(endpointId);
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
