package dev.sluice.storage.pageserver;

import dev.sluice.storage.basebackup.BaseBackup;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An answer to a {@link PageServiceRequest}; laid out by {@link PageServiceProtocol}. */
sealed interface PageServiceReply {

    record Done() implements PageServiceReply {}

    record Position(Lsn lsn) implements PageServiceReply {}

    record Statuses(List<PageService.TimelineStatus> timelines) implements PageServiceReply {
        public Statuses {
            timelines = List.copyOf(timelines);
        }
    }

    /**
     * @param pages valid until the next frame is received
     */
    record Pages(ByteBuffer pages) implements PageServiceReply {}

    record BackupStart(Lsn lsn, int postgresMajor, long systemIdentifier, List<String> directories)
            implements PageServiceReply {
        public BackupStart {
            directories = List.copyOf(directories);
        }
    }

    record BackupFile(BaseBackup.File file) implements PageServiceReply {}

    record BackupRelations(List<BaseBackup.RelationFork> relations) implements PageServiceReply {
        public BackupRelations {
            relations = List.copyOf(relations);
        }
    }

    /**
     * @param bytes null when there is nothing; valid until the next frame is received
     */
    record Content(@Nullable ByteBuffer bytes) implements PageServiceReply {}

    record OneVersion(PageService.Version version) implements PageServiceReply {}

    /** The call failed; ends the answer, not the conversation. */
    record Failed(String message) implements PageServiceReply {}
}
