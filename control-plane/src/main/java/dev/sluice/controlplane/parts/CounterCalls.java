package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Sessions;
import java.util.List;

/** A part's counters, for {@code /metrics}. */
public interface CounterCalls {
    List<Sessions.Counter> counters();
}
