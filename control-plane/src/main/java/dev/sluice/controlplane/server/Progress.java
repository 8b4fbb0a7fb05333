package dev.sluice.controlplane.server;

/** Told what a start is doing, in words for the person who waits for it. */
public interface Progress {
    void step(String what);
}
