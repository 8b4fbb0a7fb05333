package dev.sluice.storage.postgres.v17;

import dev.sluice.storage.basebackup.TimelineInMemory;
import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.walservice.wal.RecordEncoder;
import dev.sluice.walservice.wal.ResourceManager;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Ingest of single records, made here, over a timeline that has nothing but its counters. */
final class StateBench {
    private static final Lsn BEGIN = new Lsn(0x1000000);

    final TimelineInMemory timeline = new TimelineInMemory(PostgresMajor.of(17).redo());
    private final WalIngest ingest;
    private Lsn at = BEGIN;

    /** The counters that a test begins with; those that it does not set are of a young cluster. */
    static final class Begin {
        private final byte[] checkPoint = new byte[CheckPoint17.BYTES];
        private boolean tracksCommitTimestamps;

        Begin() {
            with(CheckPoint17.TIMELINE, WalSegments.TIMELINE).with(CheckPoint17.WAL_LEVEL, 1);
            nextXid(0, 750).with(CheckPoint17.OLDEST_XID, 730).with(CheckPoint17.NEXT_OID, 13000);
            with(CheckPoint17.NEXT_MULTI, 1).with(CheckPoint17.NEXT_MULTI_OFFSET, 1);
            with(CheckPoint17.OLDEST_MULTI, 1);
        }

        Begin with(int field, int value) {
            LittleEndian.put32(checkPoint, field, value);
            return this;
        }

        Begin nextXid(int epoch, int xid) {
            return with(CheckPoint17.NEXT_XID, xid).with(CheckPoint17.NEXT_XID + 4, epoch);
        }

        Begin tracksCommitTimestamps() {
            tracksCommitTimestamps = true;
            return with(CheckPoint17.OLDEST_COMMIT_TS_XID, 750)
                    .with(CheckPoint17.NEWEST_COMMIT_TS_XID, 750);
        }

        StateBench ready() throws IOException {
            return new StateBench(this);
        }
    }

    private StateBench(Begin begin) throws IOException {
        timeline.put(Key.OF_CHECKPOINT, BEGIN, new Value.Image(begin.checkPoint));
        timeline.put(
                Key.OF_CONTROL_FILE,
                BEGIN,
                new Value.Image(controlFile(begin.tracksCommitTimestamps)));
        ingest = PostgresMajor.of(17).ingest("bench", timeline, BEGIN);
    }

    private static byte[] controlFile(boolean tracksCommitTimestamps) {
        byte[] file = new byte[ControlFile17.BYTES];
        LittleEndian.put32(file, 8, 1700); // pg_control_version
        LittleEndian.put32(file, 172, 1); // wal_level
        file[200] = (byte) (tracksCommitTimestamps ? 1 : 0);
        LittleEndian.put32(file, 216, Page.SIZE);
        LittleEndian.put32(file, 220, 131072);
        LittleEndian.put32(file, 224, WalSegments.PAGE_SIZE);
        LittleEndian.put32(file, 228, WalSegments.SIZE);
        CRC32C crc = new CRC32C();
        crc.update(file, 0, 288);
        LittleEndian.put32(file, 288, (int) crc.getValue());
        return file;
    }

    /** Main data, little-endian. */
    static ByteBuffer data(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer ints(int... values) {
        ByteBuffer data = data(values.length * Integer.BYTES);
        Arrays.stream(values).forEach(data::putInt);
        return data;
    }

    /**
     * A commit or abort at time 5 with subtransactions.
     *
     * @param more xinfo bits beside those of the subtransactions, and the parts that they announce
     */
    static ByteBuffer end(int[] subtransactions, int xinfo, byte... more) {
        ByteBuffer data = data(16 + 4 * subtransactions.length + more.length);
        data.putLong(5).putInt(xinfo | 2).putInt(subtransactions.length);
        Arrays.stream(subtransactions).forEach(data::putInt);
        return data.put(more);
    }

    void ingest(ResourceManager manager, int info, int xid, ByteBuffer main) throws IOException {
        byte[] bytes = new byte[main.capacity()];
        main.get(0, bytes);
        ingest(RecordEncoder.encodeRecord(manager.id(), info, xid, at, bytes));
    }

    void ingest(byte[] raw) throws IOException {
        Lsn end = at.plus(LittleEndian.maxAlign(raw.length));
        WalRecord record = WalRecord.parse(raw, at, end);
        ingest.ingest(record, (key, value) -> timeline.put(key, end, value));
        at = end;
    }

    /** Puts something beside WAL. */
    void put(Key key, byte[] content) {
        timeline.put(key, at, new Value.Image(content));
    }

    byte @Nullable [] get(Key key) throws IOException {
        return timeline.get(key, at);
    }

    byte[] page(Slru slru, int block) throws IOException {
        return Objects.requireNonNull(get(Key.slruBlock(slru, block)), slru + " " + block);
    }

    int counter(int field) throws IOException {
        return LittleEndian.i32(Objects.requireNonNull(get(Key.OF_CHECKPOINT)), field);
    }

    long nextXid() throws IOException {
        byte[] checkPoint = Objects.requireNonNull(get(Key.OF_CHECKPOINT));
        return PostgresMajor.of(17).checkPoint(checkPoint).nextFullXid();
    }

    /** The numbers of an SLRU's segments. */
    List<Integer> segments(Slru slru) throws IOException {
        List<Integer> numbers = new java.util.ArrayList<>();
        timeline.scan(
                Key.slruSegment(slru, 0),
                Key.slruSegment(slru, -1),
                at,
                (key, _) -> numbers.add(key.block()));
        return numbers;
    }
}
