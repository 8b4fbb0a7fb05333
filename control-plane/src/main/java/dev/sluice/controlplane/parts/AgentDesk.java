package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Templates;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Answers {@link AgentCalls} with the computes of this process. */
public final class AgentDesk implements AgentCalls {
    private static final long LONGEST_WAIT_MILLIS = 5_000;
    private static final int KEPT_EXITS = 1_000;

    private final String process = UUID.randomUUID().toString();
    private final Computes computes;
    private final Templates templates;
    private final List<Exit> exits = new ArrayList<>();
    private long number;

    public AgentDesk(Computes computes, Templates templates) {
        this.computes = computes;
        this.templates = templates;
        computes.onExit(this::exited);
    }

    private synchronized void exited(String endpointId, String why) {
        number++;
        exits.add(new Exit(number, endpointId, why));
        if (exits.size() > KEPT_EXITS) {
            exits.removeFirst();
        }
        notifyAll();
    }

    @Override
    public Computes.Started start(Computes.Order order) throws IOException {
        return computes.start(order);
    }

    @Override
    public void suspend(String endpointId) throws IOException {
        computes.suspend(endpointId);
    }

    @Override
    public Computes.PageCheck checkPages(String endpointId) throws IOException {
        return computes.checkPages(endpointId);
    }

    @Override
    public Computes.@Nullable Commits commits(String endpointId) throws IOException {
        return computes.commits(endpointId).orElse(null);
    }

    @Override
    public String template(int pgVersion) throws IOException {
        return templates.template(pgVersion).toString();
    }

    @Override
    public synchronized Exits exitsAfter(String asked, long after) throws IOException {
        if (!asked.equals(process)) {
            return new Exits(process, List.copyOf(exits));
        }
        long deadline = System.nanoTime() + LONGEST_WAIT_MILLIS * 1_000_000;
        while (number <= after) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return new Exits(process, List.of());
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                throw new IOException("interrupted while waiting for computes to end", e);
            }
        }
        return new Exits(process, exits.stream().filter(exit -> exit.number() > after).toList());
    }
}
