package dev.sluice.storage.layer;

import dev.sluice.storage.key.Key;
import dev.sluice.wire.Lsn;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * The layer files of a timeline, in the order in which a reader visits them. Immutable.
 *
 * <p>The order is by the newest LSN in a layer, newest first; an image before a delta that ends
 * where the image is. Of two deltas that share a key the LSN ranges are disjoint, so in this order
 * a reader meets the versions of a key newest first, with one exception: an image may lie inside
 * the range of a merged delta that was visited before it. {@link Chain#foundImage} takes care of
 * that.
 */
public final class LayerMap {
    public static final LayerMap EMPTY = new LayerMap(List.of());

    private static final Comparator<LayerDescriptor> READING_ORDER =
            Comparator.comparing(LayerDescriptor::upTo)
                    .reversed()
                    .thenComparingInt(layer -> layer.isImage() ? 0 : 1)
                    .thenComparing(LayerDescriptor::first)
                    .thenComparingLong(LayerDescriptor::number);

    private final List<LayerDescriptor> layers;

    private LayerMap(List<LayerDescriptor> layers) {
        this.layers = layers;
    }

    /**
     * @throws IllegalArgumentException if two deltas share both keys and LSNs
     */
    public static LayerMap of(Collection<LayerDescriptor> layers) {
        List<LayerDescriptor> sorted = new ArrayList<>(layers);
        sorted.sort(READING_ORDER);
        requireDisjointDeltas(sorted);
        return new LayerMap(List.copyOf(sorted));
    }

    private static void requireDisjointDeltas(List<LayerDescriptor> sorted) {
        for (int i = 0; i < sorted.size(); i++) {
            LayerDescriptor newer = sorted.get(i);
            for (int j = i + 1; j < sorted.size() && !newer.isImage(); j++) {
                LayerDescriptor older = sorted.get(j);
                if (!older.isImage()
                        && older.upTo().isAfter(newer.after())
                        && older.overlaps(newer.first(), newer.last())) {
                    throw new IllegalArgumentException(
                            "delta layers overlap: "
                                    + newer.fileName()
                                    + " and "
                                    + older.fileName());
                }
            }
        }
    }

    /** These layers without {@code removed} and with {@code added}. */
    public LayerMap replace(
            Collection<LayerDescriptor> removed, Collection<LayerDescriptor> added) {
        List<LayerDescriptor> next = new ArrayList<>(layers);
        next.removeAll(removed);
        next.addAll(added);
        return of(next);
    }

    /** All layers, in reading order. */
    public List<LayerDescriptor> layers() {
        return layers;
    }

    /** The layers that may hold a version of these keys at or before an LSN, in reading order. */
    public List<LayerDescriptor> concerning(Key from, Key to, Lsn at) {
        List<LayerDescriptor> found = new ArrayList<>();
        for (LayerDescriptor layer : layers) {
            if (layer.concerns(from, to, at)) {
                found.add(layer);
            }
        }
        return found;
    }

    public long bytes() {
        long sum = 0;
        for (LayerDescriptor layer : layers) {
            sum += layer.bytes();
        }
        return sum;
    }
}
