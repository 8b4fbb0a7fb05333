package dev.sluice.storage.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TimelineIndexTest {
    @TempDir Path directory;

    private static TimelineIndex index() {
        Key last = new Key(Key.AUXILIARY_FILE, 1, 2, 3, 0, -1);
        return new TimelineIndex(
                new TenantTimelineId(new TenantId(1, -2), new TimelineId(-3, 4)),
                17,
                new Lsn(100),
                new TimelineId(5, 6),
                new Lsn(100),
                new Lsn(-8),
                new Lsn(200),
                9,
                List.of(
                        new LayerDescriptor(
                                3, Kind.DELTA, Key.MIN, last, new Lsn(100), new Lsn(300), 77, -1),
                        new LayerDescriptor(
                                4, Kind.IMAGE, Key.MIN, last, new Lsn(300), new Lsn(300), 1, 5)));
    }

    @Test
    void whatIsPublishedIsRead() throws IOException {
        index().publish(directory);
        assertThat(TimelineIndex.read(directory)).isEqualTo(index());
        assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void anyDamageIsAnErrorThatNamesTheFile() throws IOException {
        index().publish(directory);
        Path file = directory.resolve(TimelineIndex.FILE_NAME);
        byte[] right = Files.readAllBytes(file);
        for (int at = 0; at < right.length; at++) {
            byte[] wrong = right.clone();
            wrong[at] ^= 0x10;
            Files.write(file, wrong);
            assertThatThrownBy(() -> TimelineIndex.read(directory))
                    .as("byte %d", at)
                    .isInstanceOf(LayerDamagedException.class)
                    .hasMessageContaining(file.toString());
            Files.write(file, Arrays.copyOf(right, at));
            assertThatThrownBy(() -> TimelineIndex.read(directory))
                    .isInstanceOf(LayerDamagedException.class);
        }
    }
}
