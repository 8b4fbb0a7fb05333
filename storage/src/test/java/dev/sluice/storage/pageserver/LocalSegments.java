package dev.sluice.storage.pageserver;

import dev.sluice.walservice.proposer.LocalWal;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** The {@code pg_wal} of a Postgres, as a proposer reads it. */
record LocalSegments(Path directory) implements LocalWal {
    @Override
    public void read(Lsn at, ByteBuffer into) throws IOException {
        Lsn position = at;
        while (into.hasRemaining()) {
            long segment = WalSegments.segmentOf(position);
            int offset = WalSegments.segmentOffset(position);
            int end = into.limit();
            int length = Math.min(into.remaining(), WalSegments.SIZE - offset);
            into.limit(into.position() + length);
            try (FileChannel file =
                    FileChannel.open(directory.resolve(WalSegments.fileName(segment)))) {
                while (into.hasRemaining()) {
                    int read = file.read(into, offset);
                    if (read < 0) {
                        throw new EOFException("WAL at " + position);
                    }
                    offset += read;
                }
            }
            into.limit(end);
            position = position.plus(length);
        }
    }
}
