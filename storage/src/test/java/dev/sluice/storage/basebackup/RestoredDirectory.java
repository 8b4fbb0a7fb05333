package dev.sluice.storage.basebackup;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.page.Page;
import dev.sluice.storage.timeline.TimelineReader;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Writes a base backup out as a whole data directory: its files, and every relation's pages. */
final class RestoredDirectory {
    private RestoredDirectory() {}

    static void write(BaseBackup backup, TimelineReader reader, Path directory) throws IOException {
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        for (String each : backup.directories()) {
            Files.createDirectory(directory.resolve(each));
        }
        for (BaseBackup.File file : backup.files()) {
            writeFile(directory.resolve(file.path()), file);
        }
        for (BaseBackup.RelationFork fork : backup.relations()) {
            writeFork(backup, reader, directory, fork);
        }
    }

    /** Copies what a base backup does not have, since the agent writes it. */
    static void copyConfiguration(Path from, Path to) throws IOException {
        for (String name : List.of("postgresql.conf", "pg_hba.conf", "pg_ident.conf")) {
            Files.copy(from.resolve(name), to.resolve(name));
        }
    }

    private static void writeFile(Path path, BaseBackup.File file) throws IOException {
        try (FileChannel channel = create(path)) {
            for (BaseBackup.Extent extent : file.extents()) {
                channel.write(ByteBuffer.wrap(extent.bytes()), extent.offset());
            }
            if (channel.size() < file.length()) {
                channel.write(ByteBuffer.allocate(1), file.length() - 1);
            }
        }
    }

    private static FileChannel create(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    private static void writeFork(
            BaseBackup backup, TimelineReader reader, Path directory, BaseBackup.RelationFork fork)
            throws IOException {
        RelFileLocator relation = fork.relation();
        Key init = Key.relationSize(relation, Fork.INIT);
        Fork source = reader.get(init, backup.lsn()) != null ? Fork.INIT : fork.fork();
        String parent =
                relation.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                        ? "global/"
                        : "base/" + Integer.toUnsignedString(relation.database()) + "/";
        String name = Integer.toUnsignedString(relation.relation()) + fork.fork().suffix();
        try (FileChannel channel = create(directory.resolve(parent + name))) {
            for (int block = 0; block < fork.blocks(); block++) {
                byte[] page = reader.get(Key.relationBlock(relation, source, block), backup.lsn());
                channel.write(ByteBuffer.wrap(page == null ? new byte[Page.SIZE] : page));
            }
        }
    }
}
