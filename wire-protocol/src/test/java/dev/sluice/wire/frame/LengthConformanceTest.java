package dev.sluice.wire.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Every value of a length field, from -1 to over the limit: taken at its first byte or refused at
 * its last, never waited for, and nothing kept for it.
 */
class LengthConformanceTest {
    private static final int LIMIT = 10_000;

    /** All around a small limit, and around that of Postgres. */
    private static IntStream lengths(int limit) {
        return IntStream.concat(
                IntStream.of(Integer.MIN_VALUE, Integer.MIN_VALUE + 1, Integer.MAX_VALUE),
                IntStream.concat(
                        IntStream.rangeClosed(-1, LIMIT + 1000),
                        IntStream.rangeClosed(limit - 1000, limit + 1000)));
    }

    private static ByteBuf header(int length) {
        return Unpooled.buffer(FrameHeader.BYTES).writeByte('Q').writeInt(length);
    }

    @Test
    void ofAMessage() {
        for (int limit : new int[] {FrameHeader.MIN_LENGTH, LIMIT, FrameHeader.MAX_LENGTH}) {
            lengths(limit)
                    .forEach(length -> {
                        boolean good = length >= FrameHeader.MIN_LENGTH && length <= limit;
                        if (!good) {
                            assertThatThrownBy(() -> OpaqueFrame.read(header(length), limit))
                                    .isInstanceOf(WireFormatException.class)
                                    .hasMessageContaining("'Q' announces a length of " + length);
                            return;
                        }
                        @Nullable OpaqueFrame frame = OpaqueFrame.read(header(length), limit);
                        assertThat(frame == null).isEqualTo(length > FrameHeader.MIN_LENGTH);
                    });
        }
    }

    @Test
    void inAStream() {
        for (int limit : new int[] {FrameHeader.MIN_LENGTH, LIMIT, FrameHeader.MAX_LENGTH}) {
            lengths(limit)
                    .forEach(length -> {
                        boolean good = length >= FrameHeader.MIN_LENGTH && length <= limit;
                        List<Integer> bodies = new ArrayList<>();
                        FrameScanner scanner = new FrameScanner(limit, listener(bodies));
                        ByteBuf bytes = header(length);
                        for (int at = 0; at < FrameHeader.BYTES - 1; at++) {
                            scanner.scan(bytes.slice(at, 1));
                        }
                        ByteBuf last = bytes.slice(FrameHeader.BYTES - 1, 1);
                        if (good) {
                            scanner.scan(last);
                            assertThat(bodies).containsExactly(length - FrameHeader.MIN_LENGTH);
                        } else {
                            assertThatThrownBy(() -> scanner.scan(last))
                                    .isInstanceOf(WireFormatException.class);
                            assertThat(bodies).isEmpty();
                        }
                    });
        }
    }

    private static FrameScanner.Listener listener(List<Integer> bodies) {
        return new FrameScanner.Listener() {
            @Override
            public void header(byte type, int bodyLength) {
                bodies.add(bodyLength);
            }

            @Override
            public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
                throw new AssertionError("there is none");
            }
        };
    }

    /** Postgres takes 8 to 10,004, which is 10,000 without the length itself. */
    @Test
    void ofAStartupPacket() {
        lengths(LIMIT)
                .forEach(length -> {
                    ByteBuf start = Unpooled.buffer(4).writeInt(length);
                    if (length >= 8 && length <= LIMIT + 4) {
                        assertThat(StartupPacket.read(start)).isNull();
                        assertThat(start.readableBytes()).isEqualTo(4);
                    } else {
                        assertThatThrownBy(() -> StartupPacket.read(start))
                                .isInstanceOf(WireFormatException.class)
                                .hasMessageContaining("invalid length of startup packet");
                    }
                });
    }
}
