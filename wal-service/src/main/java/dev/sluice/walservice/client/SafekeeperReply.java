package dev.sluice.walservice.client;

import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.consensus.Refusal;
import java.util.List;

/** A safekeeper's answer to a {@link SafekeeperRequest}; laid out by {@link SafekeeperProtocol}. */
public sealed interface SafekeeperReply {

    record Statuses(List<TimelineStatus> timelines) implements SafekeeperReply {
        public Statuses {
            timelines = List.copyOf(timelines);
        }
    }

    record Report(PeerReport report) implements SafekeeperReply {}

    record Wal(WalChunk chunk) implements SafekeeperReply {}

    record Space(SpaceReport report) implements SafekeeperReply {}

    /** Ends the conversation. */
    record Refused(Refusal refusal, String message) implements SafekeeperReply {}
}
