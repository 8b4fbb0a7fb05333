package dev.sluice.compute.agent;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.template.PostgresTemplate;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.pageserver.Pageserver;
import dev.sluice.storage.pageserver.PageserverListener;
import dev.sluice.storage.pageserver.PageserverSettings;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.safekeeper.Safekeeper;
import dev.sluice.walservice.safekeeper.SafekeeperConfig;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** An agent with a real pageserver and a real safekeeper, and one timeline on them. */
final class TestStack implements AutoCloseable {
    static final long SYSTEM = 0x5_1234_5678L;
    private static final Configuration ALONE = Configuration.first(List.of(1L));

    final TenantTimelineId timeline = new TenantTimelineId(TenantId.random(), TimelineId.random());
    final BlockingQueue<String> ended = new LinkedBlockingQueue<>();
    final Path folder;
    final Safekeeper safekeeper;
    final Pageserver pageserver;
    AgentConfig config;
    LocalAgent agent;

    TestStack(Path folder) throws Exception {
        this.folder = folder;
        this.safekeeper =
                Safekeeper.start(
                        new SafekeeperConfig(
                                1,
                                folder.resolve("safekeeper"),
                                new PartAddress.Tcp("127.0.0.1", 0)));
        this.pageserver =
                Pageserver.open(
                        folder.resolve("pageserver"),
                        PageserverSettings.DEFAULT,
                        PageserverListener.NONE);
        this.config = AgentConfig.of(folder);
        this.agent = open(pageserver);
        PostgresTemplate template =
                PostgresTemplate.obtain(PostgresBinaries.bundled(17), agent.user());
        Lsn start = pageserver.createTimeline(timeline, template.directory(), SYSTEM);
        new SafekeeperClient(safekeeper.address())
                .createTimeline(timeline, SYSTEM, 17, ALONE, start);
        pageserver.attachWal(timeline, List.of(safekeeper.address()));
    }

    private LocalAgent open(PageService pages) throws Exception {
        return LocalAgent.open(
                config,
                pages,
                (compute, reason) -> ended.add(compute.spec().endpoint() + " " + reason));
    }

    /** Another agent takes over, as after the end of the process of the first. */
    void reopenAgent(AgentConfig changed) throws Exception {
        reopenAgent(changed, pageserver);
    }

    /**
     * @param pages how it reaches the pageserver
     */
    void reopenAgent(AgentConfig changed, PageService pages) throws Exception {
        config = changed;
        agent = open(pages);
    }

    ComputeSpec spec(Map<String, String> settings) {
        return new ComputeSpec(
                "ep-main",
                timeline,
                17,
                SYSTEM,
                ALONE,
                SafekeeperDirectory.of(Map.of(1L, safekeeper.address())),
                settings);
    }

    RunningCompute start() throws Exception {
        return agent.start(spec(Map.of()));
    }

    static Connection connect(RunningCompute compute) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", PostgresTemplate.SUPERUSER);
        properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
        properties.setProperty("socketFactoryArg", compute.socket().toString());
        properties.setProperty("sslmode", "disable");
        return DriverManager.getConnection("jdbc:postgresql://localhost/postgres", properties);
    }

    static void execute(RunningCompute compute, String... statements) throws SQLException {
        try (Connection connection = connect(compute);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    static String query(RunningCompute compute, String sql) throws SQLException {
        try (Connection connection = connect(compute);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Override
    public void close() throws IOException {
        try (safekeeper;
                pageserver) {
            agent.close();
        } finally {
            RunDirectory run = RunDirectory.open(folder, ComputeUser.current());
            PreparedDirectory.deleteTree(run.sockets());
            PreparedDirectory.deleteTree(run.computes());
            Files.deleteIfExists(run.computes());
        }
    }
}
