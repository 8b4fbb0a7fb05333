package dev.sluice.storage.pageserver;

import dev.sluice.storage.layer.DurableFiles;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a pageserver's timelines are: {@code <root>/<tenant>/<timeline>/}. A directory without an
 * index is no timeline: its making or deletion was cut short, and it is removed.
 */
record TimelineDirectories(Path root) {

    Path of(TenantTimelineId id) {
        return root.resolve(id.tenant().toString()).resolve(id.timeline().toString());
    }

    /** Makes an empty directory for a timeline, its name durable. */
    Path make(TenantTimelineId id) throws IOException {
        Path directory = of(id);
        delete(directory);
        Files.createDirectories(directory);
        DurableFiles.forceDirectory(root.resolve(id.tenant().toString()));
        DurableFiles.forceDirectory(root);
        return directory;
    }

    /** Deletes a timeline: at once and durably its index, then the rest. */
    void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        if (Files.deleteIfExists(directory.resolve(TimelineIndex.FILE_NAME))) {
            DurableFiles.forceDirectory(directory);
        }
        for (Path file : list(directory)) {
            Files.delete(file);
        }
        Files.delete(directory);
    }

    /** All timelines; what is left over of others is removed. */
    List<TimelineIndex> read() throws IOException {
        Files.createDirectories(root);
        List<TimelineIndex> indexes = new ArrayList<>();
        for (Path tenant : list(root)) {
            TenantId tenantId = parsed(tenant, TenantId::parse);
            for (Path timeline : list(tenant)) {
                TimelineId timelineId = parsed(timeline, TimelineId::parse);
                if (!Files.exists(timeline.resolve(TimelineIndex.FILE_NAME))) {
                    delete(timeline);
                    continue;
                }
                TimelineIndex index = TimelineIndex.read(timeline);
                if (!index.id().equals(new TenantTimelineId(tenantId, timelineId))) {
                    throw new IOException(timeline + " holds the index of " + index.id());
                }
                indexes.add(index);
            }
        }
        return indexes;
    }

    private interface Parser<T> {
        T parse(String text);
    }

    private static <T> T parsed(Path path, Parser<T> parser) throws IOException {
        try {
            return parser.parse(path.getFileName().toString());
        } catch (IllegalArgumentException e) {
            throw new IOException("not a pageserver's: " + path + ": " + e.getMessage(), e);
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
