package dev.sluice.walservice.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.wire.Lsn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplicationCommandTest {
    @Test
    void theCommandsOfWalReceiversAreUnderstood() throws ReplicationException {
        assertThat(ReplicationCommand.parse("IDENTIFY_SYSTEM"))
                .isEqualTo(new ReplicationCommand.IdentifySystem());
        assertThat(ReplicationCommand.parse(" identify_system ; "))
                .isEqualTo(new ReplicationCommand.IdentifySystem());
        assertThat(ReplicationCommand.parse("SHOW wal_segment_size"))
                .isEqualTo(new ReplicationCommand.Show("wal_segment_size"));
        assertThat(ReplicationCommand.parse("show \"Data_Directory_Mode\";"))
                .isEqualTo(new ReplicationCommand.Show("data_directory_mode"));
        assertThat(ReplicationCommand.parse("TIMELINE_HISTORY 2"))
                .isEqualTo(new ReplicationCommand.TimelineHistory(2));
        assertThat(ReplicationCommand.parse("START_REPLICATION 0/2000000 TIMELINE 1"))
                .isEqualTo(new ReplicationCommand.Start(Lsn.parse("0/2000000"), 1));
        assertThat(ReplicationCommand.parse("start_replication physical F/ab0000f8"))
                .isEqualTo(new ReplicationCommand.Start(Lsn.parse("F/AB0000F8"), 1));
        assertThat(ReplicationCommand.parse("START_REPLICATION PHYSICAL 0/0 TIMELINE 4294967295"))
                .isEqualTo(new ReplicationCommand.Start(Lsn.INVALID, 4_294_967_295L));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "START_REPLICATION SLOT \"a\" 0/0 TIMELINE 1 | 0A000 | no replication slots",
                "CREATE_REPLICATION_SLOT s TEMPORARY PHYSICAL | 0A000 | no replication slots",
                "READ_REPLICATION_SLOT s | 0A000 | no replication slots",
                "START_REPLICATION SLOT s LOGICAL 0/0 | 0A000 | no logical replication",
                "BASE_BACKUP | 0A000 | no data directory",
                "SELECT 1 | 0A000 | cannot execute SQL",
                "START_REPLICATION | 42601 | not a replication command",
                "START_REPLICATION 0/123456789 | 42601 | not a replication command",
                "START_REPLICATION 0/0 TIMELINE | 42601 | not a replication command",
                "SHOW | 42601 | not a replication command",
                "SHOW a; DROP TABLE b | 42601 | not a replication command",
                "IDENTIFY_SYSTEM now | 42601 | not a replication command",
                "'' | 42601 | not a replication command",
            })
    void whatIsNotServedIsRefusedAndSaysWhy(String command, String state, String message) {
        ReplicationException refused =
                catchThrowableOfType(
                        ReplicationException.class, () -> ReplicationCommand.parse(command));
        assertThat(refused).hasMessageContaining(message);
        assertThat(refused.state().code()).isEqualTo(state);
    }
}
