package dev.sluice.storage.postgres.v17.redo;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.oracle.RedoListener;
import dev.sluice.storage.oracle.RedoOracle;
import dev.sluice.storage.oracle.RedoReport;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.PageRedo;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.walservice.wal.ThrowawayPostgres;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a Postgres did: its pages before, the WAL it wrote, its pages after, all of a cleanly
 * stopped cluster.
 */
final class RecordedCluster implements AutoCloseable {
    private static final Pattern RELATION_FILE =
            Pattern.compile("(\\d+)(?:_(fsm|vm|init))?(?:\\.(\\d+))?");
    private static final int BLOCKS_PER_SEGMENT = 131072;
    private static final int DEFAULT_TABLESPACE = 1663;
    private static final int GLOBAL_TABLESPACE = 1664;
    private static final int CHECKPOINT_AT = 32;

    private final ThrowawayPostgres postgres;
    private final Path directory;
    private final Lsn start;
    private final Lsn end;

    interface Workload {
        void run(ThrowawayPostgres postgres) throws Exception;
    }

    interface RecordConsumer {
        void accept(WalRecord record) throws IOException;
    }

    private RecordedCluster(ThrowawayPostgres postgres, Path directory, Lsn start, Lsn end) {
        this.postgres = postgres;
        this.directory = directory;
        this.start = start;
        this.end = end;
    }

    /** Runs a workload on a new cluster, between two clean shutdowns. */
    static RecordedCluster record(List<String> settings, Workload workload) throws Exception {
        ThrowawayPostgres postgres = new ThrowawayPostgres(settings.toArray(String[]::new));
        Path directory = Files.createTempDirectory("sluice-oracle-base");
        try {
            postgres.stop();
            LaterStart.of(postgres.data());
            ThrowawayPostgres.copy(postgres.data(), base(directory));
            Lsn start = checkpoint(postgres.data());
            postgres.start();
            workload.run(postgres);
            postgres.stop();
            return new RecordedCluster(postgres, directory, start, checkpoint(postgres.data()));
        } catch (Exception e) {
            postgres.close();
            delete(directory);
            throw e;
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** The data directory as it was when the WAL begins. */
    Path base() {
        return base(directory);
    }

    private static Path base(Path directory) {
        return directory.resolve("data");
    }

    /** The data directory when the WAL ends. */
    Path data() {
        return postgres.data();
    }

    Path wal() {
        return postgres.wal();
    }

    RedoReport redo(PageRedo redo) throws IOException {
        return RedoOracle.run(base(), wal(), redo);
    }

    /** An oracle to look into after its run; the caller closes it. */
    RedoOracle oracle() throws IOException {
        Path scratch = Path.of(System.getProperty("java.io.tmpdir"));
        return new RedoOracle(base(), wal(), scratch, PostgresMajor::redo, RedoListener.NONE);
    }

    /** The pages in the data directory when the WAL ends. */
    Map<Key, byte[]> after() throws IOException {
        return pages(postgres.data());
    }

    /**
     * The pages that Postgres's own recovery makes of the base and the WAL: nobody was connected,
     * so there are no hints in them but those that came with the WAL.
     */
    Map<Key, byte[]> recovered() throws IOException, InterruptedException {
        Path work = Files.createTempDirectory("sluice-recovery");
        try {
            Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxr-xr-x"));
            Path recovered = work.resolve("data");
            ThrowawayPostgres.copy(base(), recovered);
            Path wal = Files.createDirectory(work.resolve("wal"));
            PlainWal.write(this, wal);
            postgres.recover(recovered, wal, end);
            return pages(recovered);
        } finally {
            delete(work);
        }
    }

    /** Relations of which WAL has only the init fork. */
    Set<RelFileLocator> unlogged() throws IOException {
        Set<RelFileLocator> unlogged = new HashSet<>();
        forEachFile(
                postgres.data(),
                (file, relation, fork, segment) -> {
                    if (fork == Fork.INIT) {
                        unlogged.add(relation);
                    }
                });
        return unlogged;
    }

    /** Every record from the first shutdown checkpoint to the last. */
    void replay(RecordConsumer consumer) throws IOException {
        WalDecoder decoder = new WalDecoder(start);
        for (long segment = WalSegments.segmentOf(start); ; segment++) {
            byte[] bytes =
                    Files.readAllBytes(postgres.wal().resolve(WalSegments.fileName(segment)));
            ByteBuffer piece = ByteBuffer.wrap(bytes);
            if (segment == WalSegments.segmentOf(start)) {
                piece.position(WalSegments.segmentOffset(start));
            }
            decoder.feed(piece);
            for (WalRecord record; (record = decoder.next()) != null; ) {
                consumer.accept(record);
                if (record.start().equals(end)) {
                    return;
                }
            }
        }
    }

    private static Lsn checkpoint(Path data) throws IOException {
        byte[] control = Files.readAllBytes(data.resolve("global/pg_control"));
        return new Lsn(LittleEndian.i64(control, CHECKPOINT_AT));
    }

    private interface FileConsumer {
        void accept(Path file, RelFileLocator relation, Fork fork, int segment) throws IOException;
    }

    private static Map<Key, byte[]> pages(Path data) throws IOException {
        Map<Key, byte[]> pages = new HashMap<>();
        forEachFile(
                data,
                (file, relation, fork, segment) -> {
                    byte[] bytes = Files.readAllBytes(file);
                    for (int at = 0; at + Page.SIZE <= bytes.length; at += Page.SIZE) {
                        int block = segment * BLOCKS_PER_SEGMENT + at / Page.SIZE;
                        pages.put(
                                Key.relationBlock(relation, fork, block),
                                Arrays.copyOfRange(bytes, at, at + Page.SIZE));
                    }
                });
        return pages;
    }

    private static void forEachFile(Path data, FileConsumer consumer) throws IOException {
        forEachFile(data.resolve("global"), GLOBAL_TABLESPACE, 0, consumer);
        try (Stream<Path> databases = Files.list(data.resolve("base"))) {
            for (Path database : databases.toList()) {
                String name = database.getFileName().toString();
                if (name.matches("\\d+")) {
                    int oid = Integer.parseUnsignedInt(name);
                    forEachFile(database, DEFAULT_TABLESPACE, oid, consumer);
                }
            }
        }
    }

    private static void forEachFile(
            Path directory, int tablespace, int database, FileConsumer consumer)
            throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Matcher name = RELATION_FILE.matcher(file.getFileName().toString());
                if (name.matches()) {
                    int relation = Integer.parseUnsignedInt(name.group(1));
                    consumer.accept(
                            file,
                            new RelFileLocator(tablespace, database, relation),
                            fork(name.group(2)),
                            name.group(3) == null ? 0 : Integer.parseInt(name.group(3)));
                }
            }
        }
    }

    private static Fork fork(String suffix) {
        return switch (suffix) {
            case "fsm" -> Fork.FSM;
            case "vm" -> Fork.VISIBILITY_MAP;
            case "init" -> Fork.INIT;
            case null -> Fork.MAIN;
            default -> throw new IllegalArgumentException(suffix);
        };
    }

    @Override
    public void close() throws IOException {
        try {
            postgres.close();
        } finally {
            delete(directory);
        }
    }
}
