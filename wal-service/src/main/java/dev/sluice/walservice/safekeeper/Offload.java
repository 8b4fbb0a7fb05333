package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.objectstore.ObjectStore;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a safekeeper has to do with the object store. */
final class Offload implements Closeable {
    private final SafekeeperConfig config;
    private final OffloadConfig settings;
    private final PeerSightings sightings;
    private final ObjectStore objects;
    private final SegmentStore store;
    private final FetchedSegments fetched;
    private @Nullable Offloader offloader;

    private Offload(
            SafekeeperConfig config,
            OffloadConfig settings,
            PeerSightings sightings,
            ObjectStore objects)
            throws IOException {
        this.config = config;
        this.settings = settings;
        this.objects = objects;
        this.sightings = sightings;
        this.store = new SegmentStore(objects, this::peers);
        this.fetched =
                new FetchedSegments(
                        store,
                        config.directory().resolve(FetchedSegments.DIRECTORY),
                        settings.fetchedSegments());
    }

    /**
     * @param sightings knows the peers, those too that join
     */
    static Offload open(SafekeeperConfig config, OffloadConfig settings, PeerSightings sightings)
            throws IOException {
        return new Offload(config, settings, sightings, settings.store().open());
    }

    private List<SafekeeperClient> peers() throws IOException {
        List<SafekeeperClient> peers = new ArrayList<>();
        for (long peer : sightings.peers()) {
            peers.add(config.addresses().client(peer));
        }
        return peers;
    }

    SegmentStore store() {
        return store;
    }

    FetchedSegments fetched() {
        return fetched;
    }

    /** Begins to bring WAL there. */
    void begin(Timelines timelines) {
        offloader = Offloader.start(config, settings.peerPatience(), timelines, sightings, store);
    }

    @Override
    public void close() throws IOException {
        if (offloader != null) {
            offloader.close();
        }
        fetched.close();
        objects.close();
    }
}
