package dev.sluice.walservice.consensus;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.Lsn;
import java.nio.ByteBuffer;
import java.util.List;

/** What can happen to an {@link Acceptor}. */
public sealed interface AcceptorInput {

    /**
     * A proposer's message. Before a {@link ProposerMessage.VoteRequest} or {@link
     * ProposerMessage.Elected} is given, everything written must have been flushed, and told.
     */
    record Received(ProposerMessage message) implements AcceptorInput {}

    /**
     * How the other acceptors are, as far as they were reached. Before it is given, everything
     * written must have been flushed, and told.
     *
     * <p>The newest configuration that any goes by becomes this acceptor's.
     */
    record PeersReported(List<PeerReport> peers) implements AcceptorInput {
        public PeersReported {
            peers = List.copyOf(peers);
        }
    }

    /**
     * There is a configuration, which holds if it is newer than the acceptor's. Before it is given,
     * everything written must have been flushed, and told.
     *
     * @param term what is to be at least the acceptor's own
     */
    record Configured(Configuration configuration, Term term) implements AcceptorInput {}

    /**
     * WAL that {@link AcceptorAction.Copy} asked for.
     *
     * @param wal valid only as long as the call that it is given to
     */
    record Copied(long session, Lsn begin, ByteBuffer wal) implements AcceptorInput {}

    /**
     * What was written is durable now.
     *
     * @param session the one that it was written in
     * @param received the end of it
     * @param recordEnd the end of the last whole record in it
     */
    record Flushed(long session, Lsn received, Lsn recordEnd) implements AcceptorInput {}
}
