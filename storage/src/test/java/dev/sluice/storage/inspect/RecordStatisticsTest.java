package dev.sluice.storage.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class RecordStatisticsTest {
    private final RecordStatistics statistics =
            new RecordStatistics(PostgresMajor.of(17).describer(ZoneOffset.UTC));

    private void add(int manager, int info, int bytes) throws IOException {
        statistics.add(
                WalRecord.parse(
                        RecordEncoder.encodeRecord(manager, info, 0, Lsn.INVALID, new byte[bytes]),
                        new Lsn(40),
                        new Lsn(120)));
    }

    @Test
    void countsByTypeInTheOrderOfManagers() throws IOException {
        add(ResourceManager.RM_HEAP_ID, 0x00, 14);
        add(ResourceManager.RM_XACT_ID, 0x80, 14);
        add(ResourceManager.RM_XACT_ID, 0x00, 34);
        add(ResourceManager.RM_HEAP_ID, 0x80, 14);
        assertThat(statistics.counts())
                .containsExactly(
                        new RecordStatistics.Count("Transaction/COMMIT", 2, 100, 0),
                        new RecordStatistics.Count("Heap/INSERT", 1, 40, 0),
                        new RecordStatistics.Count("Heap/INSERT+INIT", 1, 40, 0));
        assertThat(statistics.total()).isEqualTo(new RecordStatistics.Count("Total", 4, 180, 0));
        assertThat(statistics.table(new Lsn(40), new Lsn(0x1_0000_0000L)).lines())
                .startsWith("WAL statistics between 0/28 and 1/0:")
                .anyMatch(
                        line -> line.matches("Heap/INSERT +1 \\( 25\\.00\\) +40 \\( 22\\.22\\).*"))
                .anyMatch(
                        line -> line.matches("Total +4 +180 \\[100\\.00%] +0 \\[0\\.00%] +180 .*"));
    }
}
