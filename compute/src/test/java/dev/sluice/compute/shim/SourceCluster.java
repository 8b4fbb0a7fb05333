package dev.sluice.compute.shim;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.template.PostgresTemplate;
import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A plain Postgres data directory with data in it, stopped cleanly and taken apart: its relation
 * files are the page source, and what is left is what computes start from. Made once per major
 * version in a JVM.
 */
final class SourceCluster {
    private static final Pattern RELATION_FILE =
            Pattern.compile("(\\d+)(_fsm|_vm|_init)?(?:\\.(\\d+))?");
    private static final Map<Integer, SourceCluster> MADE = new ConcurrentHashMap<>();

    /** What the tests find in database {@code postgres}; {@code other} has its own small table. */
    private static final List<String> LOAD =
            List.of(
                    "create table branches(bid int primary key, bbalance int not null)",
                    "create table tellers(tid int primary key, bid int, tbalance int not null)",
                    "create table accounts(aid int primary key, bid int, abalance int not null,"
                            + " filler char(84))",
                    "create table history(tid int, bid int, aid int, delta int)",
                    "insert into branches select i, 0 from generate_series(1, 4) i",
                    "insert into tellers select i, i % 4 + 1, 0 from generate_series(1, 40) i",
                    "insert into accounts select i, i % 4 + 1, 0, 'x'"
                            + " from generate_series(1, 60000) i",
                    "create table words(id int, word text, tags int[], box box)",
                    "insert into words select i, md5(i::text), array[i % 10, i % 7],"
                            + " box(point(i, i), point(i + 1, i + 2))"
                            + " from generate_series(1, 20000) i",
                    "create index on words using hash(word)",
                    "create index on words using gin(tags)",
                    "create index on words using gist(box)",
                    "create index on words using brin(id)",
                    "create table large(id int, body text)",
                    "alter table large alter body set storage external",
                    "insert into large select i, repeat(md5(i::text), 3000)"
                            + " from generate_series(1, 40) i",
                    "create unlogged table fleeting as"
                            + " select i from generate_series(1, 5000) i",
                    "create table emptied(i int)",
                    "create sequence counted",
                    "select setval('counted', 4711)",
                    "create table big(id int, note text)",
                    "insert into big select i, 'note ' || i from generate_series(1, 100) i",
                    "create database other");

    private final PostgresBinaries binaries;
    private final Path root;
    private final Map<String, String> checksums = new TreeMap<>();
    private final List<RelationFork> relations = new ArrayList<>();

    /** {@code tablespace/database/relation} of table {@code big}, whose file is made over 1 GiB. */
    private String bigPath = "";

    private SourceCluster(PostgresBinaries binaries, Path root) {
        this.binaries = binaries;
        this.root = root;
    }

    static synchronized SourceCluster of(int major) throws Exception {
        SourceCluster made = MADE.get(major);
        if (made == null) {
            Path root = temporaryDirectory();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(root)));
            made = new SourceCluster(PostgresBinaries.bundled(major), root);
            made.make();
            MADE.put(major, made);
        }
        return made;
    }

    /** In /tmp, with a short name, and open to the user that Postgres runs as. */
    static Path temporaryDirectory() throws IOException {
        Path directory = Files.createTempDirectory(Path.of("/tmp"), "sluice-shim");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        return directory;
    }

    static void delete(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : (Iterable<Path>) paths.sorted(Comparator.reverseOrder())::iterator) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    PostgresBinaries binaries() {
        return binaries;
    }

    List<RelationFork> relations() {
        return relations;
    }

    /** What {@link Checks#checksums} found in database {@code postgres} when it was loaded. */
    Map<String, String> checksums() {
        return checksums;
    }

    private Path pages() {
        return root.resolve("pages");
    }

    private void make() throws Exception {
        ComputeUser user = ComputeUser.current();
        Path data = root.resolve("data");
        copy(PostgresTemplate.obtain(binaries, user).directory(), data);
        Files.writeString(data.resolve("pg_hba.conf"), "host all all 127.0.0.1/32 trust\n");
        user.ownAll(data);
        try (PostgresProcess postgres =
                PostgresProcess.start(
                        binaries, data, Map.of(), List.of("fsync=off", "autovacuum=off"))) {
            load(postgres);
            postgres.stop();
        }
        user.disownAll(data);
        makeBig(data.resolve(bigPath));
        takeApart(data);
    }

    private void load(PostgresProcess postgres) throws Exception {
        try (Connection connection = postgres.connect("postgres");
                Statement statement = connection.createStatement()) {
            for (String sql : LOAD) {
                statement.execute(sql);
            }
            statement.execute("vacuum analyze");
            bigPath = Checks.text(connection, "select pg_relation_filepath('big')");
            checksums.putAll(Checks.checksums(connection));
        }
        try (Connection connection = postgres.connect("other");
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "create table kept as"
                            + " select i, md5(i::text) as m from generate_series(1, 3000) i");
            statement.execute("create index on kept(m)");
        }
    }

    /** Makes the file of one page a segment of 1 GiB (a hole) and a second one of three pages. */
    private static void makeBig(Path file) throws IOException {
        byte[] page = new byte[ShimServer.BLOCK_BYTES];
        try (FileChannel first =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            first.read(ByteBuffer.wrap(page), 0);
            long last = ShimFile.SEGMENT_BLOCKS * (long) ShimServer.BLOCK_BYTES - 1;
            first.write(ByteBuffer.wrap(new byte[1]), last);
        }
        ByteBuffer three = ByteBuffer.allocate(3 * page.length).put(page).put(page).put(page);
        Files.write(file.resolveSibling(file.getFileName() + ".1"), three.array());
    }

    /**
     * Moves relation files to {@link #pages} and notes their sizes; free space maps are dropped.
     */
    private void takeApart(Path data) throws IOException {
        Map<RelationFork, Integer> sizes =
                new TreeMap<>(
                        Comparator.comparing(RelationFork::relation)
                                .thenComparing(RelationFork::fork));
        List<Path> directories = new ArrayList<>(List.of(data.resolve("global")));
        try (Stream<Path> databases = Files.list(data.resolve("base"))) {
            databases.forEach(directories::add);
        }
        for (Path directory : directories) {
            Path target = pages().resolve(data.relativize(directory));
            Files.createDirectories(target);
            List<Path> files;
            try (Stream<Path> listed = Files.list(directory)) {
                files = listed.toList();
            }
            for (Path file : files) {
                Matcher name = RELATION_FILE.matcher(file.getFileName().toString());
                if (!name.matches()) {
                    continue;
                }
                Path moved = target.resolve(file.getFileName());
                Files.move(file, moved, StandardCopyOption.ATOMIC_MOVE);
                if (!"_fsm".equals(name.group(2))) {
                    RelationFork fork = fork(directory, name);
                    int blocks = Math.toIntExact(Files.size(moved) / ShimServer.BLOCK_BYTES);
                    sizes.merge(fork, blocks, Integer::sum);
                }
            }
        }
        sizes.forEach((fork, blocks) ->
                relations.add(new RelationFork(fork.relation(), fork.fork(), blocks)));
    }

    private static RelationFork fork(Path directory, Matcher name) {
        String last = directory.getFileName().toString();
        boolean shared = last.equals("global");
        int relation = Integer.parseUnsignedInt(name.group(1));
        RelFileLocator locator =
                new RelFileLocator(
                        shared
                                ? RelFileLocator.GLOBAL_TABLESPACE
                                : RelFileLocator.DEFAULT_TABLESPACE,
                        shared ? 0 : Integer.parseUnsignedInt(last),
                        relation);
        Fork fork =
                name.group(2) == null
                        ? Fork.MAIN
                        : name.group(2).equals("_vm") ? Fork.VISIBILITY_MAP : Fork.INIT;
        return new RelationFork(locator, fork, 0);
    }

    /** A fresh copy of everything but relation files. */
    void copyRest(Path target) throws IOException {
        copy(root.resolve("data"), target);
    }

    /** Reads from the files that were taken out. */
    void read(RelFileLocator relation, Fork fork, int firstBlock, int count, ByteBuffer into)
            throws IOException {
        for (int block = firstBlock; block < firstBlock + count; block++) {
            int segment = block / ShimFile.SEGMENT_BLOCKS;
            String name =
                    Integer.toUnsignedString(relation.relation())
                            + fork.suffix()
                            + (segment == 0 ? "" : "." + segment);
            Path directory =
                    relation.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                            ? pages().resolve("global")
                            : pages().resolve(
                                            "base/"
                                                    + Integer.toUnsignedString(
                                                            relation.database()));
            try (FileChannel file = FileChannel.open(directory.resolve(name))) {
                long at = (long) (block % ShimFile.SEGMENT_BLOCKS) * ShimServer.BLOCK_BYTES;
                ByteBuffer page = into.slice(into.position(), ShimServer.BLOCK_BYTES);
                if (file.read(page, at) != ShimServer.BLOCK_BYTES) {
                    throw new IOException(name + " has no block " + block);
                }
                into.position(into.position() + ShimServer.BLOCK_BYTES);
            }
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
}
