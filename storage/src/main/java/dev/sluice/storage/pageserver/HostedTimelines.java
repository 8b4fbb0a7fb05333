package dev.sluice.storage.pageserver;

import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.storage.timeline.LayerStore;
import dev.sluice.storage.timeline.Timeline;
import dev.sluice.storage.timeline.TimelineSettings;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The timelines of a pageserver, each with its ancestors: opened, made, branched and deleted. */
final class HostedTimelines {
    private final TimelineDirectories directories;
    private final LayerCache cache;
    private final TimelineSettings settings;
    private final Executor background;
    private final UnaryOperator<PageRedo> redo;
    private final Map<TenantTimelineId, HostedTimeline> timelines = new ConcurrentHashMap<>();

    /** Held while timelines are made and deleted. */
    private final ReentrantLock registering = new ReentrantLock();

    /**
     * @param background where layers are written
     * @param redo what is put around a major's redo
     */
    HostedTimelines(
            TimelineDirectories directories,
            LayerCache cache,
            TimelineSettings settings,
            Executor background,
            UnaryOperator<PageRedo> redo) {
        this.directories = directories;
        this.cache = cache;
        this.settings = settings;
        this.background = background;
        this.redo = redo;
    }

    /** All of them; changes show up in it. */
    Collection<HostedTimeline> all() {
        return timelines.values();
    }

    /**
     * @throws IOException if there is none of that name
     */
    HostedTimeline get(TenantTimelineId id) throws IOException {
        HostedTimeline hosted = timelines.get(id);
        if (hosted == null) {
            throw new IOException("no timeline " + id + " on this pageserver");
        }
        return hosted;
    }

    /**
     * Opens what the folder holds.
     *
     * @throws IOException if something there is damaged, missing or unknown; the message names it
     */
    void openAll() throws IOException {
        Map<TenantTimelineId, TimelineIndex> indexes = new HashMap<>();
        for (TimelineIndex index : directories.read()) {
            indexes.put(index.id(), index);
        }
        for (TimelineIndex index : indexes.values()) {
            openWithAncestors(index, indexes);
        }
    }

    private HostedTimeline openWithAncestors(
            TimelineIndex index, Map<TenantTimelineId, TimelineIndex> all) throws IOException {
        HostedTimeline open = timelines.get(index.id());
        if (open != null) {
            return open;
        }
        Timeline ancestor = null;
        if (index.ancestor() != null) {
            TenantTimelineId parent = new TenantTimelineId(index.id().tenant(), index.ancestor());
            TimelineIndex parentIndex = all.get(parent);
            if (parentIndex == null) {
                throw new IOException(index.id() + " is a branch of " + parent + ", not here");
            }
            ancestor = openWithAncestors(parentIndex, all).timeline();
        }
        return open(index.id(), index.postgresMajor(), ancestor);
    }

    private HostedTimeline open(TenantTimelineId id, int majorNumber, @Nullable Timeline ancestor)
            throws IOException {
        Path directory = directories.of(id);
        PostgresMajor major;
        try {
            major = PostgresMajor.of(majorNumber);
        } catch (IllegalArgumentException e) {
            throw new IOException(directory + ": " + e.getMessage(), e);
        }
        LayerStore layers = LayerStore.open(directory, cache, settings, background);
        Timeline timeline = new Timeline(layers, ancestor, redo.apply(major.redo()));
        HostedTimeline hosted = new HostedTimeline(directory, timeline, major);
        timelines.put(id, hosted);
        return hosted;
    }

    /** See {@link PageService#createTimeline}. */
    Lsn create(TenantTimelineId id, Path dataDirectory, long systemIdentifier) throws IOException {
        registering.lock();
        try {
            requireNew(id);
            Path directory = directories.make(id);
            Lsn start = TemplateLayer.create(directory, id, dataDirectory, systemIdentifier);
            TimelineIndex index = TimelineIndex.read(directory);
            open(id, index.postgresMajor(), null);
            return start;
        } finally {
            registering.unlock();
        }
    }

    private void requireNew(TenantTimelineId id) throws IOException {
        if (timelines.containsKey(id)) {
            throw new IOException("timeline " + id + " exists already");
        }
    }

    /** See {@link PageService#branchTimeline}. */
    void branch(TenantTimelineId parentId, TimelineId childId, Lsn at) throws IOException {
        TenantTimelineId child = new TenantTimelineId(parentId.tenant(), childId);
        registering.lock();
        try {
            requireNew(child);
            Timeline parent = get(parentId).timeline();
            requireHistory(parent, at);
            Path directory = directories.make(child);
            LayerStore.create(
                    directory,
                    new TimelineIndex(
                            child,
                            parent.postgresMajor(),
                            at,
                            parentId.timeline(),
                            at,
                            at,
                            parent.previousRecord(at),
                            1,
                            List.of()));
            open(child, parent.postgresMajor(), parent);
            parent.requestFlush();
        } finally {
            registering.unlock();
        }
    }

    private static void requireHistory(Timeline parent, Lsn at) throws IOException {
        Timeline oldest = parent;
        for (Timeline next = parent; next != null; next = next.ancestor()) {
            oldest = next;
        }
        if (at.isBefore(oldest.start()) || at.isAfter(parent.position().end())) {
            throw new IOException(
                    "timeline "
                            + parent.id()
                            + " cannot be branched at "
                            + at
                            + ": it goes from "
                            + oldest.start()
                            + " to "
                            + parent.position().end());
        }
    }

    /** See {@link PageService#deleteTimeline}. */
    void delete(TenantTimelineId id) throws IOException {
        registering.lock();
        try {
            HostedTimeline hosted = timelines.get(id);
            if (hosted == null) {
                return;
            }
            for (HostedTimeline other : timelines.values()) {
                Timeline ancestor = other.timeline().ancestor();
                if (ancestor != null && ancestor.id().equals(id)) {
                    throw new IOException(
                            "timeline " + id + " has a branch: " + other.timeline().id());
                }
            }
            hosted.abandon();
            timelines.remove(id);
            cache.forgetAllIn(hosted.directory());
            directories.delete(hosted.directory());
        } finally {
            registering.unlock();
        }
    }
}
