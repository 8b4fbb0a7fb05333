package dev.sluice.gateway.pooling.state;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One object for each set of settings that is in use in a pool, so that two can be compared by
 * identity. Those used least are forgotten; that costs a comparison by value, no more.
 */
public final class KnownSettings {
    /** How many different sets are remembered. */
    private static final int MAX = 1000;

    private final Map<Map<String, String>, SessionSettings> sessions = lru();
    private final Map<Map<String, String>, ReportedSettings> reports = lru();
    private final SessionSettings none = new SessionSettings(Map.of());

    public KnownSettings() {
        sessions.put(Map.of(), none);
    }

    private static <V> Map<Map<String, String>, V> lru() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Map<String, String>, V> eldest) {
                return size() > MAX;
            }
        };
    }

    /** What every session has of its role and database, and nothing else. */
    public SessionSettings none() {
        return none;
    }

    public SessionSettings session(Map<String, String> values) {
        return sessions.computeIfAbsent(Map.copyOf(values), _ -> new SessionSettings(values));
    }

    public ReportedSettings reported(Map<String, String> values) {
        return reports.computeIfAbsent(Map.copyOf(values), _ -> new ReportedSettings(values));
    }
}
