package dev.sluice.compute.agent;

import dev.sluice.walservice.proposer.LocalWal;
import dev.sluice.walservice.proposer.ProposerConfig;
import dev.sluice.walservice.proposer.WalProposer;
import java.io.IOException;

/** How a compute comes to be the one writer of its timeline. */
public interface ProposerElection {

    /**
     * Wins a new term.
     *
     * @param wal where the compute's WAL will be; read after the election only
     * @throws IOException if no quorum voted in time
     */
    WalProposer elect(ProposerConfig config, LocalWal wal) throws IOException;
}
