package dev.sluice.compute.agent;

import dev.sluice.compute.binaries.PreparedDirectory;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.template.PostgresTemplate;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A plain Postgres, with nothing of ours in it, recovered from a template and what one safekeeper
 * holds.
 */
final class RecoveredPostgres implements AutoCloseable {
    private final Path root = Files.createTempDirectory(Path.of("/tmp"), "sluice-recovered");
    private final PostgresProcess postgres;

    RecoveredPostgres(
            PostgresTemplate template,
            SafekeeperClient safekeeper,
            TenantTimelineId timeline,
            Lsn start,
            Lsn end)
            throws IOException {
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx--x--x"));
        try {
            Path data = root.resolve("data");
            copy(template.directory(), data);
            for (Lsn at = start; at.isBefore(end); ) {
                Lsn to = Lsn.min(end, WalSegments.segmentStart(at).plus(WalSegments.SIZE));
                write(data, at, safekeeper.read(timeline, at, to));
                at = to;
            }
            // The template was shut down: without this, Postgres would not look at WAL at all.
            Files.createFile(data.resolve("recovery.signal"));
            Files.writeString(data.resolve("pg_hba.conf"), "local all all trust\n");
            Files.createDirectory(root.resolve("socket"));
            postgres = start(template, data);
        } catch (IOException | RuntimeException e) {
            PreparedDirectory.deleteTree(root);
            throw e;
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Files.copy(
                        path,
                        to.resolve(from.relativize(path)),
                        StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    private static void write(Path data, Lsn at, byte[] wal) throws IOException {
        Path segment =
                data.resolve("pg_wal").resolve(WalSegments.fileName(WalSegments.segmentOf(at)));
        try (FileChannel file =
                FileChannel.open(segment, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            // What the template has in this segment past its end is none of the timeline's.
            file.truncate(WalSegments.segmentOffset(at));
            file.write(ByteBuffer.wrap(wal), WalSegments.segmentOffset(at));
            if (file.size() < WalSegments.SIZE) {
                file.write(ByteBuffer.allocate(1), WalSegments.SIZE - 1);
            }
        }
    }

    private PostgresProcess start(PostgresTemplate template, Path data) throws IOException {
        ComputeUser user = ComputeUser.current();
        if (user.isOther()) {
            user.ownAll(data);
            user.ownAll(root.resolve("socket"));
        }
        List<String> command =
                List.of(
                        template.binaries().path("postgres").toString(),
                        "-D",
                        data.toString(),
                        "-clisten_addresses=",
                        "-cunix_socket_directories=" + root.resolve("socket"),
                        "-crestore_command=false",
                        "-chot_standby=off",
                        "-cmax_prepared_transactions=64",
                        "-cfsync=off");
        PostgresProcess started =
                PostgresProcess.start(
                        user.command(command),
                        Map.of("LC_ALL", "C.UTF-8", "PATH", "/usr/bin:/bin"),
                        data,
                        root.resolve("log"));
        try {
            started.awaitReady(Duration.ofSeconds(60));
            return started;
        } catch (IOException e) {
            started.kill();
            throw e;
        }
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(
                "jdbc:postgresql://localhost/postgres?user=%s&sslmode=disable&socketFactory=%s&socketFactoryArg=%s"
                        .formatted(
                                PostgresTemplate.SUPERUSER,
                                UnixSocketFactory.class.getName(),
                                root.resolve("socket/.s.PGSQL.5432")));
    }

    @Override
    public void close() throws IOException {
        postgres.kill();
        PreparedDirectory.deleteTree(root);
    }
}
