package dev.sluice.controlplane.inspect;

import dev.sluice.compute.agent.KeptDirectory;
import dev.sluice.compute.shim.ShimFile;
import dev.sluice.controlplane.project.Computes;
import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.storage.key.Slru;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Compares the data directory that a clean stop left with what the pageserver says for that LSN:
 * law 3, checked on real data.
 *
 * <p>Compared are every local block of every relation and fork, and all of the commit log and the
 * multixact files. Left out, since no WAL carries them: free space maps, temporary relations, and
 * the main forks of unlogged relations (those with an init fork). A local block that the pageserver
 * does not have is no difference if it is still all zeros: Postgres extends relations ahead of
 * need, and logs a page when it is first used.
 */
public final class DirectoryCheck {
    private static final int BLOCK = 8192;
    private static final int BATCH = 64;
    private static final int MAX_DIFFERENCES = 1000;
    private static final Duration INGEST_LIMIT = Duration.ofMinutes(1);

    private record ForkOf(RelFileLocator relation, Fork fork) {}

    private final KeptDirectory kept;
    private final PageService pages;
    private final Lsn at;
    private final ShimFile manifest;
    private final BaseBackup backup;
    private final PostgresMajor major;
    private final Map<ForkOf, Integer> sizes = new HashMap<>();
    private final Set<RelFileLocator> unlogged = new HashSet<>();
    private final Map<ForkOf, Integer> localSizes = new HashMap<>();
    private final Set<RelFileLocator> compared = new HashSet<>();
    private final List<String> differences = new ArrayList<>();
    private long blocks;
    private long slruBlocks;

    private DirectoryCheck(KeptDirectory kept, PageService pages) throws IOException {
        this.kept = kept;
        this.pages = pages;
        this.at = kept.shutdown();
        this.manifest = ShimFile.open(kept.manifest());
        pages.waitForLsn(kept.timeline(), at, INGEST_LIMIT);
        this.backup = pages.baseBackup(kept.timeline(), at);
        this.major = PostgresMajor.of(backup.postgresMajor());
        for (BaseBackup.RelationFork fork : backup.relations()) {
            sizes.put(new ForkOf(fork.relation(), fork.fork()), fork.blocks());
            if (fork.fork() == Fork.INIT) {
                unlogged.add(fork.relation());
            }
        }
    }

    public static Computes.PageCheck run(KeptDirectory kept, PageService pages) throws IOException {
        DirectoryCheck check = new DirectoryCheck(kept, pages);
        check.relations(kept.data().resolve("global"), 0);
        try (DirectoryStream<Path> databases =
                Files.newDirectoryStream(kept.data().resolve("base"))) {
            for (Path database : databases) {
                String name = String.valueOf(database.getFileName());
                if (name.matches("[1-9][0-9]*")) {
                    check.relations(database, Integer.parseUnsignedInt(name));
                }
            }
        }
        check.missing();
        for (Slru slru : List.of(Slru.CLOG, Slru.MULTIXACT_OFFSETS, Slru.MULTIXACT_MEMBERS)) {
            check.slru(slru);
        }
        return new Computes.PageCheck(
                check.at, check.blocks, check.compared.size(), check.slruBlocks, check.differences);
    }

    private void relations(Path directory, int database) throws IOException {
        List<RelationFile> files = new ArrayList<>();
        try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory)) {
            for (Path path : paths) {
                RelationFile.of(path, database).ifPresent(files::add);
            }
        }
        for (RelationFile file : files) {
            if (file.fork() == Fork.INIT) {
                unlogged.add(file.relation());
            }
        }
        for (RelationFile file : files) {
            boolean logged = file.fork() == Fork.INIT || !unlogged.contains(file.relation());
            if (file.fork() != Fork.FSM && logged) {
                relationFile(file);
            }
        }
    }

    private void relationFile(RelationFile file) throws IOException {
        ForkOf fork = new ForkOf(file.relation(), file.fork());
        int first = file.segment() * ShimFile.SEGMENT_BLOCKS;
        int stored = sizes.getOrDefault(fork, -1);
        try (FileChannel channel = FileChannel.open(file.path())) {
            int count = Math.toIntExact(channel.size() / BLOCK);
            localSizes.merge(fork, first + count, Math::max);
            ByteBuffer local = ByteBuffer.allocate(BATCH * BLOCK);
            for (int block = 0; block < count; block += BATCH) {
                int batch = Math.min(BATCH, count - block);
                readFully(channel, (long) block * BLOCK, local.clear().limit(batch * BLOCK));
                compare(fork, first + block, batch, stored, local.array());
            }
        }
    }

    /**
     * Compares {@code count} local blocks, of which those from {@code stored} on exist only
     * locally.
     */
    private void compare(ForkOf fork, int first, int count, int stored, byte[] local)
            throws IOException {
        int known = Math.clamp((long) stored - first, 0, count);
        ByteBuffer remote = ByteBuffer.allocate(known * BLOCK);
        if (known > 0 && anyLocal(fork, first, known)) {
            pages.readPages(
                    kept.timeline(), at, fork.relation(), fork.fork(), first, known, remote);
        }
        for (int i = 0; i < count; i++) {
            int block = first + i;
            if (!manifest.isLocal(fork.relation(), fork.fork(), block)) {
                continue;
            }
            byte[] here = Arrays.copyOfRange(local, i * BLOCK, (i + 1) * BLOCK);
            byte[] there =
                    i < known
                            ? Arrays.copyOfRange(remote.array(), i * BLOCK, (i + 1) * BLOCK)
                            : new byte[BLOCK];
            String difference = major.difference(there, here, fork.fork(), block);
            blocks++;
            compared.add(fork.relation());
            if (difference != null) {
                differ(name(fork) + " block " + block + ": " + difference);
            }
        }
    }

    private boolean anyLocal(ForkOf fork, int first, int count) {
        for (int block = first; block < first + count; block++) {
            if (manifest.isLocal(fork.relation(), fork.fork(), block)) {
                return true;
            }
        }
        return false;
    }

    /** Every fork that storage has is local in full length, or was never opened by the compute. */
    private void missing() {
        for (Map.Entry<ForkOf, Integer> entry : sizes.entrySet()) {
            ForkOf fork = entry.getKey();
            boolean logged = fork.fork() == Fork.INIT || !unlogged.contains(fork.relation());
            int stored = entry.getValue();
            Integer local = localSizes.get(fork);
            if (!logged) {
                continue;
            }
            boolean neverOpened =
                    manifest.lists(fork.relation(), fork.fork(), 0, 1)
                            && !manifest.isMaterialised(fork.relation(), fork.fork(), 0);
            if (local == null && !neverOpened && stored > 0) {
                differ(
                        name(fork)
                                + ": storage has "
                                + stored
                                + " blocks, the data directory has no such file");
            } else if (local != null && local < stored && allOpened(fork, stored)) {
                differ(
                        name(fork)
                                + ": storage has "
                                + stored
                                + " blocks, the data directory "
                                + local);
            }
        }
    }

    private boolean allOpened(ForkOf fork, int stored) {
        for (int segment = 0; segment * (long) ShimFile.SEGMENT_BLOCKS < stored; segment++) {
            boolean listed =
                    manifest.lists(
                            fork.relation(), fork.fork(), segment * ShimFile.SEGMENT_BLOCKS, 1);
            if (listed && !manifest.isMaterialised(fork.relation(), fork.fork(), segment)) {
                return false;
            }
        }
        return true;
    }

    private void slru(Slru slru) throws IOException {
        Map<String, byte[]> stored = new HashMap<>();
        for (BaseBackup.File file : backup.files()) {
            if (file.path().startsWith(slru.directory() + "/")) {
                stored.put(file.path().substring(slru.directory().length() + 1), content(file));
            }
        }
        Set<String> names = new HashSet<>(stored.keySet());
        Path directory = kept.data().resolve(slru.directory());
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(Files::isRegularFile)
                    .forEach(path -> names.add(String.valueOf(path.getFileName())));
        }
        for (String name : names) {
            Path path = directory.resolve(name);
            byte[] local = Files.exists(path) ? Files.readAllBytes(path) : new byte[0];
            slruSegment(
                    slru.directory() + "/" + name, local, stored.getOrDefault(name, new byte[0]));
        }
    }

    /** What is beyond the end of one of them counts as zeros: a page that nobody needed yet. */
    private void slruSegment(String name, byte[] local, byte[] stored) {
        int length = Math.max(local.length, stored.length);
        byte[] here = Arrays.copyOf(local, length);
        byte[] there = Arrays.copyOf(stored, length);
        slruBlocks += length / BLOCK;
        int mismatch = Arrays.mismatch(here, there);
        if (mismatch >= 0) {
            differ(
                    "%s: byte %d is %02x in the data directory, %02x in storage"
                            .formatted(name, mismatch, here[mismatch], there[mismatch]));
        }
    }

    private static byte[] content(BaseBackup.File file) {
        byte[] content = new byte[Math.toIntExact(file.length())];
        for (BaseBackup.Extent extent : file.extents()) {
            System.arraycopy(
                    extent.bytes(),
                    0,
                    content,
                    Math.toIntExact(extent.offset()),
                    extent.bytes().length);
        }
        return content;
    }

    private static String name(ForkOf fork) {
        return fork.relation() + fork.fork().suffix();
    }

    private void differ(String difference) {
        if (differences.size() < MAX_DIFFERENCES) {
            differences.add(difference);
        } else if (differences.size() == MAX_DIFFERENCES) {
            differences.add("and more");
        }
    }

    private static void readFully(FileChannel channel, long offset, ByteBuffer into)
            throws IOException {
        while (into.hasRemaining()) {
            int read = channel.read(into, offset + into.position());
            if (read < 0) {
                throw new IOException("a relation file shrank while it was read");
            }
        }
    }
}
