package dev.sluice.storage.pageserver;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A pageserver that takes connections, as its system does for it, and says nothing. */
class SilentPageserverTest {
    private static final TenantTimelineId ID =
            new TenantTimelineId(TenantId.random(), TimelineId.random());

    @TempDir Path folder;

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void isGivenUp() throws Exception {
        PartAddress.Unix address = new PartAddress.Unix(folder.resolve("pages"));
        try (ServerSocketChannel silent = ServerSocketChannel.open(address.family());
                PageServiceClient client =
                        new PageServiceClient(PartNetwork.PLAIN, address, Duration.ofSeconds(1))) {
            silent.bind(address.socketAddress());
            assertThatThrownBy(client::timelines)
                    .isInstanceOf(PageserverAwayException.class)
                    .hasMessageEndingWith("has not answered for 1 s");
            assertThatThrownBy(() -> client.waitForLsn(ID, Lsn.parse("0/1"), Duration.ofSeconds(1)))
                    .isInstanceOf(PageserverAwayException.class)
                    .hasMessageEndingWith("has not answered for 2 s");
        }
    }
}
