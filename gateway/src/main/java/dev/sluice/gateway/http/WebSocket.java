package dev.sluice.gateway.http;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A WebSocket between its client and the gateway's inner door. Frames are passed on as they come:
 * whoever has proved nothing yet holds no more here than any other client. On one event loop.
 */
final class WebSocket implements WebSocketReader.Listener {
    private static final Logger log = LoggerFactory.getLogger(WebSocket.class);

    /** For a client to answer that it has seen the end, and to read what came before. */
    private static final long PARTING_MILLIS = 10_000;

    private final Vertx vertx;
    private final NetSocket outside;
    private final NetSocket inside;
    private final WebSocketReader reader = new WebSocketReader(this);
    private boolean closing;

    /**
     * @param outside the client's connection, after the handshake
     * @param inside to the inner door; paused
     */
    WebSocket(Vertx vertx, NetSocket outside, NetSocket inside) {
        this.vertx = vertx;
        this.outside = outside;
        this.inside = inside;
    }

    /**
     * Lets the client begin.
     *
     * @param header tells the inner door who it is
     * @param early what the client has sent already
     */
    void begin(Buffer header, Buffer early) {
        // One direction's end is the other's: a Postgres client that says goodbye waits for the
        // WebSocket to be closed.
        inside.endHandler(_ -> close(WebSocketReader.close(WebSocketReader.NORMAL, "")));
        inside.closeHandler(_ -> close(WebSocketReader.close(WebSocketReader.NORMAL, "")));
        inside.exceptionHandler(e -> log.debug("a WebSocket's inside failed", e));
        outside.closeHandler(_ -> {
            closing = true;
            inside.close();
        });
        outside.exceptionHandler(e -> log.debug("a WebSocket failed", e));
        inside.write(header).onFailure(e -> log.debug("a WebSocket's client was not let in", e));
        reader.read(early);
        outside.handler(reader::read);
        inside.handler(bytes -> {
            send(WebSocketReader.binary(bytes));
            if (outside.writeQueueFull()) {
                inside.pause();
                outside.drainHandler(_ -> inside.resume());
            }
        });
        inside.resume();
    }

    @Override
    public void carried(Buffer bytes) {
        if (closing) {
            return;
        }
        inside.write(bytes).onFailure(e -> log.debug("a WebSocket's inside is gone", e));
        if (inside.writeQueueFull()) {
            outside.pause();
            inside.drainHandler(_ -> outside.resume());
        }
    }

    @Override
    public void pinged(Buffer bytes) {
        if (!closing) {
            send(WebSocketReader.pong(bytes));
        }
    }

    @Override
    public void closed(Buffer bytes) {
        inside.close();
        if (closing) {
            // the answer to ours
            outside.close();
        } else {
            closing = true;
            outside.end(WebSocketReader.close(bytes))
                    .onFailure(e -> log.debug("a WebSocket was closed already", e));
        }
    }

    @Override
    public void refused(short code, String why) {
        close(WebSocketReader.close(code, why));
    }

    /**
     * Says that this is the end; what the client has sent meanwhile is read, and counts for
     * nothing.
     */
    private void close(Buffer frame) {
        if (closing) {
            return;
        }
        closing = true;
        inside.close();
        send(frame);
        outside.resume();
        long timer = vertx.setTimer(PARTING_MILLIS, _ -> outside.close());
        outside.closeHandler(_ -> vertx.cancelTimer(timer));
    }

    private void send(Buffer frame) {
        outside.write(frame).onFailure(e -> log.debug("a WebSocket was closed already", e));
    }
}
