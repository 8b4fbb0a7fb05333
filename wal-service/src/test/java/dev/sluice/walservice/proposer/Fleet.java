package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.safekeeper.OffloadConfig;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Some safekeepers with real files and sockets, and one timeline. */
final class Fleet implements Closeable {
    static final long SYSTEM = 42;
    static final Lsn START = Lsn.parse("0/15000A8");

    final TenantTimelineId id = new TenantTimelineId(TenantId.random(), TimelineId.random());
    private final Map<Long, PartAddress> addresses = new TreeMap<>();
    final Configuration configuration;
    private final List<SafekeeperConfig> configs = new ArrayList<>();
    private final List<Safekeeper> running = new ArrayList<>();

    Fleet(Path directory, int count) throws IOException {
        this(directory, count, START);
    }

    Fleet(Path directory, int count, Lsn start) throws IOException {
        this(directory, count, count, start, 0, null);
    }

    private Fleet(
            Path directory,
            int count,
            int members,
            Lsn start,
            long known,
            @Nullable OffloadConfig offload)
            throws IOException {
        for (long node = 1; node <= count; node++) {
            addresses.put(node, new PartAddress.Unix(directory.resolve((node - 1) + ".sock")));
        }
        configuration = Configuration.first(LongStream.rangeClosed(1, members).boxed().toList());
        for (int i = 0; i < count; i++) {
            List<Long> others = new ArrayList<>(addresses.keySet());
            others.remove(i);
            others.removeIf(node -> node > known);
            configs.add(
                    new SafekeeperConfig(
                                    i + 1,
                                    directory.resolve("sk" + i),
                                    directory().addressOf(i + 1),
                                    0, // some tests' disks are small
                                    others,
                                    directory(),
                                    null)
                            .withOffload(offload));
            running.add(Safekeeper.start(configs.get(i)));
            if (i < members) {
                client(i).createTimeline(id, SYSTEM, 17, configuration, start);
            }
        }
    }

    private SafekeeperDirectory directory() {
        return node -> {
            PartAddress address = addresses.get(node);
            if (address == null) {
                throw new IOException("no safekeeper " + node);
            }
            return address;
        };
    }

    /** Safekeepers that know each other, and recover from each other. */
    static Fleet ofPeers(Path directory, int count) throws IOException {
        return ofPeers(directory, count, count);
    }

    /** As {@link #ofPeers(Path, int)}; the timeline is on the first ones alone. */
    static Fleet ofPeers(Path directory, int count, int members) throws IOException {
        return new Fleet(directory, count, members, START, count, null);
    }

    /** Safekeepers that know each other, and an object store. */
    static Fleet offloading(Path directory, int count, OffloadConfig offload) throws IOException {
        return offloading(directory, count, count, offload);
    }

    /**
     * As {@link #offloading(Path, int, OffloadConfig)}; of the others each is told only those up to
     * {@code known}.
     */
    static Fleet offloading(Path directory, int count, int known, OffloadConfig offload)
            throws IOException {
        offload.store().prepare();
        return new Fleet(directory, count, count, START, known, offload);
    }

    SafekeeperClient client(int safekeeper) {
        return new SafekeeperClient(configs.get(safekeeper).listen());
    }

    Path socket(int safekeeper) {
        return ((PartAddress.Unix) configs.get(safekeeper).listen()).path();
    }

    Path timelineDirectory(int safekeeper) {
        return configs.get(safekeeper)
                .directory()
                .resolve(id.tenant().toString())
                .resolve(id.timeline().toString());
    }

    Path directory(int safekeeper) {
        return configs.get(safekeeper).directory();
    }

    void stop(int safekeeper) throws IOException {
        running.get(safekeeper).close();
    }

    void restart(int safekeeper) throws IOException {
        stop(safekeeper);
        running.set(safekeeper, Safekeeper.start(configs.get(safekeeper)));
    }

    /** It comes up again with nothing on its disk. */
    void loseDisk(int safekeeper) throws IOException {
        stop(safekeeper);
        try (Stream<Path> files = Files.walk(directory(safekeeper))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        running.set(safekeeper, Safekeeper.start(configs.get(safekeeper)));
    }

    ProposerConfig config() {
        return config(Duration.ofSeconds(20));
    }

    ProposerConfig config(Duration limit) {
        return new ProposerConfig(id, 17, SYSTEM, configuration, directory(), limit);
    }

    /** As {@link #config()}, with one safekeeper behind another socket. */
    ProposerConfig configWith(int safekeeper, Path socket) {
        return configWith(safekeeper, socket, Duration.ofSeconds(20));
    }

    ProposerConfig configWith(int safekeeper, Path socket, Duration limit) {
        SafekeeperDirectory addresses =
                node ->
                        node == safekeeper + 1
                                ? new PartAddress.Unix(socket)
                                : directory().addressOf(node);
        return new ProposerConfig(id, 17, SYSTEM, configuration, addresses, limit);
    }

    @Override
    public void close() throws IOException {
        for (Safekeeper safekeeper : running) {
            safekeeper.close();
        }
    }
}
