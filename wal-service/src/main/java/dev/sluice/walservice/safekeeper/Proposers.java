package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.consensus.AcceptorMessage;
import dev.sluice.walservice.timeline.PageserverFeedback;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The proposers that a timeline is in conversation with. Any number of threads. */
final class Proposers {
    private final Set<ProposerConversation> conversations = ConcurrentHashMap.newKeySet();
    private volatile @Nullable ProposerConversation leading;

    void join(ProposerConversation conversation) {
        conversations.add(conversation);
    }

    void leave(ProposerConversation conversation) {
        conversations.remove(conversation);
    }

    /** The timeline obeys this one now. */
    void follow(ProposerConversation conversation) {
        leading = conversation;
    }

    /** Whether the one that is obeyed is still there. */
    boolean isLed() {
        ProposerConversation now = leading;
        return now != null && conversations.contains(now) && !now.hangUpIfSilent();
    }

    /** Passes on what the timeline's pageserver says. */
    void tell(PageserverFeedback feedback) {
        for (ProposerConversation each : conversations) {
            each.tellLater(feedback);
        }
    }

    /** Tells all but one what they did not ask for. */
    void tellOthers(@Nullable ProposerConversation but, AcceptorMessage message) {
        for (ProposerConversation each : conversations) {
            if (each != but) {
                each.tellLater(message);
            }
        }
    }
}
