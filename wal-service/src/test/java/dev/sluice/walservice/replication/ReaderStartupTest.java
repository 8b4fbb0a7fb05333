package dev.sluice.walservice.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReaderStartupTest {
    private static final TenantId TENANT = TenantId.random();
    private static final TenantTimelineId MAIN = new TenantTimelineId(TENANT, TimelineId.random());
    private static final TenantTimelineId CHILD = new TenantTimelineId(TENANT, TimelineId.random());

    private static ReaderStartup startup(String options) throws ReplicationException {
        return ReaderStartup.of(
                Map.of(
                        "user",
                        "u",
                        "database",
                        "replication",
                        "replication",
                        "true",
                        "options",
                        options));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-c timeline_id=%s",
                "-ctimeline_id=%s",
                "--timeline-id=%s",
                "timeline_id=%s",
                "  -c\ttimeline_id=%s  ",
                "-c tenant_id=%2$s timeline_id=%1$s",
                "-c tenant_id=%2$s -c timeline_id=%1$s",
            })
    void aTimelineIsNamedInTheOptions(String form) throws ReplicationException {
        String options = form.formatted(CHILD.timeline(), TENANT);
        assertThat(startup(options).choose(List.of(MAIN, CHILD))).isEqualTo(CHILD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "TRUE", "t", "Yes", "y", "on", "ON", "1"})
    void replicationIsAnyTrueValueOfPostgres(String value) throws ReplicationException {
        assertThat(ReaderStartup.of(Map.of("replication", value)).choose(List.of(MAIN)))
                .isEqualTo(MAIN);
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "off", "0", "o", "truely", ""})
    void anythingElseIsNoReplication(String value) {
        assertThatThrownBy(() -> ReaderStartup.of(Map.of("replication", value)))
                .hasMessageContaining("physical replication only");
    }

    @Test
    void theOnlyTimelineNeedsNoName() throws ReplicationException {
        assertThat(startup("").choose(List.of(MAIN))).isEqualTo(MAIN);
        assertThatThrownBy(() -> startup("").choose(List.of(MAIN, CHILD)))
                .hasMessage("no timeline was named, and there are 2");
        assertThatThrownBy(() -> startup("").choose(List.of()))
                .hasMessage("no timeline was named, and there are 0");
        assertThatThrownBy(() -> startup("timeline_id=" + CHILD.timeline()).choose(List.of(MAIN)))
                .hasMessage("no timeline " + CHILD.timeline() + " here");
    }

    @Test
    void aVersionCanBeAskedFor() throws ReplicationException {
        assertThat(startup("").serverVersion()).isNull();
        assertThat(startup("-c server_version=15").serverVersion()).isEqualTo("15");
        assertThatThrownBy(() -> startup("-c server_version=new"))
                .hasMessage("not a server version: \"new\"");
    }

    @Test
    void whatIsNoReadersStartupIsRefused() {
        assertThatThrownBy(() -> ReaderStartup.of(Map.of("user", "u")))
                .hasMessageContaining("physical replication only");
        assertThatThrownBy(() -> ReaderStartup.of(Map.of("replication", "database")))
                .hasMessageContaining("physical replication only");
        assertThatThrownBy(() -> startup("-c search_path=x"))
                .hasMessage("unrecognized configuration parameter \"search_path\"");
        assertThatThrownBy(() -> startup("-x")).hasMessage("invalid command-line argument: -x");
        assertThatThrownBy(() -> startup("timeline_id=12"))
                .hasMessageContaining("not a timeline id");
    }
}
