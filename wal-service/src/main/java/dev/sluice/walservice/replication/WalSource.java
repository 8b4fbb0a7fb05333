package dev.sluice.walservice.replication;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;

/** Where readers' WAL comes from: a safekeeper's timelines. */
public interface WalSource {
    Collection<TenantTimelineId> timelines();

    /**
     * @throws SafekeeperException if there is no such timeline
     */
    TimelineStatus status(TenantTimelineId id) throws IOException;

    /**
     * Begins to read a timeline's committed WAL.
     *
     * @throws SafekeeperException if there is no such timeline
     */
    Reading read(TenantTimelineId id) throws IOException;

    /** One reader's reading. For one thread. */
    interface Reading extends Closeable {
        /**
         * Waits until the commit LSN is past {@code position}, or for {@code nanos}.
         *
         * @return the commit LSN then
         */
        Lsn awaitCommit(Lsn position, long nanos) throws IOException;

        /**
         * Fills {@code into} with committed WAL.
         *
         * @throws SafekeeperException if it is not here
         */
        void read(Lsn at, ByteBuffer into) throws IOException;
    }
}
