package dev.sluice.wire.startup;

import static dev.sluice.wire.frame.WireAssert.refused;
import static dev.sluice.wire.frame.WireLayout.layout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.NegotiateProtocolVersion;
import dev.sluice.wire.frame.WireLayout;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StartupPacketTest {
    private static void assertOnTheWire(StartupPacket packet, WireLayout layout) {
        ByteBuf expected = layout.build();
        ByteBuf actual = Unpooled.buffer();
        packet.encode(actual);
        assertThat(ByteBufUtil.hexDump(actual)).isEqualTo(ByteBufUtil.hexDump(expected));
        assertThat(StartupPacket.read(actual)).isEqualTo(packet);
        for (int length = 0; length < expected.readableBytes(); length++) {
            assertThat(StartupPacket.read(expected.copy(0, length))).isNull();
        }
    }

    private static Map<String, String> parameters(String... namesAndValues) {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return parameters;
    }

    @Test
    void startupMessage() {
        assertOnTheWire(
                new StartupMessage(
                        ProtocolVersion.V3_0, parameters("user", "me", "database", "", "é", "ü")),
                layout().length()
                        .int32(196608)
                        .string("user")
                        .string("me")
                        .string("database")
                        .string("")
                        .string("é")
                        .string("ü")
                        .byte1(0));
    }

    @Test
    void encryptionRequests() {
        assertOnTheWire(new SSLRequest(), layout().int32(8, 80877103));
        assertOnTheWire(new GSSENCRequest(), layout().int32(8, 80877104));
    }

    @Test
    void cancelRequest() {
        CancelKey key = CancelKey.of("key!".getBytes(StandardCharsets.US_ASCII));
        assertOnTheWire(new CancelRequest(77, key), layout().int32(16, 80877102, 77).bytes("key!"));
        String longKey = "k".repeat(32);
        assertOnTheWire(
                new CancelRequest(77, CancelKey.of(longKey.getBytes(StandardCharsets.US_ASCII))),
                layout().length().int32(80877102, 77).bytes(longKey));
    }

    @Test
    void cancelKeysAreComparedByTheirBytesAndNeverPrinted() {
        CancelKey key = CancelKey.random(new SecureRandom(), 32);
        ByteBuf bytes = Unpooled.buffer();
        key.encode(bytes);
        String hex = ByteBufUtil.hexDump(bytes);
        assertThat(CancelKey.decode(bytes)).isEqualTo(key).hasSameHashCodeAs(key);
        assertThat(key).isNotEqualTo(CancelKey.random(new SecureRandom(), 32));
        assertThat(key.toString()).doesNotContain(hex).isEqualTo("CancelKey[32 bytes]");
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 4, 7, 10_005, 0x16030100, Integer.MAX_VALUE})
    void refusesALengthOutOfRangeAtOnce(int length) {
        refused(
                "invalid length of startup packet",
                () -> StartupPacket.read(layout().int32(length).build()));
    }

    @Test
    void theLongestThatPostgresTakesIsTaken() {
        String value = "v".repeat(StartupPacket.MAX_BODY - 4 - 2 - 1 - 1);
        ByteBuf packet = layout().length().int32(196608).string("n").string(value).byte1(0).build();
        assertThat(packet.readableBytes()).isEqualTo(10_004);
        assertThat(StartupPacket.read(packet)).isInstanceOf(StartupMessage.class);
    }

    @Test
    void aLayoutThatPostgresRefusesIsRefused() {
        refused(
                "expected terminator as last byte",
                () -> StartupPacket.read(layout().length().int32(196608).build()));
        refused(
                "expected terminator as last byte",
                () ->
                        StartupPacket.read(
                                layout().length().int32(196608).byte1(0).byte1('x').build()));
        refused(
                "expected terminator as last byte",
                () -> StartupPacket.read(layout().length().int32(196608).bytes("user").build()));
        refused(
                "\"user\" has no terminator",
                () -> StartupPacket.read(layout().length().int32(196608).string("user").build()));
        refused(
                "1 bytes too many",
                () -> StartupPacket.read(layout().length().int32(80877103).byte1(0).build()));
    }

    @Test
    void anotherMajorVersionIsReadAsFarAsItCanBe() {
        assertThat(StartupPacket.read(layout().length().int32(2 << 16).bytes("anything").build()))
                .isEqualTo(new StartupMessage(new ProtocolVersion(2, 0), Map.of()));
    }

    @Test
    void aClientFromTheFutureIsToldWhatWeSpeak() {
        StartupMessage grease =
                new StartupMessage(
                        new ProtocolVersion(3, 9999),
                        parameters("user", "me", "_pq_.test_protocol_negotiation", "1"));
        assertThat(NegotiateProtocolVersion.answering(grease, ProtocolVersion.V3_2))
                .contains(
                        new NegotiateProtocolVersion(
                                ProtocolVersion.V3_2, List.of("_pq_.test_protocol_negotiation")));
        assertThat(grease.negotiated(ProtocolVersion.V3_2)).isEqualTo(ProtocolVersion.V3_2);
    }

    @Test
    void anOldClientWithANewOptionIsToldItsOwnVersion() {
        StartupMessage old =
                new StartupMessage(ProtocolVersion.V3_0, parameters("_pq_.x", "", "user", "me"));
        assertThat(NegotiateProtocolVersion.answering(old, ProtocolVersion.V3_2))
                .contains(new NegotiateProtocolVersion(ProtocolVersion.V3_0, List.of("_pq_.x")));
        StartupMessage plain = new StartupMessage(ProtocolVersion.V3_2, parameters("user", "me"));
        assertThat(NegotiateProtocolVersion.answering(plain, ProtocolVersion.V3_2)).isEmpty();
    }
}
