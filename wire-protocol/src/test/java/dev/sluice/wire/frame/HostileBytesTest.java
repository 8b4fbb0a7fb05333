package dev.sluice.wire.frame;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.frontend.FrontendMessage;
import dev.sluice.wire.frontend.PasswordMessage;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.replication.ReplicationMessage;
import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * Every decoder, fed random and half-right bytes: a message or a WireFormatException, nothing else.
 * {@code -Dsluice.hostile.rounds=N} for more than its share of the suite, {@code
 * -Dsluice.hostile.seed=N} for the same again.
 */
class HostileBytesTest {
    private static final int ROUNDS = Integer.getInteger("sluice.hostile.rounds", 200_000);
    private static final String FRONTEND_TYPES = "BCdcfDEHFPQSXpz";
    private static final String BACKEND_TYPES = "RK23CWdcGHDIEVvnNAtS1sZTz";

    private final long seed = Long.getLong("sluice.hostile.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void frontendMessages() {
        fuzz(body -> FrontendMessage.decode(type(FRONTEND_TYPES), body));
    }

    @Test
    void backendMessages() {
        fuzz(body -> BackendMessage.decode(type(BACKEND_TYPES), body));
    }

    @Test
    void passwordMessages() {
        fuzz(PasswordMessage::decode);
        fuzz(SASLInitialResponse::decode);
    }

    @Test
    void replicationMessages() {
        fuzz(ReplicationMessage::decode);
    }

    @Test
    void startupPackets() {
        fuzz(body -> {
            ByteBuf packet = Unpooled.buffer();
            packet.writeInt(body.readableBytes() + 8 + random.nextInt(2));
            packet.writeInt(
                    random.nextInt(4) == 0
                            ? 1234 << 16 | 5678 + random.nextInt(3)
                            : 3 << 16 | random.nextInt(4));
            packet.writeBytes(body);
            StartupPacket.read(packet);
        });
    }

    private byte type(String types) {
        return random.nextInt(50) == 0
                ? (byte) random.nextInt()
                : (byte) types.charAt(random.nextInt(types.length()));
    }

    private void fuzz(Consumer<ByteBuf> decoder) {
        for (int i = 0; i < ROUNDS; i++) {
            ByteBuf body = Unpooled.wrappedBuffer(hostile());
            try {
                decoder.accept(body);
            } catch (WireFormatException e) {
                assertThat(e.getMessage()).isNotEmpty();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("round " + i + " of seed " + seed, e);
            }
        }
    }

    /** Small numbers, zeros and letters, which get further into a decoder than noise does. */
    private byte[] hostile() {
        byte[] bytes = new byte[random.nextInt(40)];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            switch (random.nextInt(4)) {
                case 0 -> bytes[i] = 0;
                case 1 -> bytes[i] = (byte) random.nextInt(4);
                case 2 -> bytes[i] = (byte) ('A' + random.nextInt(58));
                default -> {}
            }
        }
        return bytes;
    }
}
