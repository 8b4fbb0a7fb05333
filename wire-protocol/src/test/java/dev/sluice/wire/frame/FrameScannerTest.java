package dev.sluice.wire.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameScannerTest {
    /** Puts the messages together again from what the scanner tells. */
    private static final class Collector implements FrameScanner.Listener {
        private final List<String> frames = new ArrayList<>();
        private final StringBuilder body = new StringBuilder();
        private int left;

        @Override
        public void header(byte type, int bodyLength) {
            assertThat(left).isZero();
            body.setLength(0);
            body.append((char) type).append(':');
            left = bodyLength;
            finishIfDone();
        }

        @Override
        public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
            assertThat(offset).isEqualTo(body.length() - 2);
            assertThat(length).isPositive();
            body.append(chunk.toString(index, length, StandardCharsets.US_ASCII));
            left -= length;
            finishIfDone();
        }

        private void finishIfDone() {
            if (left == 0) {
                frames.add(body.toString());
            }
        }
    }

    private static ByteBuf stream() {
        return WireLayout.layout()
                .byte1('Z')
                .int32(5)
                .byte1('I')
                .byte1('S')
                .int32(4)
                .byte1('d')
                .int32(4 + 11)
                .bytes("hello world")
                .byte1('c')
                .int32(4)
                .build();
    }

    private static final String[] FRAMES = {"Z:I", "S:", "d:hello world", "c:"};

    @Test
    void findsTheSameMessagesHoweverTheStreamIsCut() {
        ByteBuf stream = stream();
        for (int first = 0; first <= stream.readableBytes(); first++) {
            for (int second = first; second <= stream.readableBytes(); second++) {
                Collector collector = new Collector();
                FrameScanner scanner = new FrameScanner(1000, collector);
                scanner.scan(stream.slice(0, first));
                scanner.scan(stream.slice(first, second - first));
                scanner.scan(stream.slice(second, stream.readableBytes() - second));
                assertThat(collector.frames).containsExactly(FRAMES);
                assertThat(scanner.atBoundary()).isTrue();
            }
        }
    }

    @Test
    void findsThemByteByByteAndLeavesTheChunksAlone() {
        ByteBuf stream = stream();
        Collector collector = new Collector();
        FrameScanner scanner = new FrameScanner(1000, collector);
        for (int i = 0; i < stream.readableBytes(); i++) {
            ByteBuf chunk = stream.slice(i, 1);
            scanner.scan(chunk);
            assertThat(chunk.readableBytes()).isOne();
        }
        assertThat(collector.frames).containsExactly(FRAMES);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1, 2, 3, 1001, Integer.MAX_VALUE})
    void refusesALengthOutOfRangeBeforeAnythingIsKept(int length) {
        ByteBuf header = WireLayout.layout().byte1('d').int32(length).build();
        assertThatThrownBy(() -> new FrameScanner(1000, new Collector()).scan(header))
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining("'d' announces a length of " + length);
        assertThatThrownBy(() -> OpaqueFrame.read(header, 1000))
                .isInstanceOf(WireFormatException.class);
    }

    @Test
    void takesEveryLengthUpToTheLimit() {
        for (int length = 4; length <= 1000; length++) {
            ByteBuf message =
                    WireLayout.layout()
                            .byte1('d')
                            .int32(length)
                            .bytes("x".repeat(length - 4))
                            .build();
            Collector collector = new Collector();
            new FrameScanner(1000, collector).scan(message);
            assertThat(collector.frames).hasSize(1);
            assertThat(OpaqueFrame.read(message, 1000)).isNotNull();
        }
    }

    @Test
    void randomBytesAreMessagesOrRefused() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            if (bytes.length > 4 && random.nextBoolean()) {
                bytes[1] = 0;
                bytes[2] = 0;
                bytes[3] = 0;
            }
            assertThatCode(() -> scanIgnoringRefusal(bytes))
                    .as("seed %d", seed)
                    .doesNotThrowAnyException();
        }
    }

    private static void scanIgnoringRefusal(byte[] bytes) {
        try {
            new FrameScanner(100, new Collector()).scan(Unpooled.wrappedBuffer(bytes));
        } catch (WireFormatException e) {
            assertThat(e).hasMessageContaining("announces");
        }
    }
}
