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
    private final ObjectStore objects;
    private final SegmentStore store;
    private final FetchedSegments fetched;
    private @Nullable Offloader offloader;

    private Offload(SafekeeperConfig config, OffloadConfig settings, ObjectStore objects)
            throws IOException {
        this.config = config;
        this.settings = settings;
        this.objects = objects;
        List<SafekeeperClient> peers = new ArrayList<>();
        for (long peer : config.peers()) {
            peers.add(config.addresses().client(peer));
        }
        this.store = new SegmentStore(objects, peers);
        this.fetched =
                new FetchedSegments(
                        store,
                        config.directory().resolve(FetchedSegments.DIRECTORY),
                        settings.fetchedSegments());
    }

    static Offload open(SafekeeperConfig config, OffloadConfig settings) throws IOException {
        return new Offload(config, settings, settings.store().open());
    }

    SegmentStore store() {
        return store;
    }

    FetchedSegments fetched() {
        return fetched;
    }

    /** Begins to bring WAL there. */
    void begin(Timelines timelines, PeerSightings sightings) {
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
