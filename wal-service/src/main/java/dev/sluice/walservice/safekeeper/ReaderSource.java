package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.replication.WalSource;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.function.BiConsumer;

/** What Postgres clients read of a safekeeper's timelines. */
final class ReaderSource implements WalSource {
    private final Timelines timelines;
    private final BiConsumer<TenantTimelineId, DamagedWalException> onDamage;

    /**
     * @param onDamage told of damage that a reader met
     */
    ReaderSource(Timelines timelines, BiConsumer<TenantTimelineId, DamagedWalException> onDamage) {
        this.timelines = timelines;
        this.onDamage = onDamage;
    }

    @Override
    public Collection<TenantTimelineId> timelines() {
        return timelines.ids();
    }

    @Override
    public TimelineStatus status(TenantTimelineId id) throws IOException {
        return timelines.get(id).status();
    }

    @Override
    public Reading read(TenantTimelineId id) throws IOException {
        StoredTimeline timeline = timelines.get(id);
        WalReader reader = timeline.reader();
        return new Reading() {
            @Override
            public Lsn awaitCommit(Lsn position, long nanos) throws IOException {
                return timeline.awaitCommit(position, nanos);
            }

            @Override
            public void read(Lsn at, ByteBuffer into) throws IOException {
                timeline.checkReadable(at, at.plus(into.remaining()), null);
                try {
                    reader.read(at, into);
                } catch (DamagedWalException e) {
                    onDamage.accept(id, e);
                    throw new SafekeeperException(Refusal.DAMAGED, String.valueOf(e.getMessage()));
                }
            }

            @Override
            public void close() throws IOException {
                reader.close();
            }
        };
    }
}
