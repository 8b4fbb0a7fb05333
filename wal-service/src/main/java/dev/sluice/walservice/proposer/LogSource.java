package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.consensus.PeerState;
import dev.sluice.walservice.consensus.ProposerState;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;

/**
 * Where the leader's log is read: from its start on in the compute's WAL, as long as the compute
 * keeps it; else from a safekeeper that has it.
 */
final class LogSource {
    private final ProposerConfig config;
    private final LocalWal wal;

    LogSource(ProposerConfig config, LocalWal wal) {
        this.config = config;
        this.wal = wal;
    }

    /** Fills {@code into} from {@code at} on. Does not span the leader's start. */
    void read(ProposerState state, Lsn at, ByteBuffer into) throws IOException {
        if (!(state.role() instanceof Role.Leader leader)) {
            throw new IOException("no leader any more");
        }
        if (!at.isBefore(leader.start())) {
            try {
                wal.read(at, into);
                return;
            } catch (NoSuchFileException removed) {
                into.rewind();
            }
        }
        readFromSafekeeper(state, leader, at, into);
    }

    private void readFromSafekeeper(
            ProposerState state, Role.Leader leader, Lsn at, ByteBuffer into) throws IOException {
        Lsn end = at.plus(into.remaining());
        IOException failure = new IOException("no safekeeper has WAL from " + at + " to " + end);
        for (long node : holders(state, leader, end)) {
            try {
                SafekeeperClient client = config.addresses().client(node);
                into.put(client.read(config.id(), at, end, leader.term()));
                return;
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
        throw failure;
    }

    /**
     * Who has the log up to {@code end}. Those that are silent come last: who waits for one of them
     * keeps another safekeeper from being filled, and a quorum may need that one.
     */
    private static List<Long> holders(ProposerState state, Role.Leader leader, Lsn end) {
        List<Long> heard = new ArrayList<>();
        List<Long> silent = new ArrayList<>();
        for (int index = 0; index < state.peers().size(); index++) {
            PeerState peer = state.peers().get(index);
            boolean isDonor = index == leader.donor() && !end.isAfter(leader.start());
            if (isDonor || !peer.acked().isBefore(end)) {
                (peer.isStreaming() ? heard : silent).add(peer.node());
            }
        }
        heard.addAll(silent);
        return heard;
    }
}
