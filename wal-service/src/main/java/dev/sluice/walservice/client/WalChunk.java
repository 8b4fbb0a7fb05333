package dev.sluice.walservice.client;

import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;

/**
 * A piece of a timeline's committed WAL, or, when {@code wal} is empty, word that there is none
 * past {@code start} yet.
 *
 * @param start the position of the first byte
 * @param wal the bytes, at most {@link WalStream#MAX_CHUNK}; valid until the stream's next chunk is
 *     asked for
 * @param commit the timeline's commit LSN when this was sent, at or after {@link #end}
 */
public record WalChunk(Lsn start, ByteBuffer wal, Lsn commit) {

    public Lsn end() {
        return start.plus(wal.remaining());
    }

    public boolean isHeartbeat() {
        return !wal.hasRemaining();
    }
}
