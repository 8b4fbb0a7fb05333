package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.storage.layer.LayerFileWriter;
import dev.sluice.storage.layer.LayerMap;
import dev.sluice.storage.layer.MergingCursor;
import dev.sluice.storage.layer.VersionCursor;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps reads short. Deltas as ingest left them are merged, a number of them at a time, into layers
 * of fewer keys; and where such layers have piled up over some keys, images of those keys are
 * written. No version is lost: every LSN stays readable.
 *
 * <p>Everything is streamed: memory does not depend on the size of layers.
 */
final class Compaction {
    private static final Logger log = LoggerFactory.getLogger(Compaction.class);

    private final LayerStore store;
    private final TimelineReader timeline;
    private final TimelineSettings settings;

    Compaction(LayerStore store, TimelineReader timeline, TimelineSettings settings) {
        this.store = store;
        this.timeline = timeline;
        this.settings = settings;
    }

    void run() throws IOException {
        while (mergeSome()) {
            makeImages();
        }
        makeImages();
    }

    private boolean mergeSome() throws IOException {
        TimelineLayers layers = store.hold();
        try {
            List<LayerDescriptor> deltas = deltasToMerge(layers.map());
            if (deltas.isEmpty()) {
                return false;
            }
            merge(layers, deltas);
            return true;
        } finally {
            layers.release();
        }
    }

    /** The oldest deltas, oldest first; none as long as there are few. */
    private List<LayerDescriptor> deltasToMerge(LayerMap map) {
        List<LayerDescriptor> deltas =
                map.layers().stream()
                        .filter(layer -> layer.kind() == Kind.DELTA)
                        .sorted(Comparator.comparing(LayerDescriptor::upTo))
                        .limit(2L * settings.mergeThreshold())
                        .toList();
        return deltas.size() < settings.mergeThreshold() ? List.of() : deltas;
    }

    private void merge(TimelineLayers layers, List<LayerDescriptor> oldestFirst)
            throws IOException {
        Lsn after = oldestFirst.getFirst().after();
        Lsn upTo = oldestFirst.getLast().upTo();
        List<VersionCursor> cursors = new ArrayList<>();
        for (LayerDescriptor layer : oldestFirst) {
            cursors.add(layers.file(layer).cursor(Key.MIN, Key.MAX));
        }
        VersionCursor versions = new MergingCursor(cursors);
        List<LayerDescriptor> merged = new ArrayList<>();
        boolean more = versions.next();
        while (more) {
            try (LayerFileWriter writer = store.newLayer(Kind.MERGED, after, upTo)) {
                more = new ShortenedChains(timeline, writer).copy(versions, settings.layerBytes());
                merged.add(writer.finish());
            }
        }
        store.replaceFiles(oldestFirst, merged);
        log.info("merged {} deltas up to {} into {}", oldestFirst.size(), upTo, merged.size());
    }

    private void makeImages() throws IOException {
        TimelineLayers layers = store.hold();
        try {
            for (LayerDescriptor top : layers.map().layers()) {
                List<LayerDescriptor> pile = pile(layers.map(), top);
                if (pile.size() >= settings.imageThreshold()) {
                    makeImages(layers, top, pile);
                }
            }
        } finally {
            layers.release();
        }
    }

    /** The merged layers over the top one's keys that no image covers; none if it is not on top. */
    private static List<LayerDescriptor> pile(LayerMap map, LayerDescriptor top) {
        List<LayerDescriptor> pile = new ArrayList<>();
        if (top.kind() != Kind.MERGED) {
            return pile;
        }
        for (LayerDescriptor layer : map.layers()) {
            if (layer.kind() == Kind.DELTA || !layer.overlaps(top.first(), top.last())) {
                continue;
            }
            if (layer.isImage()) {
                break;
            }
            if (layer.upTo().isAfter(top.upTo())) {
                return List.of();
            }
            pile.add(layer);
        }
        return pile;
    }

    private void makeImages(TimelineLayers layers, LayerDescriptor top, List<LayerDescriptor> pile)
            throws IOException {
        List<VersionCursor> cursors = new ArrayList<>();
        for (LayerDescriptor layer : pile.reversed()) {
            cursors.add(layers.file(layer).cursor(top.first(), top.last()));
        }
        VersionCursor versions = new MergingCursor(cursors);
        List<LayerDescriptor> images = new ArrayList<>();
        boolean more = versions.next();
        while (more) {
            try (LayerFileWriter writer = store.newLayer(Kind.IMAGE, top.upTo(), top.upTo())) {
                more = addImages(versions, top.upTo(), writer);
                images.add(writer.finish());
            }
        }
        store.replaceFiles(List.of(), images);
        log.info("made {} images at {} over {} layers", images.size(), top.upTo(), pile.size());
    }

    private boolean addImages(VersionCursor versions, Lsn at, LayerFileWriter writer)
            throws IOException {
        boolean more = true;
        while (more && writer.size() < settings.layerBytes()) {
            Key key = versions.key();
            byte[] content = timeline.get(key, at);
            writer.add(
                    key,
                    at.value(),
                    content == null ? Value.Image.REMOVED : new Value.Image(content));
            while (more && versions.key().equals(key)) {
                more = versions.next();
            }
        }
        return more;
    }
}
