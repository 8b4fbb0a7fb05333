package dev.sluice.walservice.client;

import dev.sluice.walservice.timeline.PageserverFeedback;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartChannel;
import java.io.Closeable;
import java.io.IOException;

/**
 * A timeline's committed WAL as it grows, in order and without gaps. One thread reads; any may
 * close, which ends a waiting {@link #next} with an exception.
 */
public final class WalStream implements Closeable {
    /** The most WAL in one chunk. */
    public static final int MAX_CHUNK = 128 << 10;

    private final SafekeeperClient client;
    private final PartChannel channel;
    private Lsn position;

    WalStream(SafekeeperClient client, PartChannel channel, Lsn from) {
        this.client = client;
        this.channel = channel;
        this.position = from;
    }

    /**
     * Waits for the next chunk, which begins where the last one ended. When nothing is committed
     * for a second or so, it is a heartbeat; so a safekeeper that says nothing for long is not
     * there.
     *
     * @throws SafekeeperException if the safekeeper refuses to stream from there
     * @throws IOException if the connection is lost, or the safekeeper silent; a new stream, from
     *     another one too, may go on from the last chunk's end
     */
    public WalChunk next() throws IOException {
        return switch (client.receive(channel)) {
            case SafekeeperReply.Wal(WalChunk chunk) -> {
                if (!chunk.start().equals(position)) {
                    throw new IOException(
                            "safekeeper at "
                                    + client.address()
                                    + " sent WAL from "
                                    + chunk.start()
                                    + ", expected it from "
                                    + position);
                }
                position = chunk.end();
                yield chunk;
            }
            case SafekeeperReply.Statuses _, SafekeeperReply.Report _, SafekeeperReply.Space _ ->
                    throw client.notExpected();
            case SafekeeperReply.Refused refused -> throw client.refused(refused);
        };
    }

    /**
     * Says how far the timeline's pageserver is: only for that one to say. Any thread.
     *
     * @throws IOException if the connection is lost
     */
    public void tell(PageserverFeedback feedback) throws IOException {
        SafekeeperProtocol.send(channel, new SafekeeperRequest.Feedback(feedback));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
