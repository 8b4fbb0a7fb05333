package dev.sluice.wire.backend;

import static dev.sluice.wire.frame.WireAssert.refused;
import static dev.sluice.wire.frame.WireLayout.buf;
import static dev.sluice.wire.frame.WireLayout.layout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.WireAssert;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.ProtocolVersion;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BackendMessageTest {
    private static WireAssert assertMessage(BackendMessage message) {
        return new WireAssert(message, message::encode, BackendMessage::decode);
    }

    @Test
    void authenticationWithoutData() {
        assertMessage(new AuthenticationOk()).isOnTheWire(layout().byte1('R').int32(8, 0));
        assertMessage(new AuthenticationKerberosV5()).isOnTheWire(layout().byte1('R').int32(8, 2));
        assertMessage(new AuthenticationCleartextPassword())
                .isOnTheWire(layout().byte1('R').int32(8, 3));
        assertMessage(new AuthenticationGSS()).isOnTheWire(layout().byte1('R').int32(8, 7));
        assertMessage(new AuthenticationSSPI()).isOnTheWire(layout().byte1('R').int32(8, 9));
    }

    @Test
    void authenticationMD5Password() {
        assertMessage(new AuthenticationMD5Password(buf("salt")))
                .isOnTheWire(layout().byte1('R').int32(12, 5).bytes("salt"));
    }

    @Test
    void authenticationGSSContinue() {
        assertMessage(new AuthenticationGSSContinue(buf("token")))
                .isOnTheWire(layout().byte1('R').length().int32(8).bytes("token"));
    }

    @Test
    void authenticationSASL() {
        assertMessage(new AuthenticationSASL(List.of("SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")))
                .isOnTheWire(
                        layout().byte1('R')
                                .length()
                                .int32(10)
                                .string("SCRAM-SHA-256-PLUS")
                                .string("SCRAM-SHA-256")
                                .byte1(0));
    }

    @Test
    void authenticationSASLContinue() {
        assertMessage(new AuthenticationSASLContinue(buf("r=x")))
                .isOnTheWire(layout().byte1('R').length().int32(11).bytes("r=x"));
    }

    @Test
    void authenticationSASLFinal() {
        assertMessage(new AuthenticationSASLFinal(buf("v=x")))
                .isOnTheWire(layout().byte1('R').length().int32(12).bytes("v=x"));
    }

    @Test
    void backendKeyData() {
        assertMessage(
                        new BackendKeyData(
                                4711, CancelKey.of("key!".getBytes(StandardCharsets.US_ASCII))))
                .isOnTheWire(layout().byte1('K').int32(12).int32(4711).bytes("key!"));
        String longKey = "k".repeat(256);
        assertMessage(
                        new BackendKeyData(
                                -1, CancelKey.of(longKey.getBytes(StandardCharsets.US_ASCII))))
                .isOnTheWire(layout().byte1('K').length().int32(-1).bytes(longKey));
    }

    @Test
    void messagesWithoutFields() {
        assertMessage(new ParseComplete()).isOnTheWire(layout().byte1('1').int32(4));
        assertMessage(new BindComplete()).isOnTheWire(layout().byte1('2').int32(4));
        assertMessage(new CloseComplete()).isOnTheWire(layout().byte1('3').int32(4));
        assertMessage(new CopyDone()).isOnTheWire(layout().byte1('c').int32(4));
        assertMessage(new EmptyQueryResponse()).isOnTheWire(layout().byte1('I').int32(4));
        assertMessage(new NoData()).isOnTheWire(layout().byte1('n').int32(4));
        assertMessage(new PortalSuspended()).isOnTheWire(layout().byte1('s').int32(4));
    }

    @Test
    void commandComplete() {
        assertMessage(new CommandComplete("INSERT 0 1"))
                .isOnTheWire(layout().byte1('C').length().string("INSERT 0 1"));
    }

    @Test
    void copyData() {
        assertMessage(new CopyData(buf("1\n")))
                .isOnTheWire(layout().byte1('d').length().bytes("1\n"));
    }

    @Test
    void copyResponses() {
        assertMessage(new CopyInResponse(Format.TEXT, List.of(Format.TEXT, Format.TEXT)))
                .isOnTheWire(layout().byte1('G').length().byte1(0).int16(2, 0, 0));
        assertMessage(new CopyOutResponse(Format.BINARY, List.of(Format.BINARY)))
                .isOnTheWire(layout().byte1('H').length().byte1(1).int16(1, 1));
        assertMessage(new CopyBothResponse(Format.TEXT, List.of()))
                .isOnTheWire(layout().byte1('W').length().byte1(0).int16(0));
    }

    @Test
    void dataRow() {
        assertMessage(new DataRow(Arrays.asList(buf("1"), null, buf(""))))
                .isOnTheWire(
                        layout().byte1('D').length().int16(3).int32(1).bytes("1").int32(-1, 0));
    }

    @Test
    void errorResponse() {
        assertMessage(
                        new ErrorResponse(
                                Diagnostic.of(
                                                Diagnostic.Severity.FATAL,
                                                SqlState.INVALID_PASSWORD,
                                                "no")
                                        .withHint("ask")))
                .isOnTheWire(
                        layout().byte1('E')
                                .length()
                                .byte1('S')
                                .string("FATAL")
                                .byte1('V')
                                .string("FATAL")
                                .byte1('C')
                                .string("28P01")
                                .byte1('M')
                                .string("no")
                                .byte1('H')
                                .string("ask")
                                .byte1(0));
    }

    @Test
    void noticeResponseKeepsFieldsItDoesNotKnow() {
        Diagnostic diagnostic = new Diagnostic(List.of(new Diagnostic.Field('z', "new")));
        assertMessage(new NoticeResponse(diagnostic))
                .isOnTheWire(layout().byte1('N').length().byte1('z').string("new").byte1(0));
        assertThat(diagnostic.sqlState()).isEmpty();
    }

    @Test
    void functionCallResponse() {
        assertMessage(new FunctionCallResponse(buf("ok")))
                .isOnTheWire(layout().byte1('V').length().int32(2).bytes("ok"));
        assertMessage(new FunctionCallResponse(null))
                .isOnTheWire(layout().byte1('V').length().int32(-1));
    }

    @Test
    void negotiateProtocolVersion() {
        assertMessage(
                        new NegotiateProtocolVersion(
                                ProtocolVersion.V3_2, List.of("_pq_.a", "_pq_.b")))
                .isOnTheWire(
                        layout().byte1('v')
                                .length()
                                .int32(0x00030002)
                                .int32(2)
                                .string("_pq_.a")
                                .string("_pq_.b"));
        refused(
                "-1 options",
                () -> BackendMessage.decode((byte) 'v', layout().int32(0x30000, -1).build()));
    }

    @Test
    void notificationResponse() {
        assertMessage(new NotificationResponse(42, "channel", "payload"))
                .isOnTheWire(
                        layout().byte1('A').length().int32(42).string("channel").string("payload"));
    }

    @Test
    void parameterDescription() {
        assertMessage(new ParameterDescription(List.of(23, 25)))
                .isOnTheWire(layout().byte1('t').length().int16(2).int32(23, 25));
    }

    @Test
    void parameterStatus() {
        assertMessage(new ParameterStatus("TimeZone", "UTC"))
                .isOnTheWire(layout().byte1('S').length().string("TimeZone").string("UTC"));
    }

    @Test
    void readyForQuery() {
        for (TransactionStatus status : TransactionStatus.values()) {
            assertMessage(new ReadyForQuery(status))
                    .isOnTheWire(layout().byte1('Z').int32(5).byte1(status.code()));
        }
        refused("status 'X'", () -> BackendMessage.decode((byte) 'Z', buf("X")));
    }

    @Test
    void rowDescription() {
        assertMessage(
                        new RowDescription(
                                List.of(
                                        new RowDescription.Field(
                                                "id", 16384, 1, 23, 4, -1, Format.TEXT),
                                        new RowDescription.Field(
                                                "?column?", 0, 0, 25, -1, 68, Format.BINARY))))
                .isOnTheWire(
                        layout().byte1('T')
                                .length()
                                .int16(2)
                                .string("id")
                                .int32(16384)
                                .int16(1)
                                .int32(23)
                                .int16(4)
                                .int32(-1)
                                .int16(0)
                                .string("?column?")
                                .int32(0)
                                .int16(0)
                                .int32(25)
                                .int16(-1)
                                .int32(68)
                                .int16(1));
    }

    @Test
    void whatIsNoMessageIsRefusedByName() {
        refused("type 'Q'", () -> BackendMessage.decode((byte) 'Q', buf("x\0")));
        refused(
                "authentication code 99",
                () -> BackendMessage.decode((byte) 'R', layout().int32(99).build()));
        refused("cancel key of 3 bytes", () -> BackendMessage.decode((byte) 'K', buf("pid.key")));
        refused("columns needs", () -> BackendMessage.decode((byte) 'T', buf("\uffff")));
    }
}
