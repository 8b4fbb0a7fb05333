package dev.sluice.storage.basebackup;

import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.util.List;

/**
 * The few files that a stateless compute starts from, and the list of the relations whose pages it
 * will ask for.
 *
 * @param lsn the position it is of; the synthetic shutdown checkpoint record goes here (after the
 *     page header where one is due)
 * @param postgresMajor 17, 18, …
 * @param systemIdentifier the cluster's
 * @param directories to create, relative, parents first
 * @param files to write, relative paths: PG_VERSION, relation maps, SLRU segments, two-phase files,
 *     {@code global/pg_control} in state "shut down", and the WAL segment (two, rarely) that holds
 *     the checkpoint record
 * @param relations every fork of every relation with its size, sorted; free space maps excepted. An
 *     unlogged relation appears with a main fork of its init fork's size, whose pages the
 *     pageserver takes from the init fork
 */
public record BaseBackup(
        Lsn lsn,
        int postgresMajor,
        long systemIdentifier,
        List<String> directories,
        List<File> files,
        List<RelationFork> relations) {

    /**
     * One file, given by what is not zero in it: a WAL segment of 16 MiB has a few pages.
     *
     * @param path relative to the data directory
     * @param length of the whole file in bytes
     * @param extents ascending, apart, inside the file
     */
    public record File(String path, long length, List<Extent> extents) {
        public File {
            extents = List.copyOf(extents);
        }

        /** A file whose content is all given. */
        public static File of(String path, byte[] content) {
            return new File(path, content.length, List.of(new Extent(0, content)));
        }
    }

    /** Bytes at an offset of a file. */
    @SuppressWarnings("ArrayRecordComponent") // never compared; identity is enough
    public record Extent(long offset, byte[] bytes) {}

    /** One fork and its size in blocks of 8192 bytes. */
    public record RelationFork(RelFileLocator relation, Fork fork, int blocks) {}

    public BaseBackup {
        directories = List.copyOf(directories);
        files = List.copyOf(files);
        relations = List.copyOf(relations);
    }
}
