package dev.sluice.gateway.http;

import dev.sluice.gateway.http.AnswerStream.ClientGoneException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
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
    private final HttpServerRequest request;
    private final Context context;
    private final int max;
    private final Buffer body = Buffer.buffer();
    private final CompletableFuture<Buffer> whole = new CompletableFuture<>();

    /** The body is larger than it may be. */
    static final class TooLargeException extends IOException {
        @Serial private static final long serialVersionUID = 1L;

        TooLargeException(int max) {
            super("request is too large (max is " + max + " bytes)");
        }
    }

    /** On the request's event loop, before it returns. */
    RequestBody(HttpServerRequest request, int max) {
        this.request = request;
        this.context = Objects.requireNonNull(Vertx.currentContext());
        this.max = max;
        request.handler(this::more);
        request.endHandler(_ -> whole.complete(body));
        request.exceptionHandler(whole::completeExceptionally);
        request.pause();
    }

    private void more(Buffer piece) {
        if (whole.isDone()) {
            return;
        }
        if (body.length() + piece.length() > max) {
            whole.completeExceptionally(new TooLargeException(max));
        } else {
            body.appendBuffer(piece);
        }
    }

    /**
     * Reads it all.
     *
     * @throws TooLargeException if it is larger than the limit, by what it says or what came
     * @throws ClientGoneException if it does not arrive in time
     */
    byte[] read(Duration patience) throws IOException {
        String announced = request.getHeader("Content-Length");
        if (announced != null && longer(announced)) {
            throw new TooLargeException(max);
        }
        resume();
        try {
            return whole.get(patience.toMillis(), TimeUnit.MILLISECONDS).getBytes();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TooLargeException tooLarge) {
                throw tooLarge;
            }
            throw new ClientGoneException("the client left", e.getCause());
        } catch (TimeoutException e) {
            throw new ClientGoneException("the request did not arrive in time", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGoneException("interrupted", e);
        }
    }

    /** Lets it pass unread: the answer does not depend on it. */
    void discard() {
        whole.cancel(false);
        resume();
    }

    private void resume() {
        context.runOnContext(_ -> {
            if (!request.isEnded()) {
                request.resume();
            }
        });
    }

    private boolean longer(String announced) {
        try {
            return Long.parseLong(announced) > max;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
