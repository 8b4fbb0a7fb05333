package dev.sluice.walservice.offload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SegmentObjectTest {
    private static final TenantTimelineId ID =
            new TenantTimelineId(new TenantId(1, 2), new TimelineId(3, 4));
    private static final Lsn FROM = WalSegments.segmentStart(8).plus(-300_000);

    @Test
    void holdsASegmentFromWhereTheTimelineBegins() throws IOException {
        byte[] wal = wal();
        byte[] object = bytes(SegmentObject.encode(ID, 42, FROM, wal));

        SegmentObject header =
                SegmentObject.header(Arrays.copyOf(object, SegmentObject.HEADER_BYTES), "here");

        assertThat(header.isOf(ID, 42, FROM, SegmentObject.sum(ByteBuffer.wrap(wal)))).isTrue();
        assertThat(header.isOf(ID, 43, FROM, header.walSum())).isFalse();
        assertThat(header.isOf(ID, 42, FROM.plus(8), header.walSum())).isFalse();
        assertThat(header.isOf(ID, 42, FROM, header.walSum() + 1)).isFalse();
        assertThat(header.wal(object, "here")).isEqualTo(wal);
        assertThat(object.length).isLessThan(wal.length);
    }

    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        byte[] wal = wal();
        byte[] object = bytes(SegmentObject.encode(ID, 42, FROM, wal));
        Random random = new Random(7);
        for (int i = 0; i < SegmentObject.HEADER_BYTES + 300; i++) {
            int at = i < SegmentObject.HEADER_BYTES ? i : random.nextInt(object.length);
            object[at] ^= (byte) (1 << random.nextInt(8));
            assertThatThrownBy(() -> read(object))
                    .as("byte %d", at)
                    .isInstanceOf(DamagedObjectException.class)
                    .hasMessageContaining("the object here is damaged");
            object[at] = bytes(SegmentObject.encode(ID, 42, FROM, wal))[at];
        }
        assertThat(read(object)).isEqualTo(wal);
    }

    @Test
    void oneThatIsCutShortIsNoticed() {
        byte[] object = bytes(SegmentObject.encode(ID, 42, FROM, wal()));
        for (int length : new int[] {0, 79, 80, 1000, object.length - 1}) {
            assertThatThrownBy(() -> read(Arrays.copyOf(object, length)))
                    .isInstanceOf(DamagedObjectException.class);
        }
    }

    private static byte[] read(byte[] object) throws IOException {
        return SegmentObject.header(object, "here").wal(object, "here");
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static byte[] wal() {
        byte[] wal = new byte[300_000];
        Random random = new Random(1);
        for (int i = 0; i < wal.length / 4; i++) {
            wal[random.nextInt(wal.length)] = (byte) random.nextInt();
        }
        return wal;
    }
}
