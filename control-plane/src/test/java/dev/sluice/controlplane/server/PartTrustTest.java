package dev.sluice.controlplane.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.part.PartRole;
import java.io.Closeable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartTrustTest {
    @TempDir private Path directory;

    @Test
    void certificatesAreLookedAtSoonAfterAMachineHasSlept() throws Exception {
        DataFolder folder = DataFolder.at(directory.resolve("data"));
        folder.create();
        Path agent = PartTrust.file(folder, PartRole.AGENT);
        try (Closeable _ = PartTrust.keep(folder, "127.0.0.1", Duration.ofMillis(20))) {
            Files.delete(agent);
            await().until(() -> Files.exists(agent));
        }
        assertThat(PartTrust.RENEWAL_PERIOD).isLessThanOrEqualTo(Duration.ofMinutes(1));
    }
}
