package dev.sluice.walservice.consensus;

import static dev.sluice.walservice.consensus.TermHistoryTest.history;
import static dev.sluice.walservice.consensus.TermHistoryTest.lsn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.timeline.Term;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartProtocolException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class ConsensusProtocolTest {
    private static final Configuration THREE = Configuration.first(List.of(1L, 2L, 3L));

    static Stream<ProposerMessage> proposerMessages() {
        return Stream.of(
                new ProposerMessage.Greeting(SimulatedAcceptor.ID, THREE, -7, 17, 16 << 20),
                new ProposerMessage.VoteRequest(1, new Term(9)),
                new ProposerMessage.Elected(
                        1, new Term(9), lsn(-8), lsn(-4), history(1, 80, 9, 160)),
                new ProposerMessage.Append(
                        1, new Term(9), lsn(80), lsn(72), ByteBuffer.wrap(new byte[] {1, 2, 3})));
    }

    static Stream<AcceptorMessage> acceptorMessages() {
        return Stream.of(
                new AcceptorMessage.Greeted(3, THREE, new Term(9), new Term(4)),
                new AcceptorMessage.Superseded(THREE.jointWith(List.of(2L, 3L, 4L))),
                new AcceptorMessage.Voted(
                        1,
                        new Term(9),
                        AcceptorMessage.Ballot.ABSTAINED,
                        lsn(8),
                        lsn(88),
                        history(1, 8)),
                new AcceptorMessage.Appended(1, new Term(9), lsn(88), lsn(96), lsn(80)));
    }

    @ParameterizedTest
    @MethodSource("proposerMessages")
    void proposersMessagesArriveAsSent(ProposerMessage message) throws Exception {
        PartFrame frame = frame(ConsensusProtocol.encode(message));
        assertThat(ConsensusProtocol.proposerMessage(frame)).isEqualTo(message);
    }

    @ParameterizedTest
    @MethodSource("acceptorMessages")
    void acceptorsMessagesArriveAsSent(AcceptorMessage message) throws Exception {
        PartFrame frame = frame(ConsensusProtocol.encode(message));
        assertThat(ConsensusProtocol.acceptorMessage(frame)).isEqualTo(message);
    }

    @ParameterizedTest
    @MethodSource("proposerMessages")
    void cutShortOrLengthenedTheyAreRefused(ProposerMessage message) {
        if (message instanceof ProposerMessage.Append) {
            return; // takes whatever follows its head
        }
        PartFrame whole = frame(ConsensusProtocol.encode(message));
        for (int length = 0; length < whole.payload().limit(); length++) {
            PartFrame cut = new PartFrame(whole.type(), whole.payload().slice(0, length));
            assertThatThrownBy(() -> ConsensusProtocol.proposerMessage(cut))
                    .isInstanceOf(PartProtocolException.class);
        }
        ByteBuffer longer = ByteBuffer.allocate(whole.payload().limit() + 1);
        longer.put(whole.payload().duplicate()).rewind();
        assertThatThrownBy(() ->
                        ConsensusProtocol.proposerMessage(new PartFrame(whole.type(), longer)))
                .isInstanceOf(PartProtocolException.class);
    }

    @Test
    void electedIsLaidOutAsDocumented() {
        PartFrame frame =
                frame(
                        ConsensusProtocol.encode(
                                new ProposerMessage.Elected(
                                        1,
                                        new Term(2),
                                        lsn(0x10),
                                        lsn(0x20),
                                        history(1, 8, 2, 16))));
        assertThat(frame.type()).isEqualTo(3);
        assertThat(HexFormat.of().formatHex(frame.payload().array(), 0, frame.payload().limit()))
                .isEqualTo(
                        "0000000000000001"
                                + "0000000000000002"
                                + "0000000000000010"
                                + "0000000000000020"
                                + "00000002"
                                + "0000000000000001"
                                + "0000000000000008"
                                + "0000000000000002"
                                + "0000000000000010");
    }

    private static PartFrame frame(ConsensusProtocol.Encoded encoded) {
        ByteBuffer payload =
                ByteBuffer.allocate(encoded.head().remaining() + encoded.wal().remaining());
        payload.put(encoded.head().duplicate()).put(encoded.wal().duplicate()).flip();
        return new PartFrame(encoded.type(), payload);
    }
}
