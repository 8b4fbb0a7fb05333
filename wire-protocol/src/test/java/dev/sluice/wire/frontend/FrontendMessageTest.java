package dev.sluice.wire.frontend;

import static dev.sluice.wire.frame.WireAssert.refused;
import static dev.sluice.wire.frame.WireLayout.buf;
import static dev.sluice.wire.frame.WireLayout.layout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.sluice.wire.frame.Format;
import dev.sluice.wire.frame.WireAssert;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrontendMessageTest {
    private static WireAssert assertMessage(FrontendMessage message) {
        return new WireAssert(message, message::encode, FrontendMessage::decode);
    }

    @Test
    void bind() {
        assertMessage(
                        new Bind(
                                "portal",
                                "statement",
                                List.of(Format.TEXT, Format.BINARY),
                                Arrays.asList(buf("42"), null, buf("")),
                                List.of(Format.BINARY)))
                .isOnTheWire(
                        layout().byte1('B')
                                .length()
                                .string("portal")
                                .string("statement")
                                .int16(2, 0, 1)
                                .int16(3)
                                .int32(2)
                                .bytes("42")
                                .int32(-1)
                                .int32(0)
                                .int16(1, 1));
    }

    @Test
    void close() {
        assertMessage(new Close(Target.STATEMENT, "s1"))
                .isOnTheWire(layout().byte1('C').length().byte1('S').string("s1"));
    }

    @Test
    void copyData() {
        assertMessage(new CopyData(buf("1\t2\n")))
                .isOnTheWire(layout().byte1('d').length().bytes("1\t2\n"));
    }

    @Test
    void copyDone() {
        assertMessage(new CopyDone()).isOnTheWire(layout().byte1('c').int32(4));
    }

    @Test
    void copyFail() {
        assertMessage(new CopyFail("no more"))
                .isOnTheWire(layout().byte1('f').length().string("no more"));
    }

    @Test
    void describe() {
        assertMessage(new Describe(Target.PORTAL, ""))
                .isOnTheWire(layout().byte1('D').length().byte1('P').string(""));
    }

    @Test
    void execute() {
        assertMessage(new Execute("p", 100))
                .isOnTheWire(layout().byte1('E').length().string("p").int32(100));
    }

    @Test
    void flush() {
        assertMessage(new Flush()).isOnTheWire(layout().byte1('H').int32(4));
    }

    @Test
    void functionCall() {
        assertMessage(
                        new FunctionCall(
                                1598,
                                List.of(Format.BINARY),
                                Arrays.asList(buf("abcd"), null),
                                Format.TEXT))
                .isOnTheWire(
                        layout().byte1('F')
                                .length()
                                .int32(1598)
                                .int16(1, 1)
                                .int16(2)
                                .int32(4)
                                .bytes("abcd")
                                .int32(-1)
                                .int16(0));
    }

    @Test
    void parse() {
        assertMessage(new Parse("s", "select $1, 'é'", List.of(23, 0)))
                .isOnTheWire(
                        layout().byte1('P')
                                .length()
                                .string("s")
                                .string("select $1, 'é'")
                                .int16(2)
                                .int32(23, 0));
    }

    @Test
    void query() {
        assertMessage(new Query("select 1"))
                .isOnTheWire(layout().byte1('Q').length().string("select 1"));
    }

    @Test
    void sync() {
        assertMessage(new Sync()).isOnTheWire(layout().byte1('S').int32(4));
    }

    @Test
    void terminate() {
        assertMessage(new Terminate()).isOnTheWire(layout().byte1('X').int32(4));
    }

    @Test
    void passwordMessage() {
        PasswordMessage message = new PasswordMessage("secret");
        new WireAssert(message, message::encode, (_, body) -> PasswordMessage.decode(body))
                .isOnTheWire(layout().byte1('p').length().string("secret"));
        assertThat(message.toString()).doesNotContain("secret");
    }

    @Test
    void gssResponse() {
        GSSResponse message = new GSSResponse(buf("token"));
        new WireAssert(message, message::encode, (_, body) -> GSSResponse.decode(body))
                .isOnTheWire(layout().byte1('p').length().bytes("token"));
    }

    @Test
    void saslInitialResponse() {
        SASLInitialResponse message = new SASLInitialResponse("SCRAM-SHA-256", buf("n,,n=,r=x"));
        new WireAssert(message, message::encode, (_, body) -> SASLInitialResponse.decode(body))
                .isOnTheWire(
                        layout().byte1('p')
                                .length()
                                .string("SCRAM-SHA-256")
                                .int32(9)
                                .bytes("n,,n=,r=x"));
    }

    @Test
    void saslInitialResponseWithoutData() {
        SASLInitialResponse message = new SASLInitialResponse("SCRAM-SHA-256", null);
        new WireAssert(message, message::encode, (_, body) -> SASLInitialResponse.decode(body))
                .isOnTheWire(layout().byte1('p').length().string("SCRAM-SHA-256").int32(-1));
    }

    @Test
    void saslResponse() {
        SASLResponse message = new SASLResponse(buf("c=biws"));
        new WireAssert(message, message::encode, (_, body) -> SASLResponse.decode(body))
                .isOnTheWire(layout().byte1('p').length().bytes("c=biws"));
    }

    @Test
    void whatIsNoMessageIsRefusedByName() {
        refused("type 'p'", () -> FrontendMessage.decode((byte) 'p', buf("x\0")));
        refused("type 0x00", () -> FrontendMessage.decode((byte) 0, buf("")));
        refused("type 0xff", () -> FrontendMessage.decode((byte) 0xff, buf("")));
        refused("target 'X'", () -> FrontendMessage.decode((byte) 'C', buf("Xs\0")));
        refused("query has no terminator", () -> FrontendMessage.decode((byte) 'Q', buf("q")));
        refused("1 bytes too many", () -> FrontendMessage.decode((byte) 'Q', buf("q\0x")));
        refused(
                "not valid UTF-8",
                () ->
                        FrontendMessage.decode(
                                (byte) 'Q', Unpooled.wrappedBuffer(new byte[] {(byte) 0xe9, 0})));
        refused(
                "parameter values of -2 bytes",
                () ->
                        FrontendMessage.decode(
                                (byte) 'B',
                                layout().string("")
                                        .string("")
                                        .int16(0, 1)
                                        .int32(-2)
                                        .int16(0)
                                        .build()));
        refused(
                "parameter types needs 262140 bytes",
                () ->
                        FrontendMessage.decode(
                                (byte) 'P', layout().string("").string("").int16(0xffff).build()));
        refused(
                "format code 2",
                () ->
                        FrontendMessage.decode(
                                (byte) 'B', layout().string("").string("").int16(1, 2).build()));
    }

    @Test
    void whatTheWireCannotCarryIsNotWritten() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Query("a\0b").encode(Unpooled.buffer()));
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new Parse("", "", java.util.Collections.nCopies(65536, 0))
                                .encode(Unpooled.buffer()));
    }
}
