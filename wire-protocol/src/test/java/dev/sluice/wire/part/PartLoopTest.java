package dev.sluice.wire.part;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PartLoopTest {
    private static final int TYPE = 7;

    @TempDir Path directory;
    private PartLoop loop;
    private PartServer server;
    private final BlockingQueue<Peer> peers = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() throws IOException {
        loop = PartLoop.start("loop");
        server =
                PartServer.start(
                        "server",
                        new PartAddress.Unix(directory.resolve("loop")),
                        channel -> {
                            Peer peer = new Peer(channel);
                            loop.attach(channel, peer);
                            peers.add(peer);
                            peer.ended.join();
                        });
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        loop.close();
    }

    /** The loop's side: answers every frame with the same. */
    private final class Peer implements PartLoop.Receiver {
        private final PartChannel channel;
        private final CompletableFuture<@Nullable Exception> ended = new CompletableFuture<>();

        Peer(PartChannel channel) {
            this.channel = channel;
        }

        @Override
        public void received(PartFrame frame) throws IOException {
            assertThat(loop.isCurrent()).isTrue();
            channel.post(frame.type(), frame.payload());
        }

        @Override
        public void ended(@Nullable Exception why) {
            ended.complete(why);
        }
    }

    private Peer peer() throws InterruptedException {
        Peer peer = peers.poll(30, TimeUnit.SECONDS);
        assertThat(peer).isNotNull();
        return peer;
    }

    private static byte[] payload(int size, int value) {
        byte[] payload = new byte[size];
        Arrays.fill(payload, (byte) value);
        return payload;
    }

    private static void assertReceived(PartChannel channel, byte[] payload) throws IOException {
        PartFrame frame = channel.receive();
        assertThat(frame).isNotNull();
        assertThat(frame.type()).isEqualTo(TYPE);
        assertThat(frame.payload()).isEqualTo(ByteBuffer.wrap(payload));
    }

    /** Of any size, many at once, and more than sockets hold before the first is read. */
    @Test
    void framesOfManyChannelsComeBackWholeAndInOrder() throws Exception {
        int[] sizes = {0, 1, 11, 16 << 10, (16 << 10) + 1, 1 << 20};
        try (PartChannel one = PartChannel.connect(server.address());
                PartChannel other = PartChannel.connect(server.address())) {
            for (PartChannel channel : new PartChannel[] {one, other}) {
                for (int size : sizes) {
                    channel.send(TYPE, ByteBuffer.wrap(payload(size, size)));
                }
            }
            for (int size : sizes) {
                assertReceived(one, payload(size, size));
                assertReceived(other, payload(size, size));
            }
        }
    }

    @Test
    void onePeerThatDoesNotReadHoldsUpNoOther() throws Exception {
        try (PartChannel silent = PartChannel.connect(server.address());
                PartChannel other = PartChannel.connect(server.address())) {
            silent.send(TYPE, ByteBuffer.wrap(payload(4 << 20, 1)));
            other.send(TYPE, ByteBuffer.wrap(payload(10, 2)));
            assertReceived(other, payload(10, 2));
            assertReceived(silent, payload(4 << 20, 1));
        }
    }

    @Test
    void onePeerThatNeverReadsIsLeft() throws Exception {
        try (PartChannel silent = PartChannel.connect(server.address())) {
            Peer peer = peer();
            byte[] much = payload(6 << 20, 1);
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 3; i++) {
                                    peer.channel.post(TYPE, ByteBuffer.wrap(much));
                                }
                            })
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has not read");
            assertThat(peer.channel.isClogged()).isTrue();
            assertThat(silent.hasFrame()).isFalse();
        }
    }

    /** Whoever is not the loop waits until what it sends is out, and the loop goes on. */
    @Test
    void othersWaitForAPeerToRead() throws Exception {
        try (PartChannel silent = PartChannel.connect(server.address())) {
            Peer peer = peer();
            CompletableFuture<Void> sent =
                    CompletableFuture.runAsync(() -> send(peer.channel, payload(2 << 20, 3)));
            try (PartChannel other = PartChannel.connect(server.address())) {
                other.send(TYPE, ByteBuffer.wrap(payload(10, 2)));
                assertReceived(other, payload(10, 2));
            }
            assertThat(sent).isNotDone();
            assertReceived(silent, payload(2 << 20, 3));
            sent.get(30, TimeUnit.SECONDS);
            assertThat(peer.channel.isClogged()).isFalse();
        }
    }

    private static void send(PartChannel channel, byte[] payload) {
        try {
            channel.send(TYPE, ByteBuffer.wrap(payload));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aConversationsEndIsToldOnce() throws Exception {
        PartChannel channel = PartChannel.connect(server.address());
        Peer hungUpOn = peer();
        channel.close();
        assertThat(hungUpOn.ended.get(30, TimeUnit.SECONDS)).isNull();

        try (SocketChannel raw = server.address().connect()) {
            Peer cutOff = peer();
            raw.write(ByteBuffer.wrap(payload(3, 0x53)));
            raw.shutdownOutput();
            assertThat(cutOff.ended.get(30, TimeUnit.SECONDS)).isInstanceOf(EOFException.class);
        }
        try (SocketChannel raw = server.address().connect()) {
            Peer insulted = peer();
            raw.write(ByteBuffer.wrap(payload(PartChannel.HEADER_BYTES, 1)));
            assertThat(insulted.ended.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(PartProtocolException.class);
        }
    }

    @Test
    void closingTheChannelOrTheLoopEndsTheConversation() throws Exception {
        try (PartChannel one = PartChannel.connect(server.address())) {
            Peer closed = peer();
            closed.channel.close();
            assertThat(closed.ended.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(one.receive()).isNull();
        }
        try (PartChannel other = PartChannel.connect(server.address())) {
            Peer left = peer();
            CompletableFuture<Void> sent =
                    CompletableFuture.runAsync(() -> send(left.channel, payload(2 << 20, 3)));
            loop.close();
            assertThat(left.ended.get(30, TimeUnit.SECONDS))
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(sent).failsWithin(30, TimeUnit.SECONDS);
            PartChannel late = PartChannel.connect(server.address());
            assertThat(late.receive()).isNull();
            assertThat(other).isNotNull();
        }
    }

    @Test
    void timersRunInTheOrderOfTheirTimes() throws Exception {
        BlockingQueue<Integer> done = new LinkedBlockingQueue<>();
        loop.execute(() -> {
            loop.executeAfter(TimeUnit.MILLISECONDS.toNanos(30), () -> done.add(3));
            loop.executeAfter(TimeUnit.MILLISECONDS.toNanos(10), () -> done.add(2));
            done.add(1);
        });
        assertThat(done.poll(30, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(done.poll(30, TimeUnit.SECONDS)).isEqualTo(2);
        assertThat(done.poll(30, TimeUnit.SECONDS)).isEqualTo(3);
    }
}
