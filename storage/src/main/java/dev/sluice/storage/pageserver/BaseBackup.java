package dev.sluice.storage.pageserver;

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
 *     {@code global/pg_control} in state "shut down", and the one WAL segment that holds the
 *     checkpoint record
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

    /** One file. */
    @SuppressWarnings("ArrayRecordComponent") // never compared; identity is enough
    public record File(String path, byte[] content) {}

    /** One fork and its size in blocks of 8192 bytes. */
    public record RelationFork(RelFileLocator relation, Fork fork, int blocks) {}

    public BaseBackup {
        directories = List.copyOf(directories);
        files = List.copyOf(files);
        relations = List.copyOf(relations);
    }
}
