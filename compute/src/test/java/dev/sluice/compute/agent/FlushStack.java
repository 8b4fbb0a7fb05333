package dev.sluice.compute.agent;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.Orphans;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.template.PostgresTemplate;
import dev.sluice.storage.pageserver.Pageserver;
import dev.sluice.storage.pageserver.PageserverListener;
import dev.sluice.storage.pageserver.PageserverSettings;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Safekeepers in processes of their own, a pageserver, an agent, and a timeline on them. */
final class FlushStack implements AutoCloseable {
    private static final String ENDPOINT = "ep-flush";

    final TenantTimelineId timeline = new TenantTimelineId(TenantId.random(), TimelineId.random());
    final List<SafekeeperProcess> safekeepers = new ArrayList<>();
    final PostgresTemplate template;

    /** Where the template's WAL ends and the timeline's begins. */
    final Lsn start;

    private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();
    private final RunDirectory run;
    private final long system;
    private final Pageserver pageserver;
    private final LocalAgent agent;

    FlushStack(Path folder, int count) throws Exception {
        for (int i = 0; i < count; i++) {
            safekeepers.add(new SafekeeperProcess(folder, i + 1));
        }
        run = RunDirectory.open(folder, ComputeUser.current());
        pageserver =
                Pageserver.open(
                        folder.resolve("pageserver"),
                        PageserverSettings.DEFAULT,
                        PageserverListener.NONE);
        agent =
                LocalAgent.open(
                        AgentConfig.of(folder), pageserver, (_, reason) -> ended.add(reason));
        template = PostgresTemplate.obtain(PostgresBinaries.bundled(17), agent.user());
        system = systemIdentifier(template.directory());
        start = pageserver.createTimeline(timeline, template.directory(), system);
        for (SafekeeperProcess safekeeper : safekeepers) {
            safekeeper.client().createTimeline(timeline, system, 17, configuration(), start);
        }
        pageserver.attachWal(timeline, addresses(safekeepers));
    }

    /** The first field of {@code ControlFileData}: the template itself can go on from its WAL. */
    private static long systemIdentifier(Path data) throws IOException {
        byte[] control = Files.readAllBytes(data.resolve("global/pg_control"));
        return ByteBuffer.wrap(control).order(ByteOrder.nativeOrder()).getLong();
    }

    private static List<PartAddress> addresses(List<SafekeeperProcess> of) {
        return of.stream().map(SafekeeperProcess::address).toList();
    }

    int quorum() {
        return safekeepers.size() / 2 + 1;
    }

    private Configuration configuration() {
        return Configuration.first(addresses().keySet());
    }

    private Map<Long, PartAddress> addresses() {
        Map<Long, PartAddress> addresses = new TreeMap<>();
        for (SafekeeperProcess safekeeper : safekeepers) {
            addresses.put(addresses.size() + 1L, safekeeper.address());
        }
        return addresses;
    }

    RunningCompute startCompute(Map<String, String> settings) throws IOException {
        return agent.start(
                new ComputeSpec(
                        ENDPOINT,
                        timeline,
                        17,
                        system,
                        configuration(),
                        SafekeeperDirectory.of(addresses()),
                        settings));
    }

    /** Stops every process of the compute where it stands; nothing of it moves any more. */
    void freezeCompute() throws IOException {
        Set<Long> frozen = new HashSet<>();
        for (boolean found = true; found; ) {
            found = false;
            for (ProcessHandle process : Orphans.find(run.computes())) {
                if (frozen.add(process.pid())) {
                    found = true;
                    new ProcessBuilder("kill", "-STOP", Long.toString(process.pid()))
                            .start()
                            .onExit()
                            .join();
                }
            }
        }
    }

    /** Copies what the frozen compute has in {@code pg_wal}. */
    void copyLocalWal(Path to) throws IOException {
        Path wal = new ComputeDirectory(run, ENDPOINT).data().resolve("pg_wal");
        Files.createDirectories(to);
        try (DirectoryStream<Path> segments = Files.newDirectoryStream(wal, "0000*")) {
            for (Path segment : segments) {
                Files.copy(segment, to.resolve(segment.getFileName()));
            }
        }
    }

    /** {@code kill -9} for every process of the compute; returns when the agent has noticed. */
    void killCompute() throws Exception {
        Orphans.find(run.computes()).forEach(ProcessHandle::destroyForcibly);
        if (ended.poll(60, TimeUnit.SECONDS) == null) {
            throw new IOException("the agent did not notice that Postgres was killed");
        }
    }

    @Override
    public void close() throws IOException {
        try (pageserver) {
            agent.close();
        } finally {
            safekeepers.forEach(SafekeeperProcess::close);
            PreparedDirectory.deleteTree(run.sockets());
            PreparedDirectory.deleteTree(run.computes());
        }
    }
}
