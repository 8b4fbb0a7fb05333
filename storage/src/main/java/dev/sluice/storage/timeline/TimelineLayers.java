package dev.sluice.storage.timeline;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.layer.Chain;
import dev.sluice.storage.layer.LayerDescriptor;
import dev.sluice.storage.layer.LayerFile;
import dev.sluice.storage.layer.LayerMap;
import dev.sluice.storage.layer.OpenLayer;
import dev.sluice.storage.layer.VersionCursor;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The layers of a timeline at one moment. Immutable, and kept whole as long as somebody reads from
 * it: when a newer one replaces it, what that one dropped is only given up after the last reader of
 * this one, and of all before it, is done.
 */
final class TimelineLayers {

    /** Gives up something that no reader can reach any more. */
    interface Disposal {
        void run() throws IOException;
    }

    private final @Nullable OpenLayer open;
    private final List<OpenLayer> frozen;
    private final LayerMap map;
    private final Map<LayerDescriptor, LayerFile> files;

    /** One for being the current one or for the one before this, and one for each reader. */
    private final AtomicInteger holders = new AtomicInteger(1);

    private @Nullable TimelineLayers successor;
    private List<Disposal> disposals = List.of();

    /**
     * @param frozen newest first
     * @param files one for each layer of the map
     */
    TimelineLayers(
            @Nullable OpenLayer open,
            List<OpenLayer> frozen,
            LayerMap map,
            Map<LayerDescriptor, LayerFile> files) {
        this.open = open;
        this.frozen = List.copyOf(frozen);
        this.map = map;
        this.files = Map.copyOf(files);
    }

    @Nullable OpenLayer open() {
        return open;
    }

    List<OpenLayer> frozen() {
        return frozen;
    }

    LayerMap map() {
        return map;
    }

    Map<LayerDescriptor, LayerFile> files() {
        return files;
    }

    LayerFile file(LayerDescriptor layer) {
        LayerFile file = files.get(layer);
        if (file == null) {
            throw new IllegalArgumentException("no such layer: " + layer);
        }
        return file;
    }

    /** False when it is already given up: then the timeline has a newer one. */
    boolean hold() {
        int count = holders.get();
        while (count > 0 && !holders.compareAndSet(count, count + 1)) {
            count = holders.get();
        }
        return count > 0;
    }

    void release() throws IOException {
        TimelineLayers last = this;
        while (last != null && last.holders.decrementAndGet() == 0) {
            for (Disposal disposal : last.disposals) {
                disposal.run();
            }
            last = last.successor;
        }
    }

    /** Says what follows, and what is to be given up that the successor does not have. */
    void replacedBy(TimelineLayers next, List<Disposal> dropped) throws IOException {
        next.holders.incrementAndGet();
        successor = next;
        disposals = List.copyOf(dropped);
        release();
    }

    /**
     * Adds to the chains what is here of their keys.
     *
     * @param chains ascending by key, all with the same ceiling
     */
    void collect(List<Chain> chains) throws IOException {
        if (open != null) {
            open.collect(chains);
        }
        for (OpenLayer layer : frozen) {
            layer.collect(chains);
        }
        Key from = chains.getFirst().key();
        Key to = chains.getLast().key();
        Lsn ceiling = chains.getFirst().ceiling();
        boolean complete = areComplete(chains);
        for (LayerDescriptor layer : map.layers()) {
            if (complete) {
                return;
            }
            if (layer.concerns(from, to, ceiling)) {
                file(layer).collect(chains);
                complete = areComplete(chains);
            }
        }
    }

    static boolean areComplete(List<Chain> chains) {
        for (Chain chain : chains) {
            if (!chain.isComplete()) {
                return false;
            }
        }
        return true;
    }

    /** Cursors over all that is here of a range of keys, both ends included, oldest layer first. */
    List<VersionCursor> cursors(Key from, Key to, Lsn ceiling) throws IOException {
        List<VersionCursor> cursors = new ArrayList<>();
        for (LayerDescriptor layer : map.layers().reversed()) {
            if (layer.concerns(from, to, ceiling)) {
                cursors.add(file(layer).cursor(from, to));
            }
        }
        for (OpenLayer layer : frozen.reversed()) {
            cursors.add(layer.cursor(from, to));
        }
        if (open != null) {
            cursors.add(open.cursor(from, to));
        }
        return cursors;
    }
}
