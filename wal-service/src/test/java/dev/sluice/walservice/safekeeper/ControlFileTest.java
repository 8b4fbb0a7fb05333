package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ControlFileTest {
    private static final TenantTimelineId ID =
            new TenantTimelineId(new TenantId(1, 2), new TimelineId(3, 4));

    @TempDir Path directory;

    @Test
    void whatIsWrittenIsReadWithItsConfiguration() throws IOException {
        Configuration joint =
                Configuration.first(List.of(1L, 2L, 3L)).jointWith(List.of(2L, 3L, 4L));
        TimelineControl control = TimelineControl.born(ID, 42, 17, joint, new Lsn(800));
        ControlFile.write(directory, control);
        assertThat(ControlFile.read(directory)).isEqualTo(control);
    }

    @Test
    void oneOfVersion2HasNoConfigurationYet() throws IOException {
        ByteBuffer file = ByteBuffer.allocate(16 + 32 + 8 + 4 + 5 * 8 + 4 + 16);
        file.putInt(0x534C4B43).putInt(2).putInt(file.capacity() - 16).putInt(0);
        file.putLong(1).putLong(2).putLong(3).putLong(4).putLong(42).putInt(17);
        file.putLong(0).putLong(800).putLong(7).putLong(0).putLong(840);
        file.putInt(1).putLong(7).putLong(800);
        CRC32C crc = new CRC32C();
        crc.update(file.array(), 0, 12);
        crc.update(file.array(), 16, file.position() - 16);
        file.putInt(12, (int) crc.getValue());
        Files.write(directory.resolve(ControlFile.NAME), file.array());
        TimelineControl control = ControlFile.read(directory);
        assertThat(control.configuration()).isEqualTo(Configuration.UNSET);
        assertThat(control.term()).isEqualTo(new Term(7));
        assertThat(control.commit()).isEqualTo(new Lsn(840));
        assertThat(control.history().lastTerm()).isEqualTo(new Term(7));
    }
}
