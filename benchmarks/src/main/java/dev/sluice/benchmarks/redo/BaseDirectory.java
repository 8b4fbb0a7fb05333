package dev.sluice.benchmarks.redo;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.v17.Postgres17;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A data directory's files, read by key when they are asked for, as recovery reads them. */
final class BaseDirectory implements Closeable {
    private static final int BLOCKS_PER_SEGMENT = 131072;
    private static final Pattern RELATION_FILE = Pattern.compile("(\\d+)(?:_(vm|init))?");

    interface KeyVisitor {
        void visit(Key key, byte[] bytes) throws IOException;
    }

    private final Path directory;
    private final ControlFile control;
    private final Map<Path, @Nullable FileChannel> files = new HashMap<>();

    BaseDirectory(Path directory) throws IOException {
        this.directory = directory;
        this.control =
                Postgres17.INSTANCE.controlFile(
                        Files.readAllBytes(directory.resolve("global/pg_control")));
    }

    ControlFile control() {
        return control;
    }

    /** Reads the page under a block's key; false, and nothing read, if the directory has none. */
    boolean readPage(Key key, byte[] page) throws IOException {
        boolean slru = key.kind() == Key.SLRU_BLOCK;
        int perFile = slru ? Slru.BLOCKS_PER_SEGMENT : BLOCKS_PER_SEGMENT;
        int segment = Integer.divideUnsigned(key.block(), perFile);
        FileChannel file = open(slru ? slruFile(key, segment) : relationFile(key, segment));
        long position = (long) Integer.remainderUnsigned(key.block(), perFile) * Page.SIZE;
        if (file == null || position >= file.size()) {
            return false;
        }
        ByteBuffer into = ByteBuffer.wrap(page);
        while (into.hasRemaining()) {
            if (file.read(into, position + into.position()) < 0) {
                throw new IOException(key + ": its file ends in the middle of the page");
            }
        }
        return true;
    }

    /** What a key that is no block's holds; null if nothing. */
    byte @Nullable [] other(Key key) throws IOException {
        return switch (key.kind()) {
            case Key.CONTROL_FILE -> control.bytes();
            case Key.CHECKPOINT -> control.checkPoint().bytes();
            case Key.RELATION_SIZE -> count(relationBlocks(key));
            case Key.SLRU_SEGMENT -> count(blocks(slruFile(key, key.block())));
            default -> null;
        };
    }

    private static byte @Nullable [] count(int blocks) {
        return blocks < 0 ? null : BlockCount.image(blocks).bytes();
    }

    /** -1 if the fork does not exist. */
    private int relationBlocks(Key key) throws IOException {
        int total = -1;
        for (int segment = 0; ; segment++) {
            int blocks = blocks(relationFile(key, segment));
            if (blocks < 0) {
                return total;
            }
            total = Math.max(0, total) + blocks;
        }
    }

    private int blocks(Path path) throws IOException {
        FileChannel file = open(path);
        return file == null ? -1 : (int) (file.size() / Page.SIZE);
    }

    private @Nullable FileChannel open(Path path) throws IOException {
        if (!files.containsKey(path)) {
            boolean exists = Files.exists(path);
            files.put(path, exists ? FileChannel.open(path, StandardOpenOption.READ) : null);
        }
        return files.get(path);
    }

    /** Everything that ingest and redo may ask for: pages, sizes, control file and checkpoint. */
    void visit(KeyVisitor visitor) throws IOException {
        visitor.visit(Key.OF_CONTROL_FILE, control.bytes());
        visitor.visit(Key.OF_CHECKPOINT, control.checkPoint().bytes());
        visitDatabase("global", RelFileLocator.GLOBAL_TABLESPACE, 0, visitor);
        for (String database : names("base")) {
            if (database.equals("pgsql_tmp")) {
                continue;
            }
            int oid = Integer.parseUnsignedInt(database);
            visitDatabase("base/" + database, RelFileLocator.DEFAULT_TABLESPACE, oid, visitor);
        }
        for (Slru slru : Slru.values()) {
            for (String name : names(slru.directory())) {
                int segment = Integer.parseInt(name, 16);
                Key size = Key.slruSegment(slru, segment);
                int first = segment * Slru.BLOCKS_PER_SEGMENT;
                int blocks = blocks(slruFile(size, segment));
                visit(size, blocks, block -> Key.slruBlock(slru, first + block), visitor);
            }
        }
    }

    private void visitDatabase(String folder, int tablespace, int database, KeyVisitor visitor)
            throws IOException {
        for (String name : names(folder)) {
            Matcher file = RELATION_FILE.matcher(name);
            if (file.matches()) {
                Fork fork =
                        switch (file.group(2)) {
                            case "vm" -> Fork.VISIBILITY_MAP;
                            case "init" -> Fork.INIT;
                            case null, default -> Fork.MAIN;
                        };
                RelFileLocator relation =
                        new RelFileLocator(
                                tablespace, database, Integer.parseUnsignedInt(file.group(1)));
                Key size = Key.relationSize(relation, fork);
                visit(
                        size,
                        relationBlocks(size),
                        block -> Key.relationBlock(relation, fork, block),
                        visitor);
            }
        }
    }

    private void visit(Key size, int blocks, IntFunction<Key> keyOf, KeyVisitor visitor)
            throws IOException {
        visitor.visit(size, BlockCount.image(blocks).bytes());
        for (int block = 0; block < blocks; block++) {
            byte[] page = new byte[Page.SIZE];
            readPage(keyOf.apply(block), page);
            visitor.visit(keyOf.apply(block), page);
        }
    }

    private List<String> names(String folder) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(folder))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private Path relationFile(Key key, int segment) {
        String folder =
                key.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                        ? "global"
                        : "base/" + Integer.toUnsignedString(key.database());
        String name =
                Integer.toUnsignedString(key.relation())
                        + Fork.ofNumber(key.fork()).suffix()
                        + (segment == 0 ? "" : "." + segment);
        return directory.resolve(folder).resolve(name);
    }

    private Path slruFile(Key key, int segment) {
        return directory
                .resolve(Slru.ofNumber(key.relation()).directory())
                .resolve(String.format("%04X", segment));
    }

    @Override
    public void close() throws IOException {
        for (FileChannel file : files.values()) {
            if (file != null) {
                file.close();
            }
        }
    }
}
