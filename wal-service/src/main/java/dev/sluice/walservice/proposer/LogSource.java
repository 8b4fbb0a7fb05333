package dev.sluice.walservice.proposer;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.consensus.ProposerState;
import dev.sluice.walservice.consensus.ProposerState.Role;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;

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
        for (int peer = 0; peer < state.peers().size(); peer++) {
            boolean isDonor = peer == leader.donor() && !end.isAfter(leader.start());
            if (isDonor || !state.peers().get(peer).acked().isBefore(end)) {
                try {
                    SafekeeperClient client =
                            config.addresses().client(state.peers().get(peer).node());
                    into.put(client.read(config.id(), at, end, leader.term()));
                    return;
                } catch (IOException e) {
                    failure.addSuppressed(e);
                }
            }
        }
        throw failure;
    }
}
