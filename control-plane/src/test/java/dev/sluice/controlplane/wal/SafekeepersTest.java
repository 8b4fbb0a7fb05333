package dev.sluice.controlplane.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.SafekeeperCatalog;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Safekeeper;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Standing;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real safekeepers in this process, and a fleet that has its own idea of what is in the way. */
final class SafekeepersTest {
    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());
    private final Map<Long, Closeable> running = new ConcurrentHashMap<>();
    private volatile @Nullable String obstacle;

    @TempDir Path directory;
    private Catalog catalog;
    private Safekeepers safekeepers;

    private final class Fleet implements SafekeeperFleet {
        @Override
        public @Nullable String obstacle(long number) {
            return obstacle;
        }

        @Override
        public void start(long number) throws IOException {
            if (!running.containsKey(number)) {
                running.put(number, run(number));
            }
        }

        @Override
        public void stop(long number) throws IOException {
            Closeable stopped = running.remove(number);
            if (stopped != null) {
                stopped.close();
            }
        }
    }

    @BeforeEach
    void threeAreThere() throws IOException {
        catalog = Catalog.open(directory.resolve("catalog"));
        members().addMembers(List.of(1L, 2L, 3L));
        for (long number = 1; number <= 3; number++) {
            running.put(number, run(number));
        }
        SafekeeperDirectory places = this::place;
        safekeepers = new Safekeepers(catalog, noPages(), places, new Fleet());
    }

    @AfterEach
    void stop() throws IOException {
        safekeepers.close();
        for (Closeable safekeeper : running.values()) {
            safekeeper.close();
        }
        catalog.close();
    }

    private SafekeeperCatalog members() {
        return catalog.safekeepers();
    }

    private PartAddress place(long number) {
        return new PartAddress.Unix(directory.resolve("s" + number));
    }

    private Closeable run(long number) throws IOException {
        return dev.sluice.walservice.safekeeper.Safekeeper.start(
                new SafekeeperConfig(
                        number,
                        directory.resolve(Long.toString(number)),
                        place(number),
                        List.of(),
                        this::place));
    }

    private static PageService noPages() {
        return (PageService)
                Proxy.newProxyInstance(
                        PageService.class.getClassLoader(),
                        new Class<?>[] {PageService.class},
                        (_, _, _) -> null);
    }

    private Configuration makeTimeline(long... nodes) throws IOException {
        Configuration first = members().begin(id);
        for (long node : nodes) {
            client(node).createTimeline(id, 1, 17, first, new Lsn(0x1000028));
        }
        return first;
    }

    private SafekeeperClient client(long number) {
        return new SafekeeperClient(place(number));
    }

    private Map<Long, Standing> standings() {
        Map<Long, Standing> standings = new TreeMap<>();
        for (Safekeeper safekeeper : members().safekeepers()) {
            standings.put(safekeeper.number(), safekeeper.standing());
        }
        return standings;
    }

    private static Map<Long, Standing> areMembers(long... numbers) {
        Map<Long, Standing> standings = new TreeMap<>();
        for (long number : numbers) {
            standings.put(number, Standing.MEMBER);
        }
        return standings;
    }

    @Test
    void whatIsRefusedHasChangedNothing() throws IOException {
        makeTimeline(1, 2, 3);
        obstacle = "it is taken";
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> safekeepers.replace(2, Optional.empty()))
                .withMessageContaining("it is taken");
        assertThat(standings()).isEqualTo(areMembers(1, 2, 3));
        assertThat(members().lastNumber()).isEqualTo(3);

        obstacle = null;
        assertThat(safekeepers.replace(2, Optional.empty())).isEqualTo(4);
        assertThat(standings()).isEqualTo(areMembers(1, 3, 4));
    }

    @Test
    void oneThatHasBegunIsGoneOnWithWhateverIsInTheWayOfANewOne() throws IOException {
        makeTimeline(1, 2, 3);
        members().beginReplacement(2, 4);
        obstacle = "the new one has its port";
        safekeepers.resume();
        await().until(() -> standings().equals(areMembers(1, 3, 4)));
    }

    /** Else commits would need a majority with the old one in it for ever. */
    @Test
    void theLastConfigurationIsToldByWhoGoesOnIfNobodyWasToldYet() throws IOException {
        running.put(4L, run(4));
        Configuration first = makeTimeline(1, 2, 3, 4);
        members().beginReplacement(2, 4);
        Configuration joint = first.jointWith(List.of(1L, 3L, 4L));
        for (long node = 1; node <= 4; node++) {
            client(node).configure(id, joint, Term.NONE);
        }
        members().advance(id.timeline(), joint);
        members().advance(id.timeline(), joint.concluded());
        safekeepers.resume();
        await().until(() -> standings().equals(areMembers(1, 3, 4)));
        List<Long> told =
                List.of(1L, 3L, 4L).stream().filter(node -> has(node, joint.concluded())).toList();
        assertThat(told).hasSizeGreaterThanOrEqualTo(2);
    }

    private boolean has(long node, Configuration configuration) {
        try {
            return client(node).report(id).configuration().equals(configuration);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
