package dev.sluice.gateway.cancel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.frame.WireFormatException;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.CancelRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CancelForwardingTest {
    private static final Instant NOW = Instant.parse("2026-11-27T12:00:00Z");
    private static final FleetSecret SECRET = FleetSecret.of("thirty-two characters, or some more");
    private static final CancelPeers ONE =
            new CancelPeers(1, SECRET, Map.of(2, InetSocketAddress.createUnresolved("two", 2)));
    private static final CancelPeers TWO =
            new CancelPeers(2, SECRET, Map.of(1, InetSocketAddress.createUnresolved("one", 1)));

    private final SecureRandom random = new SecureRandom();
    private final CancelForwarding sender = new CancelForwarding(random, () -> NOW);
    private final CancelForwarding receiver = new CancelForwarding(random, () -> NOW);

    private CancelRequest request(int keyBytes) {
        return new CancelRequest(
                GatewayNumber.processId(2, 99), CancelKey.random(random, keyBytes));
    }

    private byte[] forwarded(CancelRequest request) {
        ByteBuf out = Unpooled.buffer();
        sender.encode(ONE, request, out);
        return ByteBufUtil.getBytes(out);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 32, 256})
    void arrivesAsItWasHoweverItIsCut(int keyBytes) {
        CancelRequest request = request(keyBytes);
        assertThat(CancelForwarding.owner(ONE, request)).contains(ONE.others().get(2));
        byte[] bytes = forwarded(request);
        for (int cut = 8; cut < bytes.length; cut++) {
            ByteBuf part = Unpooled.wrappedBuffer(bytes, 0, cut);
            assertThat(ForwardedCancel.isNext(part)).isTrue();
            assertThat(receiver.read(TWO, part)).isNull();
            assertThat(part.readableBytes()).isEqualTo(cut);
        }
        assertThat(receiver.read(TWO, Unpooled.wrappedBuffer(bytes))).isEqualTo(request);
    }

    @Test
    void oneIsBelievedOnce() {
        byte[] bytes = forwarded(request(32));
        assertThat(receiver.read(TWO, Unpooled.wrappedBuffer(bytes))).isNotNull();
        assertThatThrownBy(() -> receiver.read(TWO, Unpooled.wrappedBuffer(bytes)))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("once before");
    }

    @ParameterizedTest
    @ValueSource(ints = {-61, 61})
    void oneOfAnotherTimeIsNotBelieved(int seconds) {
        byte[] bytes = forwarded(request(4));
        CancelForwarding later = new CancelForwarding(random, () -> NOW.plusSeconds(seconds));
        assertThatThrownBy(() -> later.read(TWO, Unpooled.wrappedBuffer(bytes)))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("forwarded at");
    }

    @Test
    void everyByteIsCovered() {
        byte[] bytes = forwarded(request(32));
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 1;
            ByteBuf in = Unpooled.wrappedBuffer(changed);
            if (ForwardedCancel.isNext(in)) {
                assertThatThrownBy(
                                () -> {
                                    if (receiver.read(TWO, in) == null) {
                                        throw new WireFormatException("waits for more");
                                    }
                                })
                        .isInstanceOf(WireFormatException.class);
            } else {
                assertThat(i).isBetween(4, 7);
            }
        }
    }

    @Test
    void theSecretIsNeitherShortNorPrinted() {
        assertThatThrownBy(() -> FleetSecret.of("x".repeat(31)))
                .hasMessageContaining("at least 32 characters");
        assertThat(ONE.toString()).doesNotContain("thirty").contains("redacted");
        assertThatThrownBy(() -> new CancelPeers(2, SECRET, ONE.others()))
                .hasMessageContaining("gateway 2 is this one");
        assertThatThrownBy(() -> new CancelPeers(1024, SECRET, Map.of()))
                .hasMessageContaining("1 to 1023, not 1024");
    }
}
