package dev.sluice.walservice.client;

import dev.sluice.wire.part.PartChannel;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks one safekeeper again and again how its timelines are, over a connection that is kept: one
 * made for each question would cost both more than all the rest of it. One thread asks; any may
 * close.
 */
public final class SafekeeperLookout implements Closeable {
    private final SafekeeperClient client;
    private volatile @Nullable PartChannel kept;
    private volatile boolean closed;

    public SafekeeperLookout(SafekeeperClient client) {
        this.client = client;
    }

    /** For everything else that is asked of it. */
    public SafekeeperClient client() {
        return client;
    }

    /**
     * All timelines, in no order. The connection is made when there is none, and made anew when it
     * was lost meanwhile.
     *
     * @throws IOException if the safekeeper cannot be reached, or is silent for too long
     */
    public List<TimelineStatus> timelines() throws IOException {
        PartChannel before = kept;
        if (before != null) {
            try {
                return client.timelines(before);
            } catch (SafekeeperException | SocketTimeoutException | ClosedChannelException e) {
                drop(before); // refused, or silent for too long
                throw e;
            } catch (IOException lost) {
                drop(before); // by a safekeeper that was started again, probably
            }
        }
        PartChannel fresh = client.connect();
        try {
            kept = fresh;
            if (closed) {
                throw new IOException("nobody wants to know any more");
            }
            return client.timelines(fresh);
        } catch (IOException | RuntimeException e) {
            drop(fresh);
            throw e;
        }
    }

    private void drop(PartChannel channel) throws IOException {
        kept = null;
        channel.close();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        PartChannel channel = kept;
        if (channel != null) {
            channel.close();
        }
    }
}
