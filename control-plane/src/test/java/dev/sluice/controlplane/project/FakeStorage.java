package dev.sluice.controlplane.project;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/** A pageserver and safekeepers that only know which timelines there are, and may fail. */
final class FakeStorage implements PageService, WalServices {
    static final Lsn START = Lsn.parse("0/15000A8");

    /** What stands for the end of the process: nobody handles it. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1L;
    }

    final Set<TenantTimelineId> pages = new ConcurrentSkipListSet<>();
    final Set<TenantTimelineId> wal = new ConcurrentSkipListSet<>();
    Runnable onBranching = () -> {};
    @Nullable String walFailure;
    private final Configurations configurations;

    FakeStorage(Configurations configurations) {
        this.configurations = configurations;
    }

    @Override
    public Lsn createTimeline(TenantTimelineId id, Path dataDirectory, long systemIdentifier) {
        pages.add(id);
        return START;
    }

    @Override
    public void branchTimeline(TenantTimelineId parent, TimelineId child, Lsn at) {
        pages.add(new TenantTimelineId(parent.tenant(), child));
        onBranching.run();
    }

    @Override
    public void deleteTimeline(TenantTimelineId id) {
        pages.remove(id);
    }

    @Override
    public void attachWal(TenantTimelineId id, List<PartAddress> safekeepers) {}

    @Override
    public void waitForLsn(TenantTimelineId id, Lsn lsn, Duration limit) {}

    @Override
    public TimelineStatus status(TenantTimelineId id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<TimelineStatus> timelines() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void readPages(
            TenantTimelineId id,
            Lsn at,
            RelFileLocator relation,
            Fork fork,
            int firstBlock,
            int count,
            ByteBuffer into) {
        throw new UnsupportedOperationException();
    }

    @Override
    public byte @Nullable [] read(TenantTimelineId id, Key key, Lsn at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<Version> versions(TenantTimelineId id, Key key, Lsn at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public BaseBackup baseBackup(TenantTimelineId id, Lsn at) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<PartAddress> addresses(TenantTimelineId id) {
        return List.of();
    }

    @Override
    public void begin(TenantTimelineId id) {
        configurations.begin(id);
    }

    @Override
    public Set<TenantTimelineId> begun() {
        return configurations.timelines();
    }

    @Override
    public void create(TenantTimelineId id, long systemIdentifier, int pgVersion, Lsn start)
            throws IOException {
        wal.add(id);
        String failure = walFailure;
        if (failure != null) {
            throw new IOException(failure);
        }
    }

    @Override
    public void requireDeletable(TenantTimelineId id) {}

    @Override
    public void delete(TenantTimelineId id) {
        takeBack(id);
    }

    @Override
    public void takeBack(TenantTimelineId id) {
        wal.remove(id);
        configurations.forget(id);
    }

    @Override
    public List<Position> positions(TenantTimelineId id) {
        return List.of();
    }

    @Override
    public List<SpaceReport> space() {
        return List.of();
    }

    @Override
    public Lsn commitLsn(TenantTimelineId id) {
        return START;
    }

    @Override
    public Lsn recordBoundary(TenantTimelineId id, Lsn lsn) {
        return lsn;
    }

    @Override
    public Extent extent(TenantTimelineId id) {
        return new Extent(START, START);
    }

    @Override
    public byte[] read(TenantTimelineId id, Lsn from, Lsn to) {
        throw new UnsupportedOperationException();
    }
}
