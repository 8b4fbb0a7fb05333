package dev.sluice.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.gateway.SessionInfo.State;
import dev.sluice.wire.backend.TransactionStatus;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionActivityTest {
    /** Upper and lower case letters are the client's messages; 1 2 3 are ReadyForQuery I, T, E. */
    @ParameterizedTest
    @CsvSource({
        "'',IDLE",
        "Q,ACTIVE",
        "Q1,IDLE",
        "Q2,IN_TRANSACTION",
        "Q2Q3,IN_TRANSACTION",
        "Q2Q1,IDLE",
        "QQ1,ACTIVE",
        "QQ11,IDLE",
        "PBDE,ACTIVE",
        "PBDES,ACTIVE",
        "PBDES1,IDLE",
        "PBES PBES 1,ACTIVE",
        "PBES PBES 1 1,IDLE",
        "PBES PBE 1,ACTIVE",
        "F1,IDLE",
        "Qddc1,IDLE",
        "Qddf1,IDLE",
        "PBES ddc S1,IDLE",
        "PBE ddc S1,IDLE",
        "Q1 d,IDLE",
    })
    void stateFollowsTheMessages(String messages, State expected) {
        SessionActivity activity = new SessionActivity();
        for (int i = 0; i < messages.length(); i++) {
            char message = messages.charAt(i);
            switch (message) {
                case '1' -> activity.serverReady(TransactionStatus.IDLE);
                case '2' -> activity.serverReady(TransactionStatus.IN_TRANSACTION);
                case '3' -> activity.serverReady(TransactionStatus.FAILED);
                case ' ' -> {}
                default -> activity.clientSent((byte) message);
            }
        }
        assertThat(activity.state()).isEqualTo(expected);
    }
}
