package dev.sluice.storage.template;

import dev.sluice.storage.key.BlockCount;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.OriginProgress;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.ReplicationOriginFile;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Imports a data directory that {@code initdb} made, or any that was stopped cleanly and has no
 * tablespaces: everything that a timeline holds, as images at the LSN where its WAL ends. Free
 * space maps are left out.
 */
public final class TemplateImport {
    private static final String CONTROL_FILE = "global/pg_control";

    private final Path directory;
    private final PostgresMajor major;
    private final KeySink sink;

    private TemplateImport(Path directory, PostgresMajor major, KeySink sink) {
        this.directory = directory;
        this.major = major;
        this.sink = sink;
    }

    /**
     * What was imported.
     *
     * @param end the end of the directory's WAL: the LSN of all that was put
     * @param lastRecord where the last record begins, the shutdown checkpoint
     */
    public record Imported(int postgresMajor, Lsn end, Lsn lastRecord) {}

    /**
     * Puts everything, in key order.
     *
     * @param systemIdentifier the new cluster's, written into its control file
     * @throws IOException if the directory is no cleanly stopped cluster of a supported major, has
     *     tablespaces or data checksums, or holds a file that nothing is known about or that is
     *     damaged; the message names it
     */
    public static Imported importInto(Path directory, long systemIdentifier, KeySink sink)
            throws IOException {
        PostgresMajor major = major(directory);
        return new TemplateImport(directory, major, sink).importAll(systemIdentifier);
    }

    private static PostgresMajor major(Path directory) throws IOException {
        String version =
                Files.readString(directory.resolve("PG_VERSION"), StandardCharsets.US_ASCII)
                        .strip();
        try {
            return PostgresMajor.of(Integer.parseInt(version));
        } catch (IllegalArgumentException e) {
            throw new IOException(directory + " is of Postgres " + version + ": " + e, e);
        }
    }

    private Imported importAll(long systemIdentifier) throws IOException {
        ControlFile control = controlFile();
        if (!DirectoryContent.names(directory.resolve("pg_tblspc")).isEmpty()) {
            throw new IOException(directory + " cannot be imported: pg_tblspc is not empty");
        }
        WalRecord last = ShutdownRecord.find(directory, control);
        sink.begin(last.end());
        DirectoryContent content = DirectoryContent.of(directory);
        NavigableMap<Key, Integer> sizes = putPages(content);
        for (Map.Entry<Key, Integer> size : sizes.entrySet()) {
            sink.put(size.getKey(), BlockCount.image(size.getValue()));
        }
        putFiles(content.relationMaps());
        putFiles(content.versions());
        putSlrus(content);
        putTwoPhaseStates();
        putOrigins();
        ControlFile own = control.withSystemIdentifier(systemIdentifier);
        sink.put(Key.OF_CONTROL_FILE, new Value.Image(own.bytes()));
        sink.put(Key.OF_CHECKPOINT, new Value.Image(control.checkPoint().bytes()));
        return new Imported(major.number(), last.end(), last.start());
    }

    private ControlFile controlFile() throws IOException {
        Path file = directory.resolve(CONTROL_FILE);
        ControlFile control;
        try {
            control = major.controlFile(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
        if (!control.isShutDown()) {
            throw new IOException(directory + " was not shut down cleanly");
        }
        if (control.hasDataChecksums()) {
            throw new IOException(directory + " has data checksums, which are not supported");
        }
        return control;
    }

    /** Puts the pages of every fork; gives the forks' sizes. */
    private NavigableMap<Key, Integer> putPages(DirectoryContent content) throws IOException {
        NavigableMap<Key, Integer> sizes = new TreeMap<>();
        for (Map.Entry<Key, List<Path>> fork : content.forks().entrySet()) {
            Key size = fork.getKey();
            int blocks = 0;
            for (Path segment : fork.getValue()) {
                blocks =
                        putBlocks(
                                segment,
                                blocks,
                                block ->
                                        new Key(
                                                Key.RELATION_BLOCK,
                                                size.tablespace(),
                                                size.database(),
                                                size.relation(),
                                                size.fork(),
                                                block));
            }
            sizes.put(size, blocks);
        }
        return sizes;
    }

    private void putSlrus(DirectoryContent content) throws IOException {
        NavigableMap<Key, Integer> sizes = new TreeMap<>();
        for (Map.Entry<Key, Path> segment : content.slruSegments().entrySet()) {
            Slru slru = Slru.ofNumber(segment.getKey().relation());
            int first = segment.getKey().block() * Slru.BLOCKS_PER_SEGMENT;
            int end = putBlocks(segment.getValue(), first, block -> Key.slruBlock(slru, block));
            sizes.put(segment.getKey(), end - first);
        }
        for (Map.Entry<Key, Integer> size : sizes.entrySet()) {
            sink.put(size.getKey(), BlockCount.image(size.getValue()));
        }
    }

    private void putTwoPhaseStates() throws IOException {
        Path states = directory.resolve("pg_twophase");
        for (String name : DirectoryContent.names(states)) {
            byte[] state = Files.readAllBytes(states.resolve(name));
            sink.put(major.twoPhaseKey(name, state), new Value.Image(state));
        }
    }

    private void putOrigins() throws IOException {
        Path file = directory.resolve(ReplicationOriginFile.PATH);
        if (Files.exists(file)) {
            byte[] content = Files.readAllBytes(file);
            for (Map.Entry<Integer, OriginProgress> origin :
                    ReplicationOriginFile.parse(content).entrySet()) {
                sink.put(Key.replicationOrigin(origin.getKey()), origin.getValue().image());
            }
        }
    }

    private interface BlockKey {
        Key of(int block);
    }

    /**
     * Puts a file's blocks under the numbers from {@code first} on; gives the number after them.
     */
    private int putBlocks(Path file, int first, BlockKey key) throws IOException {
        int block = first;
        try (InputStream in = Files.newInputStream(file)) {
            while (true) {
                byte[] page = in.readNBytes(Page.SIZE);
                if (page.length == 0) {
                    return block;
                }
                if (page.length < Page.SIZE) {
                    throw new IOException(file + " does not end with a whole block");
                }
                sink.put(key.of(block), new Value.Image(page));
                block++;
            }
        }
    }

    private void putFiles(NavigableMap<Key, Path> files) throws IOException {
        for (Map.Entry<Key, Path> file : files.entrySet()) {
            sink.put(file.getKey(), new Value.Image(Files.readAllBytes(file.getValue())));
        }
    }
}
