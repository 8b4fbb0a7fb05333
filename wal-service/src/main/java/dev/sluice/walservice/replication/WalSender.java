package dev.sluice.walservice.replication;

import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.backend.CopyData;
import dev.sluice.wire.replication.PrimaryKeepalive;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends one reader committed WAL as it comes, until told to stop. A reader that takes none makes it
 * wait, with one chunk in memory. {@link #run} is for one thread; another answers the reader.
 */
final class WalSender {
    /** As Postgres's {@code MAX_SEND_SIZE}. */
    private static final int CHUNK = 128 << 10;

    /** How soon it notices that it was stopped; to interrupt it would close files and socket. */
    private static final long LOOK_NANOS = Duration.ofSeconds(1).toNanos();

    private static final Instant POSTGRES_EPOCH = Instant.parse("2000-01-01T00:00:00Z");

    private final ReaderChannel channel;
    private final WalSource.Reading source;
    private final SegmentPrefix prefix;
    private final long keepaliveNanos;
    private long sentAt = System.nanoTime();
    private final ReentrantLock turn = new ReentrantLock();
    private boolean over;
    private volatile Lsn position;

    WalSender(
            ReaderChannel channel,
            WalSource.Reading source,
            SegmentPrefix prefix,
            Lsn from,
            Duration keepalive) {
        this.channel = channel;
        this.source = source;
        this.prefix = prefix;
        this.position = from;
        this.keepaliveNanos = keepalive.toNanos();
    }

    /** Returns when it was stopped. */
    void run() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
        try (source) {
            while (true) {
                Lsn commit = source.awaitCommit(position, Math.min(LOOK_NANOS, keepaliveNanos));
                boolean more = commit.isAfter(position);
                if (more) {
                    fill(buffer, commit);
                }
                turn.lock();
                try {
                    if (over) {
                        return;
                    }
                    if (more) {
                        int length = buffer.remaining();
                        channel.sendWal(position, buffer, commit, nowMicros());
                        position = position.plus(length);
                        sentAt = System.nanoTime();
                    } else if (System.nanoTime() - sentAt >= keepaliveNanos) {
                        sendKeepalive(true);
                        sentAt = System.nanoTime();
                    }
                } finally {
                    turn.unlock();
                }
            }
        }
    }

    /** Up to the end of a segment, of a chunk, or of what is committed. */
    private void fill(ByteBuffer buffer, Lsn commit) throws IOException {
        int segmentLeft = WalSegments.SIZE - WalSegments.segmentOffset(position);
        int length = (int) Math.min(Math.min(CHUNK, segmentLeft), commit.minus(position));
        buffer.clear().limit(length);
        if (prefix.covers(position)) {
            buffer.limit((int) Math.min(length, prefix.end().minus(position)));
            prefix.read(position, buffer);
        } else {
            source.read(position, buffer);
        }
        buffer.flip();
    }

    /** Answers a reader that wants to hear something. */
    void sendKeepalive(boolean replyRequested) throws IOException {
        ByteBuf content = Unpooled.buffer(32);
        new PrimaryKeepalive(position, nowMicros(), replyRequested).encode(content);
        channel.send(new CopyData(content));
    }

    /** After this returns nothing more is sent. Waits for what is being sent just now. */
    void stop() {
        turn.lock();
        try {
            over = true;
        } finally {
            turn.unlock();
        }
    }

    private static long nowMicros() {
        return ChronoUnit.MICROS.between(POSTGRES_EPOCH, Instant.now());
    }
}
