package dev.sluice.gateway.pooling.state;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a server has told with ParameterStatus. A pool has one object for each set of values, so
 * that two can be compared by identity.
 */
public final class ReportedSettings {
    private final Map<String, String> values;

    public ReportedSettings(Map<String, String> values) {
        this.values = Collections.unmodifiableMap(new TreeMap<>(values));
    }

    public Map<String, String> values() {
        return values;
    }

    /** These with another value for one. */
    public Map<String, String> with(String name, String value) {
        Map<String, String> changed = new TreeMap<>(values);
        changed.put(name, value);
        return changed;
    }
}
