package dev.sluice.gateway;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * A process of many clients that go some way into a connection and then sit there, until its input
 * ends. Arguments: the port, how many. It says {@code seated} when all are.
 */
final class Strangers {
    private static final byte[] SSL_REQUEST = {0, 0, 0, 8, 0x04, (byte) 0xd2, 0x16, 0x2f};
    private static final int AT_ONCE = 16;

    /** How far they go. */
    enum Stage {
        CONNECTED,
        HALF_A_STARTUP_PACKET,
        ENCRYPTED,
        ASKED_FOR_A_PASSWORD,
        CHALLENGED
    }

    /** Handshakes cost more than all else here: one in as many does one. */
    private static final int HANDSHAKES = 8;

    private final int port;
    private final SSLContext context;

    private Strangers(int port) throws GeneralSecurityException {
        this.port = port;
        this.context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, new SecureRandom());
    }

    public static void main(String[] arguments)
            throws GeneralSecurityException, IOException, InterruptedException, ExecutionException {
        Strangers strangers = new Strangers(Integer.parseInt(arguments[0]));
        int count = Integer.parseInt(arguments[1]);
        List<Socket> seated = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
            List<Future<Socket>> coming = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Stage stage = stage(i);
                coming.add(threads.submit(() -> strangers.seat(stage)));
            }
            for (Future<Socket> each : coming) {
                seated.add(each.get());
            }
        }
        System.out.println("seated");
        while (System.in.read() >= 0) {
            // until the test is done
        }
        Runtime.getRuntime().halt(seated.size() == count ? 0 : 1);
    }

    private static Stage stage(int i) {
        if (i % HANDSHAKES == 0) {
            return i % (2 * HANDSHAKES) == 0 ? Stage.ENCRYPTED : Stage.CHALLENGED;
        }
        return switch (i % 3) {
            case 0 -> Stage.CONNECTED;
            case 1 -> Stage.HALF_A_STARTUP_PACKET;
            default -> Stage.ASKED_FOR_A_PASSWORD;
        };
    }

    private Socket seat(Stage stage) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        switch (stage) {
            case CONNECTED -> {}
            case HALF_A_STARTUP_PACKET -> socket.getOutputStream().write(startup(8000), 0, 4000);
            case ENCRYPTED -> {
                return encrypted(socket);
            }
            case ASKED_FOR_A_PASSWORD -> {
                socket.getOutputStream().write(startup(0));
                expect(socket, 10);
            }
            case CHALLENGED -> {
                Socket inside = encrypted(socket);
                inside.getOutputStream().write(startup(0));
                expect(inside, 10);
                inside.getOutputStream().write(firstMessage());
                expect(inside, 11);
                return inside;
            }
        }
        return socket;
    }

    private Socket encrypted(Socket socket) throws IOException {
        socket.getOutputStream().write(SSL_REQUEST);
        if (socket.getInputStream().read() != 'S') {
            throw new EOFException("no TLS");
        }
        return context.getSocketFactory().createSocket(socket, "localhost", port, true);
    }

    private static byte[] startup(int padding) {
        byte[] parameters =
                ("user\0alice\0database\0app\0application_name\0" + "x".repeat(padding) + "\0\0")
                        .getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(8 + parameters.length)
                .putInt(8 + parameters.length)
                .putInt(3 << 16)
                .put(parameters)
                .array();
    }

    private static byte[] firstMessage() {
        byte[] mechanism = "SCRAM-SHA-256\0".getBytes(StandardCharsets.US_ASCII);
        byte[] message = "n,,n=,r=aNonceOfTheClient".getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(1 + 4 + mechanism.length + 4 + message.length)
                .put((byte) 'p')
                .putInt(4 + mechanism.length + 4 + message.length)
                .put(mechanism)
                .putInt(message.length)
                .put(message)
                .array();
    }

    /** Reads one authentication request of a kind. */
    private static void expect(Socket socket, int kind) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte type = in.readByte();
        byte[] body = in.readNBytes(in.readInt() - 4);
        if (type != 'R' || ByteBuffer.wrap(body).getInt() != kind) {
            throw new IOException(new String(body, StandardCharsets.UTF_8));
        }
    }

    /** Who the server is does not matter here. */
    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
