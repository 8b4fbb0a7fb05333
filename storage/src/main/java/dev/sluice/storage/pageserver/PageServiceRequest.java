package dev.sluice.storage.pageserver;

import dev.sluice.storage.key.Key;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.time.Duration;
import java.util.List;

/**
 * A call of {@link PageService} on its way to a server; laid out by {@link PageServiceProtocol}.
 */
sealed interface PageServiceRequest {

    /** Answered with {@link PageServiceReply.Position}. */
    record Create(TenantTimelineId id, long systemIdentifier, String dataDirectory)
            implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Done}. */
    record Branch(TenantTimelineId parent, TimelineId child, Lsn at)
            implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Done}. */
    record Delete(TenantTimelineId id) implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Done}. */
    record Attach(TenantTimelineId id, List<PartAddress> safekeepers)
            implements PageServiceRequest {
        public Attach {
            safekeepers = List.copyOf(safekeepers);
        }
    }

    /** Answered with {@link PageServiceReply.Statuses} of one. */
    record Status(TenantTimelineId id) implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Statuses}. */
    record ListTimelines() implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Done}. */
    record WaitForLsn(TenantTimelineId id, Lsn lsn, Duration limit) implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Pages}. */
    record ReadPages(
            TenantTimelineId id,
            Lsn at,
            RelFileLocator relation,
            Fork fork,
            int firstBlock,
            int count)
            implements PageServiceRequest {}

    /**
     * Answered with a {@link PageServiceReply.BackupStart}, {@link PageServiceReply.BackupFile}s,
     * {@link PageServiceReply.BackupRelations}s, and {@link PageServiceReply.Done}.
     */
    record MakeBaseBackup(TenantTimelineId id, Lsn at) implements PageServiceRequest {}

    /** Answered with {@link PageServiceReply.Content}. */
    record ReadKey(TenantTimelineId id, Key key, Lsn at) implements PageServiceRequest {}

    /**
     * Answered with a {@link PageServiceReply.OneVersion} for each, and {@link
     * PageServiceReply.Done}.
     */
    record ReadVersions(TenantTimelineId id, Key key, Lsn at) implements PageServiceRequest {}
}
