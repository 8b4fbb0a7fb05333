package dev.sluice.gateway.http;

import dev.sluice.gateway.http.AnswerStream.ClientGoneException;
import dev.sluice.gateway.http.memory.MemoryBudget;
import dev.sluice.gateway.http.pool.SqlErrorException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.io.Serial;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A request's body, which is not read before somebody who may asks for it. */
final class RequestBody {
    /** A shorter body is not counted among those that share memory. */
    private static final int SMALL = 64 << 10;

    /** A body, its text, its parameters, and what is sent of them: never all at once. */
    private static final int COPIES = 4;

    private final HttpServerRequest request;
    private final Context context;
    private final int max;
    private final MemoryBudget.Share memory;
    private final CompletableFuture<Void> whole = new CompletableFuture<>();
    private Buffer body = Buffer.buffer();

    /** The body is larger than it may be. */
    static final class TooLargeException extends IOException {
        @Serial private static final long serialVersionUID = 1L;

        TooLargeException(int max) {
            super("request is too large (max is " + max + " bytes)");
        }
    }

    /**
     * On the request's event loop, before it returns.
     *
     * @param memory for a large body, until {@link #discard}
     */
    RequestBody(HttpServerRequest request, int max, MemoryBudget.Share memory) {
        this.request = request;
        this.context = Objects.requireNonNull(Vertx.currentContext());
        this.max = max;
        this.memory = memory;
        request.handler(this::more);
        request.endHandler(_ -> whole.complete(null));
        request.exceptionHandler(whole::completeExceptionally);
        request.pause();
    }

    private void more(Buffer piece) {
        if (whole.isDone()) {
            return;
        }
        int length = body.length() + piece.length();
        if (length > max) {
            whole.completeExceptionally(new TooLargeException(max));
        } else if (length > SMALL && !memory.tryReserve((long) COPIES * length)) {
            // Its length was not announced: to wait here for more could be to wait for another
            // one that waits, too.
            whole.completeExceptionally(noMemory());
        } else {
            body.appendBuffer(piece);
        }
    }

    /**
     * Reads it all, once. What is large may wait for memory before.
     *
     * @param forMemory how long
     * @param patience how long the body may take to arrive
     * @throws SqlErrorException if there was no memory for it
     * @throws TooLargeException if it is larger than the limit, by what it says or what came
     * @throws ClientGoneException if it does not arrive in time
     */
    byte[] read(Duration forMemory, Duration patience)
            throws IOException, SqlErrorException, InterruptedException {
        long announced = announced();
        if (announced > max) {
            throw new TooLargeException(max);
        }
        if (announced > SMALL && !memory.reserve(COPIES * announced, waiting(forMemory))) {
            throw noMemory();
        }
        resume();
        try {
            whole.get(patience.toMillis(), TimeUnit.MILLISECONDS);
            byte[] bytes = body.getBytes();
            body = Buffer.buffer();
            return bytes;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TooLargeException tooLarge) {
                throw tooLarge;
            }
            if (e.getCause() instanceof SqlErrorException noMemory) {
                throw noMemory;
            }
            throw new ClientGoneException("the client left", e.getCause());
        } catch (TimeoutException e) {
            throw new ClientGoneException("the request did not arrive in time", e);
        }
    }

    /**
     * What has come of a stream that waits takes up its connection's window: the stream that it
     * waits for might be the one that gets no further by that.
     */
    private Duration waiting(Duration forMemory) {
        return request.version() == HttpVersion.HTTP_2 ? Duration.ZERO : forMemory;
    }

    private static SqlErrorException noMemory() {
        return SqlErrorException.noMemory("the request");
    }

    /** Lets it pass unread: the answer does not depend on it. */
    void discard() {
        whole.cancel(false);
        memory.release();
        resume();
    }

    private void resume() {
        context.runOnContext(_ -> {
            if (!request.isEnded()) {
                request.resume();
            }
        });
    }

    /** What the client says of its length; 0 if it says nothing. */
    private long announced() {
        String length = request.getHeader("Content-Length");
        try {
            return length == null ? 0 : Long.parseLong(length);
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
