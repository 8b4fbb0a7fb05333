package dev.sluice.controlplane.server;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process has started, to be closed last started first; one that fails does not keep the
 * others open.
 */
final class OpenParts implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(OpenParts.class);

    private final Deque<Closeable> open = new ArrayDeque<>();

    void push(Closeable part) {
        open.push(part);
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (IOException | RuntimeException e) {
                log.error("a part did not stop cleanly", e);
            }
        }
    }
}
