package dev.sluice.storage.timeline;

import dev.sluice.storage.layer.LayerCache;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.storage.layer.LayerFile;
import dev.sluice.storage.layer.LayerFileWriter;
import dev.sluice.storage.layer.OpenLayer;
import dev.sluice.storage.layer.TimelineIndex;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The directory of one timeline: its index, its layer files, and the files of open layers. */
final class LayerDirectory {
    private static final Logger log = LoggerFactory.getLogger(LayerDirectory.class);
    private static final String OPEN_SUFFIX = ".open";

    private final Path path;
    private final TimelineId timeline;
    private final LayerCache cache;

    LayerDirectory(Path path, TimelineId timeline, LayerCache cache) {
        this.path = path;
        this.timeline = timeline;
        this.cache = cache;
    }

    /**
     * Leaves only what the index names: a crash may have left more.
     *
     * @throws IOException if a layer is missing, or there is a file that no crash leaves
     */
    void removeLeftOvers(TimelineIndex index) throws IOException {
        Set<String> missing = new HashSet<>();
        index.layers().forEach(layer -> missing.add(layer.fileName()));
        missing.add(TimelineIndex.FILE_NAME);
        List<Path> files;
        try (Stream<Path> list = Files.list(path)) {
            files = list.toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            if (missing.remove(name)) {
                continue;
            }
            if (!isOfACrash(name)) {
                throw new IOException("unknown file in a timeline's directory: " + file);
            }
            log.info("removing {}, which its timeline's index does not name", file);
            Files.delete(file);
        }
        if (!missing.isEmpty()) {
            throw new IOException("missing layer: " + path.resolve(missing.iterator().next()));
        }
    }

    private static boolean isOfACrash(String name) {
        return LayerDescriptor.isFileName(name)
                || name.endsWith(".tmp")
                || name.endsWith(OPEN_SUFFIX);
    }

    /** The layers' files, those that are known already taken over. */
    Map<LayerDescriptor, LayerFile> files(
            Collection<LayerDescriptor> layers, Map<LayerDescriptor, LayerFile> known) {
        Map<LayerDescriptor, LayerFile> files = new HashMap<>();
        for (LayerDescriptor layer : layers) {
            LayerFile file = known.get(layer);
            files.put(layer, file != null ? file : new LayerFile(path, timeline, layer, cache));
        }
        return files;
    }

    OpenLayer newOpenLayer(long number, Lsn after) throws IOException {
        return new OpenLayer(after, path.resolve(number + OPEN_SUFFIX));
    }

    LayerFileWriter newLayer(long number, Kind kind, Lsn after, Lsn upTo) throws IOException {
        return new LayerFileWriter(path, timeline, number, kind, after, upTo);
    }

    /** Says what could not be done; the disk may have said no more than that it is full. */
    IOException cannotWrite(Exception cause) {
        return new IOException(
                "cannot write a layer to " + path + ": " + cause.getMessage(), cause);
    }

    void publish(TimelineIndex index) throws IOException {
        index.publish(path);
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
