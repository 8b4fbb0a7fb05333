package dev.sluice.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CancelledRequestTest {
    /**
     * Each letter is a message with a body of as many bytes as its place; what is left is after.
     */
    @ParameterizedTest
    @CsvSource({
        "Q,true,''",
        "QQ,true,Q",
        "F,true,''",
        "PBDES,true,''",
        "PBESQ,true,Q",
        "PBESPBES,true,PBES",
        "PBQES,true,''", // as after an error: everything up to Sync is skipped
        "PDH,false,''",
        "dcQ,true,''",
        "S,true,''",
        "QX,true,X",
        "PX,true,X",
        "H,false,''",
    })
    void endsWithTheMessageThatAsksForReadyForQuery(String sent, boolean over, String left) {
        ByteBuf whole = messages(sent, 0);
        ByteBuf after = messages(left, sent.length() - left.length());
        ByteBuf copy = whole.copy();
        assertThat(new CancelledRequest().consume(copy)).isEqualTo(over);
        assertThat(copy).isEqualTo(after);

        for (int piece = 1; piece < 7; piece++) {
            CancelledRequest inPieces = new CancelledRequest();
            boolean done = false;
            for (int at = 0; at < whole.readableBytes() && !done; at += piece) {
                ByteBuf part = whole.slice(at, Math.min(piece, whole.readableBytes() - at));
                done = inPieces.consume(part);
                if (done) {
                    assertThat(whole.readableBytes() - at - part.readerIndex())
                            .isEqualTo(after.readableBytes());
                }
            }
            assertThat(done).isEqualTo(over);
        }
    }

    private static ByteBuf messages(String types, int before) {
        ByteBuf all = Unpooled.buffer();
        for (int i = 0; i < types.length(); i++) {
            String body = "x".repeat(types.charAt(i) == 'S' ? 0 : before + i);
            all.writeByte(types.charAt(i)).writeInt(Integer.BYTES + body.length());
            all.writeCharSequence(body, StandardCharsets.US_ASCII);
        }
        return all;
    }

    @ParameterizedTest
    @CsvSource({"Q,true,false", "P,true,true", "H,false,false", "d,false,false", "S,true,false"})
    void tellsWhetherAnythingWasAskedFor(String sent, boolean begun, boolean atOnce) {
        CancelledRequest request = new CancelledRequest();
        request.consume(messages(sent, 3).slice(0, 1));
        assertThat(request.isBegun()).isEqualTo(begun);
        assertThat(request.isAnsweredAtOnce()).isEqualTo(atOnce);
    }
}
