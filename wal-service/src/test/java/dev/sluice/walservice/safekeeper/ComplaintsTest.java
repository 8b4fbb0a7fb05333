package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ComplaintsTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final TenantTimelineId one = id();
    private final TenantTimelineId other = id();
    private final Complaints complaints = new Complaints();
    private long now = Long.MAX_VALUE - 5 * SECOND; // it may overflow

    private static TenantTimelineId id() {
        return new TenantTimelineId(TenantId.random(), TimelineId.random());
    }

    /** How often it is said within an hour in which every attempt fails. */
    private int saidInAnHour() {
        int said = 0;
        for (int second = 0; second < 3600; second++) {
            now += SECOND;
            said += complaints.failed(one, now) ? 1 : 0;
        }
        return said;
    }

    @Test
    void whatGoesOnFailingIsSaidNowAndAgain() {
        assertThat(saidInAnHour()).isEqualTo(6);
    }

    @Test
    void whatHasGoneWellInBetweenIsSaidAtOnce() {
        assertThat(complaints.failed(one, now)).isTrue();
        assertThat(complaints.failed(one, now)).isFalse();
        complaints.went(one);
        assertThat(complaints.failed(one, now)).isTrue();
    }

    @Test
    void eachTimelineIsSpokenOf() {
        assertThat(complaints.failed(one, now)).isTrue();
        assertThat(complaints.failed(other, now)).isTrue();
        complaints.retain(Set.of(other));
        assertThat(complaints.failed(one, now)).isTrue();
        assertThat(complaints.failed(other, now)).isFalse();
    }
}
