package dev.sluice.gateway;

import dev.sluice.gateway.routing.ComputeAddress;
import dev.sluice.wire.backend.AuthenticationOk;
import dev.sluice.wire.backend.AuthenticationSASL;
import dev.sluice.wire.backend.AuthenticationSASLContinue;
import dev.sluice.wire.backend.AuthenticationSASLFinal;
import dev.sluice.wire.backend.BackendKeyData;
import dev.sluice.wire.backend.BackendMessage;
import dev.sluice.wire.backend.ParameterStatus;
import dev.sluice.wire.backend.ReadyForQuery;
import dev.sluice.wire.backend.TransactionStatus;
import dev.sluice.wire.frame.FrameHeader;
import dev.sluice.wire.frame.OpaqueFrame;
import dev.sluice.wire.frontend.SASLInitialResponse;
import dev.sluice.wire.frontend.SASLResponse;
import dev.sluice.wire.scram.ScramServer;
import dev.sluice.wire.scram.ScramVerifier;
import dev.sluice.wire.startup.CancelKey;
import dev.sluice.wire.startup.CancelRequest;
import dev.sluice.wire.startup.StartupPacket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Speaks like a Postgres up to some phase of a connection, drawn for each, and says anything at all
 * from there on. Then it closes, at once or when its peer does.
 */
final class ImpostorPostgres implements AutoCloseable {
    private final ServerSocket listener;
    private final ScramVerifier verifier;
    private final AtomicLong seeds;
    final AtomicLong connections = new AtomicLong();

    ImpostorPostgres(ScramVerifier verifier, long seed) throws IOException {
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        this.verifier = verifier;
        this.seeds = new AtomicLong(seed);
        Thread.ofVirtual().start(this::accept);
    }

    ComputeAddress address() {
        return new ComputeAddress.Tcp("127.0.0.1", listener.getLocalPort());
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                connections.incrementAndGet();
                Random random = new Random(seeds.getAndIncrement());
                Thread.ofVirtual().start(() -> serve(socket, random));
            } catch (IOException e) {
                // closed
            }
        }
    }

    private void serve(Socket socket, Random random) {
        try (socket) {
            socket.setSoTimeout(20_000);
            new Conversation(socket, random).run();
        } catch (IOException | RuntimeException e) {
            // whatever it sent, it is gone
        }
    }

    private final class Conversation {
        private final Socket socket;
        private final Random random;
        private final ByteBuf in = Unpooled.buffer();

        Conversation(Socket socket, Random random) {
            this.socket = socket;
            this.random = random;
        }

        private void run() throws IOException {
            int phase = random.nextInt(6);
            StartupPacket packet = StartupPacket.read(in);
            while (packet == null) {
                more();
                packet = StartupPacket.read(in);
            }
            if (packet instanceof CancelRequest) {
                noise();
                return;
            }
            if (phase == 0) {
                noise();
                return;
            }
            send(new AuthenticationSASL(List.of("SCRAM-SHA-256")));
            SASLInitialResponse first = SASLInitialResponse.decode(message().body());
            if (phase == 1) {
                noise();
                return;
            }
            ScramServer scram =
                    new ScramServer(first.mechanism(), verifier, null, new SecureRandom());
            byte[] challenge =
                    scram.challenge(
                            ByteBufUtil.getBytes(java.util.Objects.requireNonNull(first.data())));
            send(new AuthenticationSASLContinue(Unpooled.wrappedBuffer(challenge)));
            byte[] proof = ByteBufUtil.getBytes(SASLResponse.decode(message().body()).data());
            if (phase == 2) {
                noise();
                return;
            }
            send(
                    new AuthenticationSASLFinal(
                            Unpooled.copiedBuffer(
                                    scram.verify(proof).orElseThrow().serverFinal(),
                                    StandardCharsets.US_ASCII)));
            send(new AuthenticationOk());
            if (phase == 3) {
                noise();
                return;
            }
            send(new ParameterStatus("server_version", "17.0"));
            send(new BackendKeyData(7, CancelKey.of(new byte[] {1, 2, 3, 4})));
            send(new ReadyForQuery(TransactionStatus.IDLE));
            if (phase == 4) {
                message();
            }
            noise();
        }

        private void noise() throws IOException {
            byte[] bytes = new Noise(random).fromAServer();
            int cut = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
            socket.getOutputStream().write(bytes, 0, cut);
            socket.getOutputStream().write(bytes, cut, bytes.length - cut);
            if (random.nextBoolean()) {
                socket.shutdownOutput();
                var _ = socket.getInputStream().readAllBytes();
            }
        }

        private OpaqueFrame message() throws IOException {
            OpaqueFrame frame = OpaqueFrame.read(in, FrameHeader.MAX_LENGTH);
            while (frame == null) {
                more();
                frame = OpaqueFrame.read(in, FrameHeader.MAX_LENGTH);
            }
            return frame;
        }

        private void more() throws IOException {
            byte[] piece = new byte[4096];
            int count = socket.getInputStream().read(piece);
            if (count < 0) {
                throw new IOException("gone");
            }
            in.writeBytes(piece, 0, count);
        }

        private void send(BackendMessage message) throws IOException {
            ByteBuf bytes = Unpooled.buffer();
            message.encode(bytes);
            socket.getOutputStream().write(ByteBufUtil.getBytes(bytes));
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
