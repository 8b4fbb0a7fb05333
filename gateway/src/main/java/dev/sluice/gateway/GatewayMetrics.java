package dev.sluice.gateway;

import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/** What a gateway has counted since it started. */
public final class GatewayMetrics {
    private static final int ENDPOINTS_MAX = 1000;

    /** Where endpoints are counted together that came when there were too many to tell apart. */
    public static final String OTHERS = "others";

    private final ConcurrentMap<String, EndpointMetrics> endpoints = new ConcurrentHashMap<>();
    private final LongAdder accepted = new LongAdder();
    private final LongAdder closed = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder authenticationFailures = new LongAdder();
    private final LongAdder sessionsOpened = new LongAdder();
    private final LongAdder sessionsClosed = new LongAdder();
    private final LongAdder sessionsParked = new LongAdder();
    private final LongAdder sessionsUnparked = new LongAdder();
    private final LongAdder sessionsResumed = new LongAdder();
    private final LongAdder resumeNanos = new LongAdder();
    private final LongAdder wakeFailures = new LongAdder();
    private final LongAdder cancels = new LongAdder();
    private final LongAdder cancelsForwarded = new LongAdder();
    private final LongAdder httpRequests = new LongAdder();
    private final LongAdder webSockets = new LongAdder();
    private final LongAdder bytesFromClients = new LongAdder();
    private final LongAdder bytesToClients = new LongAdder();

    /** What is counted of an endpoint alone, or together with others when there are very many. */
    public EndpointMetrics endpoint(String id) {
        EndpointMetrics known = endpoints.get(id);
        if (known != null) {
            return known;
        }
        String name = endpoints.size() < ENDPOINTS_MAX ? id : OTHERS;
        return endpoints.computeIfAbsent(name, _ -> new EndpointMetrics());
    }

    /** Under what name an endpoint is counted: its own, or {@link #OTHERS}. */
    public String label(String id) {
        return endpoints.containsKey(id) ? id : OTHERS;
    }

    /** By endpoint, at most a thousand and {@link #OTHERS}. */
    public Map<String, EndpointMetrics> endpoints() {
        return Collections.unmodifiableMap(endpoints);
    }

    /** Client connections open now. */
    public long connectionsOpen() {
        return accepted.sum() - closed.sum();
    }

    /** Client connections ever accepted. */
    public long connectionsTotal() {
        return accepted.sum();
    }

    /** Client connections that were sent an error before they became sessions. */
    public long connectionsFailed() {
        return refused.sum();
    }

    /** Wrong passwords and unknown roles. */
    public long authenticationFailures() {
        return authenticationFailures.sum();
    }

    /** Sessions with a compute behind them now. */
    public long sessionsOpen() {
        return sessionsOpened.sum() - sessionsClosed.sum();
    }

    /** Sessions that ever had a compute behind them. */
    public long sessionsTotal() {
        return sessionsOpened.sum();
    }

    /** Sessions without a server connection now. */
    public long sessionsParkedNow() {
        return sessionsParked.sum() - sessionsUnparked.sum();
    }

    /** How often a session was taken off its server connection. */
    public long sessionsParkedTotal() {
        return sessionsParked.sum();
    }

    /** How often a parked session was given another server connection. */
    public long sessionsResumedTotal() {
        return sessionsResumed.sum();
    }

    /** How long that took altogether, from the client's message to its being passed on. */
    public long resumeNanosTotal() {
        return resumeNanos.sum();
    }

    /** Authenticated clients that got no compute. */
    public long wakeFailures() {
        return wakeFailures.sum();
    }

    /** Cancel requests that named a session of ours rightly. */
    public long cancelRequests() {
        return cancels.sum();
    }

    /** Cancel requests that were sent on to another gateway. */
    public long cancelsForwarded() {
        return cancelsForwarded.sum();
    }

    /** HTTP requests, WebSockets excepted. */
    public long httpRequests() {
        return httpRequests.sum();
    }

    /** WebSockets ever opened. */
    public long webSockets() {
        return webSockets.sum();
    }

    /** Bytes relayed from clients to computes, before encryption. */
    public long bytesFromClients() {
        return bytesFromClients.sum();
    }

    /** Bytes relayed from computes to clients, before encryption. */
    public long bytesToClients() {
        return bytesToClients.sum();
    }

    public void connectionAccepted() {
        accepted.increment();
    }

    public void connectionClosed() {
        closed.increment();
    }

    public void connectionRefused() {
        refused.increment();
    }

    public void authenticationFailed() {
        authenticationFailures.increment();
    }

    public void sessionOpened() {
        sessionsOpened.increment();
    }

    public void sessionClosed() {
        sessionsClosed.increment();
    }

    public void sessionParked() {
        sessionsParked.increment();
    }

    public void sessionUnparked() {
        sessionsUnparked.increment();
    }

    public void sessionResumed(long nanos) {
        sessionsResumed.increment();
        resumeNanos.add(nanos);
    }

    public void wakeFailed() {
        wakeFailures.increment();
    }

    public void cancelRouted() {
        cancels.increment();
    }

    public void cancelForwarded() {
        cancelsForwarded.increment();
    }

    public void httpRequest() {
        httpRequests.increment();
    }

    public void webSocketOpened() {
        webSockets.increment();
    }

    public void fromClient(int bytes) {
        bytesFromClients.add(bytes);
    }

    public void toClient(int bytes) {
        bytesToClients.add(bytes);
    }
}
