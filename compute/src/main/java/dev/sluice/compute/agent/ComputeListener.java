package dev.sluice.compute.agent;

/** Told when a compute ends that nobody stopped. */
public interface ComputeListener {

    /**
     * The compute is gone and its directory thrown away; it can be started again at once. Called on
     * a thread of its own.
     *
     * @param reason for people: how it ended and what it logged last
     */
    void ended(RunningCompute compute, String reason);
}
