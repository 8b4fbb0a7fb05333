package dev.sluice.gateway.http;

import dev.sluice.gateway.http.memory.MemoryBudget;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer. It is held back until it has grown past a limit, so that an error until
 * then can still be told with a status of its own; from then on it is sent piece by piece, the next
 * when the one before has been taken. Blocks; for one thread.
 */
final class AnswerStream extends OutputStream {
    private static final int PIECE = 32 << 10;

    /** Held back whatever others hold back. */
    private static final int SMALL = 64 << 10;

    private final HttpServerResponse response;
    private final int held;
    private final long max;
    private final Duration patience;
    private final MemoryBudget.Share memory;
    private Buffer waiting = Buffer.buffer();
    private @Nullable Future<Void> sending;
    private long bytes;

    /** The client has left, or does not read. */
    static final class ClientGoneException extends IOException {
        @Serial private static final long serialVersionUID = 1L;

        ClientGoneException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The answer is larger than it may be. */
    static final class TooLargeException extends IOException {
        @Serial private static final long serialVersionUID = 1L;

        TooLargeException(long max) {
            super("response is too large (max is " + max + " bytes)");
        }
    }

    /**
     * @param held bytes to hold back
     * @param max bytes in all; 0 for any number
     * @param patience with a client that does not read
     * @param memory for what is held back. Where there is none, less is; released by the owner
     */
    AnswerStream(
            HttpServerResponse response,
            int held,
            long max,
            Duration patience,
            MemoryBudget.Share memory) {
        this.response = response;
        this.held = held;
        this.max = max;
        this.patience = patience;
        this.memory = memory;
    }

    /** Whether something has been sent, the status before it. */
    boolean isStarted() {
        return sending != null;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        bytes += length;
        if (max > 0 && bytes > max) {
            throw new TooLargeException(max);
        }
        waiting.appendBytes(source, offset, length);
        if (waiting.length() > limit()) {
            send();
        }
    }

    private int limit() {
        if (isStarted()) {
            return PIECE;
        }
        // A buffer that grows is copied to one of twice the size.
        boolean room = waiting.length() <= SMALL || memory.tryReserve(2L * waiting.length());
        return room ? held : Math.min(held, SMALL);
    }

    private void send() throws IOException {
        if (!isStarted()) {
            response.setChunked(true);
        }
        awaitTaken();
        sending = response.write(waiting);
        waiting = Buffer.buffer(PIECE + 1024);
    }

    private void awaitTaken() throws IOException {
        if (sending != null) {
            await(sending);
            memory.release();
        }
    }

    private void await(Future<Void> future) throws IOException {
        try {
            future.toCompletionStage()
                    .toCompletableFuture()
                    .get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new ClientGoneException("the client left", e.getCause());
        } catch (TimeoutException e) {
            throw new ClientGoneException("the client does not read", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("interrupted", e);
        }
    }

    /** Sends what is left, and ends the answer; {@link #awaitEnd} waits until it is taken. */
    void end() throws IOException {
        awaitTaken();
        sending = response.end(waiting);
    }

    void awaitEnd() throws IOException {
        awaitTaken();
    }
}
