package dev.sluice.walservice.timeline;

/** A timeline with the tenant that owns it: how safekeepers and pageservers name what they hold. */
public record TenantTimelineId(TenantId tenant, TimelineId timeline)
        implements Comparable<TenantTimelineId> {

    /**
     * Reads what {@link #toString} prints.
     *
     * @throws IllegalArgumentException if the text is not two ids with a slash between them
     */
    public static TenantTimelineId parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException("not tenant/timeline: \"" + text + "\"");
        }
        return new TenantTimelineId(
                TenantId.parse(text.substring(0, slash)),
                TimelineId.parse(text.substring(slash + 1)));
    }

    @Override
    public int compareTo(TenantTimelineId other) {
        int byTenant = tenant.compareTo(other.tenant);
        return byTenant != 0 ? byTenant : timeline.compareTo(other.timeline);
    }

    @Override
    public String toString() {
        return tenant + "/" + timeline;
    }
}
