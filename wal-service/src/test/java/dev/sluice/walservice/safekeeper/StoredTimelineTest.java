package dev.sluice.walservice.safekeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperException;
import dev.sluice.walservice.client.SafekeeperProtocol;
import dev.sluice.walservice.client.SafekeeperReply;
import dev.sluice.walservice.consensus.Acceptor;
import dev.sluice.walservice.consensus.AcceptorMessage;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.ConsensusProtocol;
import dev.sluice.walservice.consensus.ProposerMessage;
import dev.sluice.walservice.consensus.Refusal;
import dev.sluice.walservice.consensus.TermHistory;
import dev.sluice.walservice.proposer.SyntheticWal;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.Term;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StoredTimelineTest {
    private static final Lsn START = Lsn.parse("0/15000A8");
    private static final Configuration ALONE = Configuration.first(List.of(1L));
    private static final Term FIRST = new Term(1);
    private static final Term SECOND = new Term(2);
    private static final TermHistory BEGUN = TermHistory.EMPTY.with(FIRST, START);

    @TempDir Path directory;

    private final TenantTimelineId id =
            new TenantTimelineId(TenantId.random(), TimelineId.random());

    private PartAddress address() {
        return new PartAddress.Unix(directory.resolve("sk.sock"));
    }

    /** A proposer's conversation, in which it says what it likes. */
    private PartChannel greeted(Term term) throws IOException {
        PartChannel channel = PartChannel.connect(address());
        say(channel, new ProposerMessage.Greeting(id, ALONE, 42, 17, Acceptor.SEGMENT_SIZE));
        say(channel, new ProposerMessage.VoteRequest(1, term));
        return channel;
    }

    private static AcceptorMessage say(PartChannel channel, ProposerMessage message)
            throws IOException {
        ConsensusProtocol.Encoded encoded = ConsensusProtocol.encode(message);
        channel.send(encoded.type(), encoded.head(), encoded.wal());
        PartFrame frame = channel.receive();
        if (frame == null) {
            throw new EOFException("hung up");
        }
        if (SafekeeperProtocol.isRefusal(frame)
                && SafekeeperProtocol.reply(frame)
                        instanceof SafekeeperReply.Refused(Refusal refusal, String why)) {
            throw new SafekeeperException(refusal, why);
        }
        return ConsensusProtocol.acceptorMessage(frame);
    }

    @Test
    void aLogThatWasCutIsCutAlsoIfTheControlFileCannotBeWrittenAfterwards() throws Exception {
        SyntheticWal wal = new SyntheticWal(START, 1);
        Lsn cut = wal.append(20_000);
        Lsn end = wal.append(20_000);
        Path home = directory.resolve("sk");
        try (Safekeeper safekeeper = Safekeeper.start(new SafekeeperConfig(1, home, address()))) {
            SafekeeperClient client = new SafekeeperClient(safekeeper.address());
            client.createTimeline(id, 42, 17, ALONE, START);
            try (PartChannel older = greeted(FIRST)) {
                say(older, new ProposerMessage.Elected(1, FIRST, START, START, BEGUN));
                ByteBuffer bytes = ByteBuffer.wrap(wal.bytes(START, end));
                say(older, new ProposerMessage.Append(1, FIRST, START, START, bytes));
                assertThat(client.status(id).flush()).isEqualTo(end);
            }
            ProposerMessage elected =
                    new ProposerMessage.Elected(1, SECOND, cut, cut, BEGUN.with(SECOND, cut));
            try (PartChannel newer = greeted(SECOND)) {
                Path inTheWay = Files.createDirectory(controlFile(home));
                assertThatThrownBy(() -> say(newer, elected)).isInstanceOf(IOException.class);
                Files.delete(inTheWay);
            }
            assertThat(client.status(id).flush()).isEqualTo(cut);
            assertThat(client.read(id, START, cut)).isEqualTo(wal.bytes(START, cut));
            assertThatThrownBy(() -> client.read(id, START, end))
                    .isInstanceOf(SafekeeperException.class)
                    .extracting(e -> ((SafekeeperException) e).refusal())
                    .isEqualTo(Refusal.NO_SUCH_WAL);
            try (PartChannel again = greeted(SECOND)) {
                assertThat(say(again, elected)).isInstanceOf(AcceptorMessage.Appended.class);
            }
        }
    }

    /** What it is written as, before it gets its name. */
    private Path controlFile(Path home) {
        return home.resolve(id.tenant().toString())
                .resolve(id.timeline().toString())
                .resolve("control.next");
    }
}
