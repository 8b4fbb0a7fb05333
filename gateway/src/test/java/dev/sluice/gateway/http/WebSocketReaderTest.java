package dev.sluice.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebSocketReaderTest {
    private final List<String> told = new ArrayList<>();
    private final Buffer carried = Buffer.buffer();

    private final WebSocketReader reader =
            new WebSocketReader(
                    new WebSocketReader.Listener() {
                        @Override
                        public void carried(Buffer bytes) {
                            carried.appendBuffer(bytes);
                        }

                        @Override
                        public void pinged(Buffer bytes) {
                            told.add("ping " + bytes.toString(StandardCharsets.US_ASCII));
                        }

                        @Override
                        public void closed(Buffer bytes) {
                            told.add("closed " + bytes.length());
                        }

                        @Override
                        public void refused(short code, String why) {
                            told.add("refused " + code);
                        }
                    });

    /** As a client sends it: masked. */
    private static Buffer frame(int first, Buffer body, int mask) {
        Buffer frame = Buffer.buffer().appendByte((byte) first);
        if (body.length() <= 125) {
            frame.appendByte((byte) (0x80 | body.length()));
        } else if (body.length() <= 0xffff) {
            frame.appendByte((byte) 0xfe).appendUnsignedShort(body.length());
        } else {
            frame.appendByte((byte) 0xff).appendLong(body.length());
        }
        frame.appendInt(mask);
        for (int i = 0; i < body.length(); i++) {
            frame.appendByte((byte) (body.getByte(i) ^ (mask >>> (24 - 8 * (i & 3)))));
        }
        return frame;
    }

    private static Buffer frame(int first, String body) {
        return frame(first, Buffer.buffer(body), 0x12345678);
    }

    private void read(Buffer all, int piece) {
        for (int at = 0; at < all.length(); at += piece) {
            reader.read(all.getBuffer(at, Math.min(all.length(), at + piece)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 100, 70_000, Integer.MAX_VALUE / 2})
    void whatIsCarriedIsTheSameHoweverItIsCut(int piece) {
        Buffer large = Buffer.buffer();
        byte[] noise = new byte[66_000];
        new Random(1).nextBytes(noise);
        large.appendBytes(noise);
        Buffer all =
                frame(0x82, "one ")
                        .appendBuffer(frame(0x02, "two "))
                        .appendBuffer(frame(0x89, "hello"))
                        .appendBuffer(frame(0x00, ""))
                        .appendBuffer(frame(0x8a, "unasked"))
                        .appendBuffer(frame(0x80, "three "))
                        .appendBuffer(frame(0x82, Buffer.buffer("x".repeat(200)), -1))
                        .appendBuffer(frame(0x82, ""))
                        .appendBuffer(frame(0x82, large, 0xcafebabe))
                        .appendBuffer(frame(0x88, "ok"))
                        .appendBuffer(frame(0x82, "nobody reads it"));
        read(all, piece);
        assertThat(carried)
                .isEqualTo(Buffer.buffer("one two three " + "x".repeat(200)).appendBuffer(large));
        assertThat(told).containsExactly("ping hello", "closed 2");
    }

    @ParameterizedTest
    @CsvSource({
        "81,1003", "01,1003", "00,1002", "80,1002", "c2,1002", "92,1002", "83,1002", "8b,1002",
        "09,1002", "08,1002",
    })
    void whatIsNotTakenIsRefused(String first, int code) {
        read(frame(Integer.parseInt(first, 16), "x"), 1);
        read(frame(0x82, "x"), 1);
        assertThat(told).containsExactly("refused " + code);
        assertThat(carried.length()).isZero();
    }

    @Test
    void framesThatAreNotMaskedOrTooLong() {
        reader.read(Buffer.buffer(new byte[] {(byte) 0x82, 1, 'x', 0, 0, 0}));
        assertThat(told).containsExactly("refused 1002");
    }

    @Test
    void aLengthWithoutEnd() {
        Buffer head = Buffer.buffer(new byte[] {(byte) 0x82, (byte) 0xff}).appendLong(-1);
        read(head.appendInt(0), 3);
        assertThat(told).containsExactly("refused 1002");
    }

    @Test
    void framesOfControlAreShort() {
        read(frame(0x89, "x".repeat(126)), 50);
        assertThat(told).containsExactly("refused 1002");
    }

    @Test
    void aMessageInPiecesIsNotBegunTwice() {
        read(frame(0x02, "x").appendBuffer(frame(0x82, "y")), 4);
        assertThat(told).containsExactly("refused 1002");
        assertThat(carried).isEqualTo(Buffer.buffer("x"));
    }

    @Test
    void aCloseWithoutReasonIsOneAndOneWithHalfACodeIsNot() {
        read(frame(0x88, ""), 1);
        assertThat(told).containsExactly("closed 0");
        WebSocketReader another = new WebSocketReader(listening());
        another.read(frame(0x88, "x"));
        assertThat(told).containsExactly("closed 0", "refused 1002");
    }

    private WebSocketReader.Listener listening() {
        return new WebSocketReader.Listener() {
            @Override
            public void carried(Buffer bytes) {
                told.add("carried");
            }

            @Override
            public void pinged(Buffer bytes) {
                told.add("ping");
            }

            @Override
            public void closed(Buffer bytes) {
                told.add("closed");
            }

            @Override
            public void refused(short code, String why) {
                told.add("refused " + code);
            }
        };
    }

    @Test
    void whatIsSentHasTheShortestHead() {
        assertThat(WebSocketReader.binary(Buffer.buffer("x".repeat(125))).length()).isEqualTo(127);
        assertThat(WebSocketReader.binary(Buffer.buffer("x".repeat(126))).length()).isEqualTo(130);
        assertThat(WebSocketReader.binary(Buffer.buffer("x".repeat(65_535))).length())
                .isEqualTo(65_539);
        assertThat(WebSocketReader.binary(Buffer.buffer("x".repeat(65_536))).length())
                .isEqualTo(65_546);
        assertThat(WebSocketReader.close((short) 1003, "no"))
                .isEqualTo(Buffer.buffer(new byte[] {(byte) 0x88, 4, 3, (byte) 0xeb, 'n', 'o'}));
        assertThat(WebSocketReader.pong(Buffer.buffer("hi")))
                .isEqualTo(Buffer.buffer(new byte[] {(byte) 0x8a, 2, 'h', 'i'}));
    }
}
