package dev.sluice.gateway.pooling.state;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a session that differ from what its role and database give it. A pool has one object
 * for each set of values, so that two can be compared by identity.
 *
 * <p>Values are bytes in the encoding of the database, one character for each.
 */
public final class SessionSettings {
    private final Map<String, String> values;
    private @Nullable ReportedSettings reported;

    public SessionSettings(Map<String, String> values) {
        this.values = Collections.unmodifiableMap(new TreeMap<>(values));
    }

    public Map<String, String> values() {
        return values;
    }

    /** What a server reports to a client with these settings, as far as it is known. */
    public @Nullable ReportedSettings reported() {
        return reported;
    }

    public void reports(ReportedSettings now) {
        reported = now;
    }
}
