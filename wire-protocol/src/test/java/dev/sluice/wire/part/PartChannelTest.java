package dev.sluice.wire.part;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartChannelTest {
    private static final int ECHO = 7;

    @TempDir Path directory;

    private PartServer echoServer() throws IOException {
        PartAddress address = new PartAddress.Unix(directory.resolve("echo"));
        return PartServer.start(
                "echo",
                address,
                channel -> {
                    for (PartFrame frame; (frame = channel.receive()) != null; ) {
                        channel.send(frame.type(), frame.payload());
                    }
                });
    }

    @Test
    void framesOfEverySizeComeBackWhole() throws IOException {
        try (PartServer server = echoServer();
                PartChannel channel = PartChannel.connect(server.address())) {
            for (int size : new int[] {0, 1, 11, 16 << 10, (16 << 10) + 1, 1 << 20}) {
                byte[] payload = new byte[size];
                java.util.Arrays.fill(payload, (byte) size);
                Thread.ofVirtual().start(() -> sendQuietly(channel, payload));
                PartFrame answer = channel.receive();
                assertThat(answer).isNotNull();
                assertThat(answer.type()).isEqualTo(ECHO);
                assertThat(answer.payload()).isEqualTo(ByteBuffer.wrap(payload));
            }
        }
    }

    @Test
    void aSilentPeerIsGivenUp() throws IOException {
        PartAddress address = new PartAddress.Unix(directory.resolve("silent"));
        try (PartServer _ = PartServer.start("silent", address, channel -> channel.receive());
                PartChannel channel = PartChannel.connect(address)) {
            assertThatThrownBy(() -> channel.receive(Duration.ofMillis(50)))
                    .isInstanceOf(SocketTimeoutException.class)
                    .hasMessageStartingWith("no answer for");
            assertThatThrownBy(channel::receive).isInstanceOf(ClosedChannelException.class);
        }
    }

    private static void sendQuietly(PartChannel channel, byte[] payload) {
        try {
            channel.send(ECHO, ByteBuffer.wrap(payload));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void damageInAnyByteIsFound() throws IOException {
        byte[] good = frame("hello".getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 0x10;
            assertThatThrownBy(() -> receive(bad))
                    .as("byte %d damaged", i)
                    .isInstanceOfAny(PartProtocolException.class, EOFException.class);
        }
        assertThat(receive(good)).isNotNull();
    }

    @Test
    void aCutFrameIsAnErrorAndACleanEndIsNot() throws IOException {
        byte[] good = frame(new byte[100]);
        assertThatThrownBy(() -> receive(java.util.Arrays.copyOf(good, 50)))
                .isInstanceOf(EOFException.class);
        assertThat(receive(new byte[0])).isNull();
    }

    /** What {@link PartChannel#send} puts on the wire for this payload. */
    private byte[] frame(byte[] payload) throws IOException {
        ByteBuffer wire = ByteBuffer.allocate(PartChannel.HEADER_BYTES + payload.length);
        try (PartServer server =
                        PartServer.start(
                                "sender",
                                new PartAddress.Unix(directory.resolve("sender")),
                                channel -> channel.send(ECHO, ByteBuffer.wrap(payload)));
                SocketChannel raw = server.address().connect()) {
            while (wire.hasRemaining() && raw.read(wire) >= 0) {
                assertThat(wire.position()).isPositive();
            }
        }
        return wire.array();
    }

    private @Nullable PartFrame receive(byte[] wire) throws IOException {
        try (java.nio.channels.ServerSocketChannel listener =
                        java.nio.channels.ServerSocketChannel.open()
                                .bind(new java.net.InetSocketAddress("127.0.0.1", 0));
                SocketChannel sender = SocketChannel.open(listener.getLocalAddress())) {
            PartChannel receiver = new PartChannel(new PlainStream(listener.accept()));
            try (receiver) {
                sender.write(ByteBuffer.wrap(wire));
                sender.shutdownOutput();
                return receiver.receive();
            }
        }
    }
}
