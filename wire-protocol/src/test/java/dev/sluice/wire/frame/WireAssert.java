package dev.sluice.wire.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.function.BiFunction;
import java.util.function.Consumer;

/** That a message and its bytes are the same thing, in both directions. */
public final class WireAssert {
    private final Object message;
    private final Consumer<ByteBuf> encoder;
    private final BiFunction<Byte, ByteBuf, ?> decoder;

    public WireAssert(
            Object message, Consumer<ByteBuf> encoder, BiFunction<Byte, ByteBuf, ?> decoder) {
        this.message = message;
        this.encoder = encoder;
        this.decoder = decoder;
    }

    /** Encodes to exactly these bytes, is decoded from them, and from no part of them. */
    public void isOnTheWire(WireLayout layout) {
        ByteBuf expected = layout.build();
        ByteBuf actual = Unpooled.buffer();
        encoder.accept(actual);
        assertThat(ByteBufUtil.hexDump(actual)).isEqualTo(ByteBufUtil.hexDump(expected));
        OpaqueFrame frame = OpaqueFrame.read(actual, FrameHeader.MAX_LENGTH);
        assertThat(frame).isNotNull();
        assertThat(decoder.apply(frame.type(), frame.body())).isEqualTo(message);
        incompleteUntilTheLastByte(expected);
        cutAnywhereItIsTheSameMessage(expected);
        tooShortOrTooLongIsRefused(expected);
    }

    /** As a stream, in two pieces and byte by byte. */
    private static void cutAnywhereItIsTheSameMessage(ByteBuf whole) {
        int size = whole.readableBytes();
        for (int cut = 0; cut <= size; cut++) {
            Follower follower = new Follower();
            FrameScanner scanner = new FrameScanner(FrameHeader.MAX_LENGTH, follower);
            scanner.scan(whole.slice(0, cut));
            assertThat(scanner.atBoundary()).isEqualTo(cut == 0 || cut == size);
            scanner.scan(whole.slice(cut, size - cut));
            follower.assertSeen(whole);
        }
        Follower follower = new Follower();
        FrameScanner scanner = new FrameScanner(FrameHeader.MAX_LENGTH, follower);
        for (int at = 0; at < size; at++) {
            scanner.scan(whole.slice(at, 1));
        }
        follower.assertSeen(whole);
    }

    /** Puts a message together again. */
    private static final class Follower implements FrameScanner.Listener {
        private final ByteBuf seen = Unpooled.buffer();
        private int messages;

        @Override
        public void header(byte type, int bodyLength) {
            messages++;
            seen.writeByte(type).writeInt(bodyLength + FrameHeader.MIN_LENGTH);
        }

        @Override
        public void body(byte type, int offset, ByteBuf chunk, int index, int length) {
            assertThat(offset).isEqualTo(seen.readableBytes() - FrameHeader.BYTES);
            seen.writeBytes(chunk, index, length);
        }

        void assertSeen(ByteBuf whole) {
            assertThat(messages).isOne();
            assertThat(ByteBufUtil.hexDump(seen)).isEqualTo(ByteBufUtil.hexDump(whole));
        }
    }

    private void incompleteUntilTheLastByte(ByteBuf whole) {
        for (int length = 0; length < whole.readableBytes(); length++) {
            ByteBuf part = whole.copy(0, length);
            assertThat(OpaqueFrame.read(part, FrameHeader.MAX_LENGTH)).isNull();
            assertThat(part.readableBytes()).isEqualTo(length);
        }
    }

    private void tooShortOrTooLongIsRefused(ByteBuf whole) {
        ByteBuf body = whole.slice(FrameHeader.BYTES, whole.readableBytes() - FrameHeader.BYTES);
        byte type = whole.getByte(0);
        for (int length = 0; length < body.readableBytes(); length++) {
            decodesOrRefuses(type, body.copy(0, length));
        }
        decodesOrRefuses(type, Unpooled.buffer().writeBytes(body.duplicate()).writeByte(7));
    }

    /**
     * A message that ends in free bytes still decodes when they are fewer, but never to this
     * message.
     */
    private void decodesOrRefuses(byte type, ByteBuf body) {
        try {
            assertThat(decoder.apply(type, body)).isNotEqualTo(message);
        } catch (WireFormatException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }

    public static void refused(
            String reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(WireFormatException.class)
                .hasMessageContaining(reason);
    }
}
