package dev.sluice.controlplane.server;

/** A started server. */
public interface RunningServer extends AutoCloseable {
    /** For the default branch of the first project; it works as it is. */
    String connectionString();

    /** Stops computes cleanly, then the parts, in the order that loses nothing. */
    @Override
    void close();
}
