package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Computes;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the control plane asks of an agent in another process. */
public interface AgentCalls {
    /** A compute that ended without being asked to; {@code number} counts them from 1. */
    record Exit(long number, String endpointId, String why) {}

    Computes.Started start(Computes.Order order) throws IOException;

    void suspend(String endpointId) throws IOException;

    Computes.PageCheck checkPages(String endpointId) throws IOException;

    /** How the commits of a compute get on; null if none runs. */
    Computes.@Nullable Commits commits(String endpointId) throws IOException;

    /** A template data directory, which both processes can read. */
    String template(int pgVersion) throws IOException;

    /**
     * @param process names the agent's process; another one runs none of the computes of this one
     */
    record Exits(String process, List<Exit> exits) {}

    /**
     * Waits, some seconds at most, for computes to end after the one of this number; not at all
     * when {@code process} is not the process that is asked.
     */
    Exits exitsAfter(String process, long number) throws IOException;
}
