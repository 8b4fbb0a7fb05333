package dev.sluice.walservice.client;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartServer;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SafekeeperClientTest {
    private static final TenantTimelineId ID =
            new TenantTimelineId(new TenantId(1, 2), new TimelineId(3, 4));
    private static final Lsn FROM = Lsn.parse("0/1500000");

    @TempDir Path directory;

    /** Takes every question, and never says a word: as a process that is stopped. */
    private static void saysNothing(PartChannel channel) throws IOException {
        while (channel.receive() != null) {
            // the next
        }
    }

    @Test
    void oneThatSaysNothingIsNotWaitedForWithoutAnEnd() throws IOException {
        PartAddress address = new PartAddress.Unix(directory.resolve("sk.sock"));
        SafekeeperClient client =
                new SafekeeperClient(PartNetwork.PLAIN, address, Duration.ofMillis(50));
        try (PartServer _ =
                        PartServer.start("safekeeper", address, SafekeeperClientTest::saysNothing);
                WalStream stream = client.stream(ID, FROM)) {
            assertSilent(() -> client.status(ID), address);
            assertSilent(() -> client.report(ID), address);
            assertSilent(client::space, address);
            assertSilent(() -> client.read(ID, FROM, FROM.plus(10)), address);
            assertSilent(() -> client.deleteTimeline(ID), address);
            assertSilent(stream::next, address);
        }
    }

    private static void assertSilent(ThrowingCallable call, PartAddress address) {
        assertThatThrownBy(call)
                .isInstanceOf(SocketTimeoutException.class)
                .hasMessageContaining(address + " is silent");
    }
}
