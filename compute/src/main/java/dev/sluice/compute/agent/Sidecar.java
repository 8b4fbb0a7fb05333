package dev.sluice.compute.agent;

import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a compute has that WAL does not carry and that is good to have again: statistics and free
 * space maps. They are as of a clean shutdown, so they belong to one LSN; at any other they are
 * left out, which costs an autovacuum and some extended relations, never an answer. The content of
 * a {@link CheckedFile}:
 *
 * <pre>
 *   i64 shutdown LSN   i32 files   and for each:   UTF path   i32 bytes   content
 * </pre>
 */
record Sidecar(Lsn shutdown, List<Content> files) {
    private static final int MAGIC = 0x534C5353; // "SLSS"
    private static final int MAX_BYTES = 16 << 20;
    private static final int MAX_FILES = 10_000;

    private static final Pattern STATISTICS = Pattern.compile("pg_stat/[a-z_]+\\.stat");
    private static final Pattern FREE_SPACE =
            Pattern.compile("(?:base/(\\d{1,10})|global)/(\\d{1,10})_fsm");

    /** A file by its path in the data directory. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Content(String path, byte[] bytes) {}

    Sidecar {
        files = List.copyOf(files);
    }

    /** A file that could be taken. */
    private record Found(String path, Path file, long size) {}

    /**
     * Takes what a cleanly stopped data directory has: statistics first, then free space maps,
     * small ones first, up to 16 MiB.
     */
    static Sidecar collect(Path data, Lsn shutdown) throws IOException {
        List<Found> found = find(data);
        found.sort(Comparator.comparing(Sidecar::isFreeSpace).thenComparingLong(Found::size));
        List<Content> files = new ArrayList<>();
        long left = MAX_BYTES;
        for (Found candidate : found) {
            left -= candidate.size;
            if (left < 0 || files.size() == MAX_FILES) {
                break;
            }
            files.add(new Content(candidate.path, Files.readAllBytes(candidate.file)));
        }
        return new Sidecar(shutdown, files);
    }

    private static boolean isFreeSpace(Found found) {
        return FREE_SPACE.matcher(found.path).matches();
    }

    /** Regular files only: whoever owns the database could have put links there. */
    private static List<Found> find(Path data) throws IOException {
        List<Found> found = new ArrayList<>();
        Path real = data.toRealPath();
        try (Stream<Path> paths = Files.walk(real, 3)) {
            for (Path file : (Iterable<Path>) paths::iterator) {
                String path = real.relativize(file).toString();
                if ((STATISTICS.matcher(path).matches() || FREE_SPACE.matcher(path).matches())
                        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    found.add(new Found(path, file, Files.size(file)));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        return found;
    }

    /**
     * Those of the files that belong into a fresh data directory with these relations: free space
     * maps only of relations that are there and did not begin anew as unlogged ones do.
     */
    List<Content> filesFor(List<RelationFork> relations) {
        Set<RelFileLocator> known = new HashSet<>();
        for (RelationFork fork : relations) {
            if (fork.fork() == Fork.MAIN) {
                known.add(fork.relation());
            }
        }
        for (RelationFork fork : relations) {
            if (fork.fork() == Fork.INIT) {
                known.remove(fork.relation());
            }
        }
        return files.stream().filter(content -> belongs(content.path, known)).toList();
    }

    private static boolean belongs(String path, Set<RelFileLocator> known) {
        Matcher freeSpace = FREE_SPACE.matcher(path);
        if (!freeSpace.matches()) {
            return STATISTICS.matcher(path).matches();
        }
        String database = freeSpace.group(1);
        int relation = Integer.parseUnsignedInt(freeSpace.group(2));
        return known.contains(
                database == null
                        ? new RelFileLocator(RelFileLocator.GLOBAL_TABLESPACE, 0, relation)
                        : new RelFileLocator(
                                RelFileLocator.DEFAULT_TABLESPACE,
                                Integer.parseUnsignedInt(database),
                                relation));
    }

    void write(Path file) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(content);
        out.writeLong(shutdown.value());
        out.writeInt(files.size());
        for (Content entry : files) {
            out.writeUTF(entry.path);
            out.writeInt(entry.bytes.length);
            out.write(entry.bytes);
        }
        Files.createDirectories(file.resolve("..").normalize());
        CheckedFile.write(file, MAGIC, content.toByteArray());
    }

    /**
     * @return empty if there is none
     * @throws IOException if it is damaged
     */
    static Optional<Sidecar> read(Path file) throws IOException {
        Optional<byte[]> content = CheckedFile.read(file, MAGIC);
        if (content.isEmpty()) {
            return Optional.empty();
        }
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(content.get()));
        Lsn shutdown = new Lsn(in.readLong());
        int count = in.readInt();
        List<Content> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String path = in.readUTF();
            int length = in.readInt();
            if (length < 0 || length > in.available()) {
                throw new IOException(
                        file + " is damaged: " + path + " has no " + length + " bytes");
            }
            files.add(new Content(path, in.readNBytes(length)));
        }
        return Optional.of(new Sidecar(shutdown, files));
    }
}
