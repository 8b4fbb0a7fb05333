package dev.sluice.storage.basebackup;

import dev.sluice.storage.key.Slru;
import dev.sluice.storage.page.LittleEndian;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.postgres.ControlFile;
import dev.sluice.storage.postgres.OriginProgress;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.postgres.ReplicationOriginFile;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The state of a cluster outside of its pages, as the files that hold it.
 *
 * @param checkPoint the control file's copy of the last checkpoint, as lies in {@code CheckPoint}
 * @param files SLRU segments, two-phase states, relation maps, versions, replication progress
 * @param sizes bytes of every relation fork, free space maps excepted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record StateFiles(
        byte[] checkPoint, NavigableMap<String, byte[]> files, NavigableMap<String, Long> sizes) {

    // CheckPoint in catalog/pg_control.h
    static final int NEXT_XID = 24;
    static final int NEXT_OID = 32;
    static final int NEXT_MULTI = 36;
    static final int NEXT_MULTI_OFFSET = 40;
    static final int OLDEST_XID = 44;
    static final int OLDEST_XID_DB = 48;
    static final int OLDEST_MULTI = 52;
    static final int OLDEST_MULTI_DB = 56;
    static final int OLDEST_COMMIT_TS_XID = 72;
    static final int NEWEST_COMMIT_TS_XID = 76;

    private static final String RELATION = "(base/[0-9]+|global)/[0-9]+(_vm|_init)?";
    private static final String OTHER =
            "(base/[0-9]+|global)/(PG_VERSION|pg_filenode\\.map)|pg_twophase/.*|"
                    + ReplicationOriginFile.PATH;

    int counter(int field) {
        return LittleEndian.i32(checkPoint, field);
    }

    long nextXid() {
        return LittleEndian.i64(checkPoint, NEXT_XID);
    }

    /** Of a directory that was stopped cleanly. */
    static StateFiles of(Path directory) throws IOException {
        NavigableMap<String, byte[]> files = new TreeMap<>();
        NavigableMap<String, Long> sizes = new TreeMap<>();
        List<Path> all;
        try (Stream<Path> walk = Files.walk(directory)) {
            all = walk.filter(Files::isRegularFile).toList();
        }
        for (Path file : all) {
            String name = directory.relativize(file).toString();
            if (name.matches(RELATION)) {
                sizes.put(name, Files.size(file));
            } else if (isSlru(name) || name.matches(OTHER)) {
                files.put(name, Files.readAllBytes(file));
            }
        }
        byte[] control = Files.readAllBytes(directory.resolve("global/pg_control"));
        return of(control, files, sizes);
    }

    static StateFiles of(BaseBackup backup) throws IOException {
        NavigableMap<String, byte[]> files = new TreeMap<>();
        NavigableMap<String, Long> sizes = new TreeMap<>();
        byte[] control = {};
        for (BaseBackup.File file : backup.files()) {
            if (file.path().equals("global/pg_control")) {
                control = file.extents().getFirst().bytes();
            } else if (isSlru(file.path()) || file.path().matches(OTHER)) {
                files.put(file.path(), file.extents().getFirst().bytes().clone());
            }
        }
        for (BaseBackup.RelationFork fork : backup.relations()) {
            sizes.put(path(fork.relation(), fork.fork()), (long) fork.blocks() * Page.SIZE);
        }
        return of(control, files, sizes);
    }

    private static String path(RelFileLocator relation, Fork fork) {
        String parent =
                relation.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                        ? "global/"
                        : "base/" + Integer.toUnsignedString(relation.database()) + "/";
        return parent + Integer.toUnsignedString(relation.relation()) + fork.suffix();
    }

    private static StateFiles of(
            byte[] control, NavigableMap<String, byte[]> files, NavigableMap<String, Long> sizes)
            throws IOException {
        ControlFile parsed = PostgresMajor.of(17).controlFile(control);
        if (!parsed.isShutDown()) {
            throw new IOException("the cluster is not shut down");
        }
        byte[] origins = files.remove(ReplicationOriginFile.PATH);
        if (origins != null) {
            // They lie in the order of their slots in shared memory, and there may be none.
            Map<Integer, OriginProgress> progress = ReplicationOriginFile.parse(origins);
            if (!progress.isEmpty()) {
                files.put(ReplicationOriginFile.PATH, ReplicationOriginFile.of(progress));
            }
        }
        return new StateFiles(parsed.checkPoint().bytes(), files, sizes);
    }

    static boolean isSlru(String path) {
        return Stream.of(Slru.values()).anyMatch(slru -> isOf(slru, path));
    }

    static boolean isOf(Slru slru, String path) {
        return path.startsWith(slru.directory() + "/");
    }

    /** What differs in files and sizes, for people; empty when nothing does. */
    List<String> differences(StateFiles other) {
        List<String> differences = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>(files.keySet());
        names.addAll(other.files.keySet());
        for (String name : names) {
            byte[] mine = files.get(name);
            byte[] its = other.files.get(name);
            if (mine == null || its == null) {
                differences.add(name + " is only in " + (mine == null ? "the other" : "this"));
            } else if (!Arrays.equals(mine, its)) {
                int at = Arrays.mismatch(mine, its);
                differences.add(
                        "%s (%d bytes, the other %d) differs at %d"
                                .formatted(name, mine.length, its.length, at));
            }
        }
        TreeSet<String> relations = new TreeSet<>(sizes.keySet());
        relations.addAll(other.sizes.keySet());
        for (String relation : relations) {
            Long mine = sizes.get(relation);
            Long its = other.sizes.get(relation);
            if (mine == null || !mine.equals(its)) {
                differences.add(relation + " has " + mine + " bytes, the other " + its);
            }
        }
        return differences;
    }
}
