package dev.sluice.controlplane.project;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Which safekeepers decide about which timeline, as the control plane remembers it. */
public interface Configurations {

    /** The node ids of all safekeepers that a new timeline would be given to. */
    List<Long> safekeepers();

    /** A timeline's. */
    Configuration of(TenantTimelineId id);

    /** As {@link #of}; empty for a timeline that was forgotten. */
    Optional<Configuration> find(TenantTimelineId id);

    /** The timelines that have one. */
    Set<TenantTimelineId> timelines();

    /** What a new timeline begins with, remembered from now on. */
    Configuration begin(TenantTimelineId id);

    /** The timeline is no more. */
    void forget(TenantTimelineId id);

    /** The same for all, that never changes. */
    static Configurations always(Configuration configuration) {
        return new Configurations() {
            @Override
            public List<Long> safekeepers() {
                return configuration.members();
            }

            @Override
            public Configuration of(TenantTimelineId id) {
                return configuration;
            }

            @Override
            public Optional<Configuration> find(TenantTimelineId id) {
                return Optional.of(configuration);
            }

            @Override
            public Set<TenantTimelineId> timelines() {
                return Set.of();
            }

            @Override
            public Configuration begin(TenantTimelineId id) {
                return configuration;
            }

            @Override
            public void forget(TenantTimelineId id) {
                // nothing is remembered
            }
        };
    }
}
