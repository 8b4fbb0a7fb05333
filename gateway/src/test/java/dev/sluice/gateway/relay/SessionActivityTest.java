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
                default -> activity.clientSent((byte) message, 100);
            }
        }
        assertThat(activity.state()).isEqualTo(expected);
    }

    /** Messages with their bodies' lengths; Z is ReadyForQuery. */
    @ParameterizedTest
    @CsvSource({
        "'',false",
        "Q1,true",
        "Q1 Z,true",
        "Q2,false",
        "Q2 Z Q1,true",
        "Q1 Z Q2,false",
        "Q2 Q1,false",
        "P4 B8 D2 E5 S0,true",
        "P4 B8 D2 E5 S0 Z,true",
        "P4 B8 E5 S0 Z Q1,true",
        "P5 B8 E5 S0,false",
        "P4 B9 E5 S0,false",
        "B8 E5 S0 C6 S0,false",
        "P4 D2 S0 Z B8 E5 S0,true",
        "P30 S0 Z B8 E5 S0,false",
        "P4 B8 S0 Z E5 S0,false",
        "P4 S0 Z Q1 Z B8 E5 S0,false",
        "B8 E5 S0 Z Q1,true",
        "Q1 X0,false",
    })
    void emptyQueriesAreNoActivity(String messages, boolean pinging) {
        SessionActivity activity = new SessionActivity();
        for (String message : messages.split(" ", -1)) {
            if (message.equals("Z")) {
                activity.serverReady(TransactionStatus.IDLE);
            } else if (!message.isEmpty()) {
                activity.clientSent(
                        (byte) message.charAt(0), Integer.parseInt(message.substring(1)));
            }
        }
        assertThat(activity.isPinging()).isEqualTo(pinging);
    }
}
