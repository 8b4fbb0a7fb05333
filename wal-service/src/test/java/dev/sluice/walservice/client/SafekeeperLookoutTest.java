package dev.sluice.walservice.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafekeeperLookoutTest {
    @TempDir Path directory;
    private final AtomicInteger connections = new AtomicInteger();

    private PartAddress address() {
        return new PartAddress.Unix(directory.resolve("sk.sock"));
    }

    /** Has no timelines, and says so as often as it is asked. */
    private PartServer server() throws IOException {
        return PartServer.start("safekeeper", address(), this::answer);
    }

    private void answer(PartChannel channel) throws IOException {
        connections.incrementAndGet();
        for (PartFrame frame; (frame = channel.receive()) != null; ) {
            assertThat(SafekeeperProtocol.request(frame))
                    .isInstanceOf(SafekeeperRequest.ListTimelines.class);
            SafekeeperProtocol.send(channel, new SafekeeperReply.Statuses(List.of()));
        }
    }

    @Test
    void manyLooksTakeOneConnection() throws IOException {
        try (PartServer _ = server();
                SafekeeperLookout lookout =
                        new SafekeeperLookout(new SafekeeperClient(address()))) {
            for (int i = 0; i < 5; i++) {
                assertThat(lookout.timelines()).isEmpty();
            }
            assertThat(connections).hasValue(1);
        }
    }

    @Test
    void oneThatWasStartedAgainIsSeenAgain() throws IOException {
        try (SafekeeperLookout lookout = new SafekeeperLookout(new SafekeeperClient(address()))) {
            try (PartServer _ = server()) {
                assertThat(lookout.timelines()).isEmpty();
            }
            assertThatThrownBy(lookout::timelines).isInstanceOf(IOException.class);
            try (PartServer _ = server()) {
                assertThat(lookout.timelines()).isEmpty();
            }
            try (PartServer _ = server()) {
                assertThat(lookout.timelines()).isEmpty();
            }
            assertThat(connections).hasValue(3);
        }
    }

    @Test
    void nobodyLooksAfterTheEnd() throws IOException {
        try (PartServer _ = server()) {
            SafekeeperLookout lookout = new SafekeeperLookout(new SafekeeperClient(address()));
            assertThat(lookout.timelines()).isEmpty();
            lookout.close();
            assertThatThrownBy(lookout::timelines).isInstanceOf(IOException.class);
            assertThatThrownBy(lookout::timelines).isInstanceOf(IOException.class);
        }
    }
}
