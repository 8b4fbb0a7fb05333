package dev.sluice.storage.postgres.v17;

import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.WalRecord;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reading a record's main data. What runs past its end throws {@link
 * java.nio.BufferUnderflowException} or {@link IndexOutOfBoundsException}, which {@link Ingest17}
 * turns into an error that names the record.
 */
final class RecordData {
    private RecordData() {}

    static ByteBuffer main(WalRecord record) {
        return ByteBuffer.wrap(record.raw(), record.mainOffset(), record.mainLength())
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    static RelFileLocator locator(ByteBuffer in) {
        return new RelFileLocator(in.getInt(), in.getInt(), in.getInt());
    }

    /** A counted array of 32-bit integers: the count, then as many. */
    static int[] counted(ByteBuffer in) {
        return ints(in, count(in, Integer.BYTES));
    }

    static int[] ints(ByteBuffer in, int count) {
        int[] all = new int[count];
        for (int i = 0; i < count; i++) {
            all[i] = in.getInt();
        }
        return all;
    }

    /**
     * A count of things of {@code bytesEach}, checked against what is left before it is believed.
     */
    static int count(ByteBuffer in, int bytesEach) {
        int count = in.getInt();
        checkCount(in, count, bytesEach);
        return count;
    }

    static void checkCount(ByteBuffer in, int count, int bytesEach) {
        if (count < 0 || count > in.remaining() / bytesEach) {
            throw new BufferUnderflowException();
        }
    }

    static void skip(ByteBuffer in, int bytes) {
        if (bytes > in.remaining()) {
            throw new BufferUnderflowException();
        }
        in.position(in.position() + bytes);
    }
}
