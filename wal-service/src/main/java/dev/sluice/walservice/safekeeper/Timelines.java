package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperRequest;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.consensus.TimelineControl;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timelines in a safekeeper's directory, each in {@code <tenant>/<timeline>/}. Opened when
 * first asked for. A directory whose name ends in {@code .creating} or {@code .deleted} is the
 * remainder of what a crash interrupted, and is removed. An empty file {@code <timeline>.gone} says
 * that the timeline was deleted, so that it is not fetched again from a safekeeper that was away
 * then; it gets a byte when the timeline's objects have been removed, too. A file {@code
 * <timeline>.left} says that this safekeeper has no say in the timeline any more, which is not
 * fetched again either. Its objects are those of the others then, who may have no other copy.
 */
final class Timelines implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Timelines.class);
    private static final String CREATING = ".creating";
    private static final String DELETED = ".deleted";
    private static final String GONE = ".gone";
    private static final String LEFT = ".left";
    private static final String ASIDE = ".damaged";

    private final long nodeId;
    private final Path directory;
    private final DiskSpace space;
    private final @Nullable FetchedSegments fetched;
    private final Set<TenantTimelineId> gone = ConcurrentHashMap.newKeySet();
    private final Map<TenantTimelineId, Slot> slots = new ConcurrentHashMap<>();
    private final Map<TenantTimelineId, DamagedFileException> damaged = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** A timeline's place; its lock is held while it is made, opened or deleted. */
    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();
        @Nullable StoredTimeline open;
    }

    /**
     * @param fetched gives WAL from the object store; null if there is none
     */
    Timelines(long nodeId, Path directory, DiskSpace space, @Nullable FetchedSegments fetched)
            throws IOException {
        this.nodeId = nodeId;
        this.space = space;
        this.directory = directory;
        this.fetched = fetched;
        Files.createDirectories(directory);
        for (Path tenant : Directories.list(directory)) {
            if (!Files.isDirectory(tenant)
                    || tenant.getFileName().toString().equals(FetchedSegments.DIRECTORY)) {
                continue;
            }
            TenantId id = parsed(tenant, TenantId::parse);
            if (id != null) {
                for (Path file : Directories.list(tenant)) {
                    found(id, file);
                }
            }
        }
        for (TenantTimelineId id : ids()) {
            if (isGone(id)) {
                removeFiles(id);
                slots.remove(id);
            }
        }
    }

    private void found(TenantId tenant, Path file) throws IOException {
        String name = file.getFileName().toString();
        if (name.endsWith(CREATING) || name.endsWith(DELETED)) {
            Directories.delete(file);
        } else if (name.endsWith(GONE)) {
            TimelineId timeline = parsed(file, text -> TimelineId.parse(withoutSuffix(text, GONE)));
            if (timeline != null && Files.size(file) == 0) {
                gone.add(new TenantTimelineId(tenant, timeline));
            }
        } else if (!name.endsWith(LEFT) && !name.endsWith(ASIDE)) {
            TimelineId timeline = parsed(file, TimelineId::parse);
            if (timeline != null) {
                slots.put(new TenantTimelineId(tenant, timeline), new Slot());
            }
        }
    }

    private static String withoutSuffix(String name, String suffix) {
        return name.substring(0, name.length() - suffix.length());
    }

    /** The id that a file is named after; null for what somebody else has put there. */
    private static <T> @Nullable T parsed(Path file, Function<String, T> parse) {
        try {
            return parse.apply(file.getFileName().toString());
        } catch (IllegalArgumentException e) {
            log.warn("{} is none of this safekeeper's, and left alone", file);
            return null;
        }
    }

    private Path path(TenantTimelineId id) {
        return directory.resolve(id.tenant().toString()).resolve(id.timeline().toString());
    }

    /**
     * @throws SafekeeperException if there is no such timeline, or its files are damaged
     */
    StoredTimeline get(TenantTimelineId id) throws IOException {
        StoredTimeline timeline = find(id);
        if (timeline == null) {
            throw new SafekeeperException(Refusal.NO_SUCH_TIMELINE, "no timeline " + id + " here");
        }
        return timeline;
    }

    private @Nullable StoredTimeline find(TenantTimelineId id) throws IOException {
        Slot slot = lock(id);
        try {
            StoredTimeline timeline = openIfThere(slot, id);
            if (timeline == null) {
                slots.remove(id, slot);
            }
            return timeline;
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * The slot of a timeline, locked. Who has waited for one may find that it was given up
     * meanwhile: in it the timeline would be open a second time.
     */
    @SuppressWarnings("LockNotBeforeTry") // the caller's finally has the unlock
    private Slot lock(TenantTimelineId id) {
        while (true) {
            Slot slot = slots.computeIfAbsent(id, _ -> new Slot());
            slot.lock.lock();
            if (slots.get(id) == slot) {
                return slot;
            }
            slot.lock.unlock();
        }
    }

    private @Nullable StoredTimeline openIfThere(Slot slot, TenantTimelineId id)
            throws IOException {
        if (closed) {
            throw new SafekeeperException(Refusal.FAILED, "the safekeeper is stopping");
        }
        StoredTimeline timeline = slot.open;
        if (timeline != null && timeline.isBroken()) {
            timeline.abandon();
            slot.open = null;
            timeline = null;
        }
        if (timeline == null && Files.isDirectory(path(id))) {
            try {
                timeline = StoredTimeline.open(nodeId, path(id), space, fetched);
            } catch (DamagedFileException e) {
                if (damaged.put(id, e) == null) {
                    log.error("timeline {} cannot be used: {}", id, e.getMessage());
                }
                throw new SafekeeperException(Refusal.DAMAGED, String.valueOf(e.getMessage()));
            }
            slot.open = timeline;
            damaged.remove(id);
        }
        return timeline;
    }

    /**
     * Makes a timeline, if there is none.
     *
     * @param rejoin where a lost one begins, if not at its start
     */
    TimelineStatus create(SafekeeperRequest.Create request, @Nullable Rejoin rejoin)
            throws IOException {
        Slot slot = lock(request.id());
        try {
            StoredTimeline timeline = openIfThere(slot, request.id());
            if (timeline == null && isGone(request.id())) {
                slots.remove(request.id(), slot);
                throw new SafekeeperException(
                        Refusal.NO_SUCH_TIMELINE,
                        "timeline " + request.id() + " was deleted or left here");
            }
            if (timeline == null) {
                make(controlOf(request), rejoin);
                timeline = openIfThere(slot, request.id());
                if (timeline == null) {
                    throw new IOException(path(request.id()) + " vanished");
                }
            }
            TimelineStatus status = timeline.status();
            if (status.systemIdentifier() != request.systemIdentifier()
                    || status.postgresMajor() != request.postgresMajor()
                    || !status.start().equals(request.start())) {
                throw new SafekeeperException(
                        Refusal.OTHER_TIMELINE,
                        String.format(
                                "timeline %s exists with system %d, Postgres %d, start %s",
                                request.id(),
                                status.systemIdentifier(),
                                status.postgresMajor(),
                                status.start()));
            }
            if (request.configuration().generation() > status.configuration().generation()) {
                timeline.configure(request.configuration(), Term.NONE);
                return timeline.status();
            }
            return status;
        } finally {
            slot.lock.unlock();
        }
    }

    /** Timelines with damage that was met, and the last of it. */
    Map<TenantTimelineId, DamagedFileException> damaged() {
        return Map.copyOf(damaged);
    }

    /** A page was found damaged when it was read. */
    void metDamage(TenantTimelineId id, DamagedWalException damage) {
        damaged.put(id, damage);
    }

    /**
     * Puts damaged pages back, as far as the copy is what was written here, as {@link
     * WalStore#repair}.
     *
     * @param committed WAL before is committed where the copy is from
     */
    Lsn repair(TenantTimelineId id, Lsn page, byte[] copy, Lsn committed) throws IOException {
        Slot slot = lock(id);
        try {
            StoredTimeline open = slot.open;
            Lsn right =
                    open != null
                            ? open.repair(page, copy, committed)
                            : TimelineFiles.repairClosed(path(id), space, page, copy, committed);
            if (right.isAfter(page)) {
                damaged.remove(id);
            }
            return right;
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * Sets a timeline aside whose control file is damaged, in {@code <timeline>.damaged}, so that
     * it can be made anew. What it promised is forgotten, as with a lost disk.
     */
    void setAside(TenantTimelineId id) throws IOException {
        Slot slot = lock(id);
        try {
            Path aside = path(id).resolveSibling(id.timeline() + ASIDE);
            if (slot.open == null && Files.isDirectory(path(id))) {
                if (Files.isDirectory(aside)) {
                    Directories.delete(aside);
                }
                Files.move(path(id), aside, StandardCopyOption.ATOMIC_MOVE);
                Directories.sync(directory.resolve(id.tenant().toString()));
            }
            slots.remove(id, slot);
            damaged.remove(id);
        } finally {
            slot.lock.unlock();
        }
    }

    /** Whether a timeline was deleted, or left. */
    boolean isGone(TenantTimelineId id) {
        return Files.exists(mark(id, GONE)) || Files.exists(mark(id, LEFT));
    }

    /**
     * By whose objects a page can be had that is damaged here.
     *
     * @return null if it is not in the object store
     */
    SegmentStore.@Nullable Owner ownerOfOffloaded(TenantTimelineId id, Lsn page)
            throws IOException {
        OffloadFile.Known known = OffloadFile.read(path(id));
        if (known == null || !page.isBefore(known.offloaded())) {
            return null;
        }
        TimelineControl control = ControlFile.read(path(id));
        return new SegmentStore.Owner(id, control.systemIdentifier(), control.start());
    }

    /** Timelines that were deleted here and may have objects yet. */
    Set<TenantTimelineId> gone() {
        return Set.copyOf(gone);
    }

    /** Of a timeline that was deleted. */
    void objectsRemoved(TenantTimelineId id) throws IOException {
        Files.write(mark(id, GONE), new byte[] {1});
        gone.remove(id);
        if (fetched != null) {
            fetched.forget(id);
        }
    }

    private Path mark(TenantTimelineId id, String suffix) {
        return path(id).resolveSibling(id.timeline() + suffix);
    }

    /** The ids of all timelines, whether they can be used or not. */
    Set<TenantTimelineId> ids() {
        return Set.copyOf(slots.keySet());
    }

    private static TimelineControl controlOf(SafekeeperRequest.Create request) {
        return request.term().equals(Term.NONE)
                ? TimelineControl.born(
                        request.id(),
                        request.systemIdentifier(),
                        request.postgresMajor(),
                        request.configuration(),
                        request.start())
                : TimelineControl.lost(
                        request.id(),
                        request.systemIdentifier(),
                        request.postgresMajor(),
                        request.configuration(),
                        request.start(),
                        request.term());
    }

    private void make(TimelineControl control, @Nullable Rejoin rejoin) throws IOException {
        TenantTimelineId id = control.id();
        Path path = path(id);
        Path tenant = tenantOf(id);
        Path creating = path.resolveSibling(path.getFileName() + CREATING);
        if (Files.isDirectory(creating)) {
            Directories.delete(creating);
        }
        Files.createDirectory(creating);
        ControlFile.write(
                creating, rejoin == null ? control : rejoin.begin(creating, space, control));
        Files.move(creating, path, StandardCopyOption.ATOMIC_MOVE);
        Directories.sync(tenant);
    }

    /** Deletes a timeline, which is no more; its objects are removed in time. */
    void delete(TenantTimelineId id) throws IOException {
        remove(id, GONE);
        gone.add(id);
    }

    /** Gives up what is here of a timeline, which others go on with. */
    void leave(TenantTimelineId id) throws IOException {
        remove(id, LEFT);
    }

    /**
     * The mark comes first, also where there is nothing: another safekeeper, which has not heard of
     * it yet, may be about to be copied from.
     */
    private void remove(TenantTimelineId id, String suffix) throws IOException {
        Slot slot = lock(id);
        try {
            Path tenant = tenantOf(id);
            if (!Files.exists(mark(id, suffix))) {
                Files.createFile(mark(id, suffix));
                Directories.sync(tenant);
            }
            if (slot.open != null) {
                slot.open.discard();
                slot.open = null;
            }
            removeFiles(id);
            slots.remove(id, slot);
            damaged.remove(id);
        } finally {
            slot.lock.unlock();
        }
    }

    /** Removes what is here of a timeline that is marked. */
    private void removeFiles(TenantTimelineId id) throws IOException {
        Path path = path(id);
        Path deleted = path.resolveSibling(path.getFileName() + DELETED);
        for (Path each : List.of(path, path.resolveSibling(path.getFileName() + ASIDE))) {
            if (Files.isDirectory(each)) {
                Files.move(each, deleted, StandardCopyOption.ATOMIC_MOVE);
                Directories.sync(tenantOf(id));
                Directories.delete(deleted);
            }
        }
    }

    private Path tenantOf(TenantTimelineId id) throws IOException {
        Path tenant = directory.resolve(id.tenant().toString());
        if (!Files.isDirectory(tenant)) {
            Files.createDirectories(tenant);
            Directories.sync(directory);
        }
        return tenant;
    }

    /** Of all timelines that can be used; those that cannot are logged. */
    List<TimelineStatus> statuses() {
        List<TimelineStatus> statuses = new ArrayList<>();
        for (TenantTimelineId id : slots.keySet()) {
            try {
                StoredTimeline timeline = find(id);
                if (timeline != null) {
                    statuses.add(timeline.status());
                }
            } catch (IOException e) {
                log.warn("timeline {} is left out of the listing: {}", id, e.getMessage());
            }
        }
        return statuses;
    }

    @Override
    public void close() throws IOException {
        closed = true;
        IOException failure = null;
        for (Slot slot : slots.values()) {
            slot.lock.lock();
            try {
                if (slot.open != null) {
                    slot.open.close();
                    slot.open = null;
                }
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            } finally {
                slot.lock.unlock();
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
