package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.RelFileLocator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/** Writes what a page service holds at an LSN as a whole data directory. */
final class BackupDirectory {
    private static final int PAGES_AT_ONCE = 16;

    private BackupDirectory() {}

    static void write(PageService service, TenantTimelineId id, BaseBackup backup, Path directory)
            throws IOException {
        Files.createDirectory(directory);
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        for (String each : backup.directories()) {
            Files.createDirectory(directory.resolve(each));
        }
        for (BaseBackup.File file : backup.files()) {
            try (FileChannel channel = create(directory.resolve(file.path()))) {
                for (BaseBackup.Extent extent : file.extents()) {
                    channel.write(ByteBuffer.wrap(extent.bytes()), extent.offset());
                }
                if (channel.size() < file.length()) {
                    channel.write(ByteBuffer.allocate(1), file.length() - 1);
                }
            }
        }
        for (BaseBackup.RelationFork fork : backup.relations()) {
            writeFork(service, id, backup, fork, directory);
        }
    }

    private static void writeFork(
            PageService service,
            TenantTimelineId id,
            BaseBackup backup,
            BaseBackup.RelationFork fork,
            Path directory)
            throws IOException {
        RelFileLocator relation = fork.relation();
        String parent =
                relation.tablespace() == RelFileLocator.GLOBAL_TABLESPACE
                        ? "global/"
                        : "base/" + Integer.toUnsignedString(relation.database()) + "/";
        String name = Integer.toUnsignedString(relation.relation()) + fork.fork().suffix();
        try (FileChannel channel = create(directory.resolve(parent + name))) {
            for (int block = 0; block < fork.blocks(); block += PAGES_AT_ONCE) {
                int count = Math.min(PAGES_AT_ONCE, fork.blocks() - block);
                ByteBuffer pages = ByteBuffer.allocate(count * 8192);
                service.readPages(id, backup.lsn(), relation, fork.fork(), block, count, pages);
                channel.write(pages.flip());
            }
        }
    }

    private static FileChannel create(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }
}
