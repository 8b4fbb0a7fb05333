package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Sessions;
import java.util.List;

/** What the control plane asks of a gateway in another process; as {@link Sessions}. */
public interface GatewayCalls {
    Sessions.Use use(String endpointId);

    Sessions.Parked park(String endpointId, boolean urgent);

    void end(String endpointId, String message);

    void forgetLogins();

    List<Sessions.Counter> counters();

    void reload();
}
