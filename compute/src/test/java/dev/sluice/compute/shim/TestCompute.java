package dev.sluice.compute.shim;

import dev.sluice.compute.process.ComputeUser;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/** A Postgres with the shim, on a data directory that has no relation files at first. */
final class TestCompute implements AutoCloseable {
    private static final int WAL_SEGMENT_BYTES = 16 << 20;

    /** Decides which reads fail. */
    final AtomicReference<Predicate<RelFileLocator>> broken =
            new AtomicReference<>(relation -> false);

    /** Called before each read of pages. */
    final AtomicReference<PageSource> before =
            new AtomicReference<>((relation, fork, first, count, into) -> {});

    /** What a WAL flush does. */
    final AtomicReference<BlockingFlush> wal = new AtomicReference<>(lsn -> {});

    private final SourceCluster source;
    private final Path root;
    private final ShimFile file;
    private final PartLoop loop;
    private final ShimServer server;
    private final PartAddress.Unix socket;
    private PostgresProcess postgres;

    TestCompute(SourceCluster source, String... settings) throws Exception {
        this.source = source;
        this.root = SourceCluster.temporaryDirectory();
        source.copyRest(data());
        this.file =
                ShimFile.create(root.resolve("sluice.shim"), WAL_SEGMENT_BYTES, source.relations());
        ComputeUser user = ComputeUser.current();
        user.ownAll(root);
        this.socket = new PartAddress.Unix(root.resolve("agent"));
        this.loop = PartLoop.start("shim");
        this.server =
                ShimServer.start(
                        socket,
                        file,
                        this::read,
                        BlockingFlush.waiting(lsn -> wal.get().flush(lsn)),
                        loop);
        this.postgres = run(settings);
    }

    private void read(RelFileLocator relation, Fork fork, int first, int count, ByteBuffer into)
            throws IOException {
        if (broken.get().test(relation)) {
            throw new IOException("this page source is broken on purpose");
        }
        before.get().read(relation, fork, first, count, into);
        source.read(relation, fork, first, count, into);
    }

    private PostgresProcess run(String... settings) throws Exception {
        Path library = ShimLibrary.extract(root);
        PostgresProcess started =
                PostgresProcess.start(
                        source.binaries(),
                        data(),
                        ShimLibrary.environment(library, data(), socket, file.path()),
                        List.of(settings));
        if (file.attachedProcess() != started.pid()) {
            started.close();
            throw new AssertionError("Postgres runs without the shim: " + started.log());
        }
        return started;
    }

    /** Stops cleanly and starts again on the same directory. */
    void restart(String... settings) throws Exception {
        postgres.stop();
        postgres = run(settings);
    }

    PostgresProcess postgres() {
        return postgres;
    }

    Connection connect() throws SQLException {
        return postgres.connect("postgres");
    }

    Connection connect(String database) throws SQLException {
        return postgres.connect(database);
    }

    ShimFile file() {
        return file;
    }

    ShimServer server() {
        return server;
    }

    Path data() {
        return root.resolve("data");
    }

    boolean existsLocally(String path) {
        return Files.exists(data().resolve(path));
    }

    Lsn writtenUpTo() {
        return file.writtenUpTo();
    }

    @Override
    public void close() throws IOException {
        try (loop;
                server) {
            postgres.close();
        } finally {
            SourceCluster.delete(root);
        }
    }
}
