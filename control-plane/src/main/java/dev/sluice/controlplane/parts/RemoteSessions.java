package dev.sluice.controlplane.parts;

import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Sessions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sessions of a gateway in another process. A gateway that does not answer has none. */
public final class RemoteSessions implements Sessions {
    private static final Logger log = LoggerFactory.getLogger(RemoteSessions.class);
    private static final Use NONE = new Use(0, 0, Long.MAX_VALUE);
    private static final Parked NOBODY = new Parked(0, 0, List.of());

    /** How long a gateway goes on with what it knows of logins if it is told nothing. */
    private static final Duration REMEMBERED = Duration.ofMillis(300);

    private final GatewayCalls gateway;

    public RemoteSessions(GatewayCalls gateway) {
        this.gateway = gateway;
    }

    @Override
    public Use use(String endpointId) {
        try {
            return gateway.use(endpointId);
        } catch (Refusal e) {
            log.debug("the gateway does not answer", e);
            return NONE;
        }
    }

    @Override
    public Parked park(String endpointId, boolean urgent) {
        try {
            return gateway.park(endpointId, urgent);
        } catch (Refusal e) {
            // As when all parts are told to end: the gateway is the first of them.
            log.info(
                    "the gateway does not answer, so it has no sessions to park: {}",
                    e.getMessage());
            return NOBODY;
        }
    }

    @Override
    public void end(String endpointId, String message) {
        try {
            gateway.end(endpointId, message);
        } catch (Refusal e) {
            log.warn("the gateway does not answer, so it has no sessions to end", e);
        }
    }

    @Override
    public void forgetLogins() {
        CompletableFuture<Void> forgotten = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("forget-logins")
                .start(() -> {
                    try {
                        gateway.forgetLogins();
                    } catch (Refusal e) {
                        log.debug("the gateway does not answer", e);
                    } finally {
                        forgotten.complete(null);
                    }
                });
        forgotten.completeOnTimeout(null, REMEMBERED.toMillis(), TimeUnit.MILLISECONDS).join();
    }

    @Override
    public List<Counter> counters() {
        try {
            return gateway.counters();
        } catch (Refusal e) {
            log.debug("the gateway does not answer", e);
            return List.of();
        }
    }

    @Override
    public void reload() {
        gateway.reload();
    }
}
