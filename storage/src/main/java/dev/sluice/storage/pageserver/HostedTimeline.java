package dev.sluice.storage.pageserver;

import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.timeline.Timeline;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A timeline in a pageserver: where it is, and who feeds it. */
final class HostedTimeline {
    private final Path directory;
    private final Timeline timeline;
    private final PostgresMajor major;
    private @Nullable WalReceiver receiver;
    private boolean closed;

    HostedTimeline(Path directory, Timeline timeline, PostgresMajor major) {
        this.directory = directory;
        this.timeline = timeline;
        this.major = major;
    }

    Path directory() {
        return directory;
    }

    Timeline timeline() {
        return timeline;
    }

    PostgresMajor major() {
        return major;
    }

    interface ReceiverFactory {
        WalReceiver make(List<PartAddress> safekeepers);
    }

    /** Follows these safekeepers, unless it already does. */
    synchronized void attach(List<PartAddress> safekeepers, ReceiverFactory factory)
            throws IOException {
        if (closed) {
            throw new IOException("timeline " + timeline.id() + " is closed");
        }
        WalReceiver current = receiver;
        if (current != null && current.isAlive() && current.safekeepers().equals(safekeepers)) {
            return;
        }
        detach();
        WalReceiver next = factory.make(safekeepers);
        receiver = next;
        next.start();
    }

    private void detach() throws IOException {
        if (receiver != null) {
            receiver.stop();
            receiver = null;
        }
    }

    /** Stops ingest and makes what was ingested durable. */
    synchronized void shutDown() throws IOException {
        if (!closed) {
            closed = true;
            detach();
            try {
                timeline.flush();
            } finally {
                timeline.close();
            }
        }
    }

    /** Stops ingest for a timeline that is about to be deleted. */
    synchronized void abandon() throws IOException {
        if (!closed) {
            closed = true;
            detach();
            timeline.close();
        }
    }
}
