package dev.sluice.compute.agent;

import dev.sluice.walservice.proposer.FlushStatus;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Starts and stops the computes of one host. All calls block; those of one endpoint queue up. */
public interface ComputeAgent extends AutoCloseable {

    /**
     * Starts a compute and returns when it takes connections. One that already runs is returned as
     * it is.
     *
     * @throws IllegalArgumentException if the spec asks for a setting that the agent decides
     * @throws IOException if it does not come up; the message says in which step and, when Postgres
     *     itself failed, what it logged last. Nothing of it is left running
     */
    RunningCompute start(ComputeSpec spec) throws IOException;

    /**
     * Stops a compute cleanly: its sessions end, its shutdown checkpoint becomes durable. The data
     * directory stays until the next start.
     *
     * @return what it left; empty if none was running, or it had to be stopped the hard way, after
     *     which nothing is left (nor lost: what was acknowledged is on the safekeepers)
     */
    Optional<KeptDirectory> suspend(String endpoint) throws IOException;

    /** The endpoint's compute, if it runs. */
    Optional<RunningCompute> running(String endpoint);

    /** How the endpoint's compute gets on with making its WAL durable, if it runs. */
    Optional<FlushStatus> flushStatus(String endpoint);

    /** All computes that run. */
    List<RunningCompute> running();

    /** What the endpoint's last compute left when it was suspended, if it is still there. */
    Optional<KeptDirectory> kept(String endpoint) throws IOException;

    /** Stops the endpoint's compute if it runs, and removes what is on disk for it. */
    void remove(String endpoint) throws IOException;

    /** Suspends all. */
    @Override
    void close() throws IOException;
}
