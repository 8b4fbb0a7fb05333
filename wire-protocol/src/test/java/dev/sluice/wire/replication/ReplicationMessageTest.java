package dev.sluice.wire.replication;

import static dev.sluice.wire.frame.WireAssert.refused;
import static dev.sluice.wire.frame.WireLayout.buf;
import static dev.sluice.wire.frame.WireLayout.layout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Lsn;
import dev.sluice.wire.frame.WireLayout;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import org.junit.jupiter.api.Test;

class ReplicationMessageTest {
    private static void assertOnTheWire(ReplicationMessage message, WireLayout layout) {
        ByteBuf actual = Unpooled.buffer();
        message.encode(actual);
        assertThat(ByteBufUtil.hexDump(actual)).isEqualTo(ByteBufUtil.hexDump(layout.build()));
        assertThat(ReplicationMessage.decode(actual)).isEqualTo(message);
    }

    @Test
    void xLogData() {
        assertOnTheWire(
                new XLogData(Lsn.parse("0/16B3748"), Lsn.parse("1/0"), 42, buf("wal")),
                layout().byte1('w').int64(0x16B3748).int64(1L << 32).int64(42).bytes("wal"));
    }

    @Test
    void primaryKeepalive() {
        assertOnTheWire(
                new PrimaryKeepalive(Lsn.parse("1/2"), 43, true),
                layout().byte1('k').int64(1L << 32 | 2).int64(43).byte1(1));
    }

    @Test
    void standbyStatusUpdate() {
        assertOnTheWire(
                new StandbyStatusUpdate(new Lsn(3), new Lsn(2), new Lsn(1), 44, false),
                layout().byte1('r').int64(3).int64(2).int64(1).int64(44).byte1(0));
    }

    @Test
    void hotStandbyFeedback() {
        assertOnTheWire(
                new HotStandbyFeedback(45, -1, 2, 3, 4),
                layout().byte1('h').int64(45).int32(-1, 2, 3, 4));
    }

    @Test
    void whatIsNoMessageIsRefused() {
        refused("type 'x'", () -> ReplicationMessage.decode(buf("x")));
        refused("message type needs 1", () -> ReplicationMessage.decode(buf("")));
        refused(
                "reply request is 2",
                () ->
                        ReplicationMessage.decode(
                                layout().byte1('k').int64(0).int64(0).byte1(2).build()));
        refused(
                "1 bytes too many",
                () ->
                        ReplicationMessage.decode(
                                layout().byte1('k').int64(0).int64(0).int16(0).build()));
    }
}
