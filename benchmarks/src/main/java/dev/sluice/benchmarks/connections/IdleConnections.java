package dev.sluice.benchmarks.connections;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.DriverManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Opens connections, says {@code open} when all are, and keeps them until its input ends.
 *
 * <p>Arguments: {@code tcp} (nothing is said), {@code tls} (encrypted, but nothing is said inside)
 * or {@code session} (logged in); a connection string, for sessions as pgjdbc wants it; how many;
 * and {@code visit} if each is to be closed as soon as it is open, which gives a server the work of
 * so many connections, and leaves it with none.
 */
public final class IdleConnections {
    private static final int AT_ONCE = 32;
    private static final byte[] SSL_REQUEST = {0, 0, 0, 8, 0x04, (byte) 0xd2, 0x16, 0x2f};

    private IdleConnections() {}

    /** Opens one. */
    private interface Opening {
        AutoCloseable open() throws Exception;
    }

    public static void main(String[] arguments)
            throws IOException, InterruptedException, ExecutionException, GeneralSecurityException {
        String url = arguments[1];
        Opening opening =
                switch (arguments[0]) {
                    case "tcp" -> () -> socket(url);
                    case "tls" -> encrypted(url);
                    case "session" -> () -> DriverManager.getConnection(url);
                    default -> throw new IllegalArgumentException(arguments[0]);
                };
        int count = Integer.parseInt(arguments[2]);
        boolean visit = arguments.length > 3 && arguments[3].equals("visit");
        List<AutoCloseable> open = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
            List<Future<AutoCloseable>> coming = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                coming.add(threads.submit(visit ? () -> visited(opening) : opening::open));
            }
            for (Future<AutoCloseable> each : coming) {
                open.add(each.get());
            }
        }
        System.out.println("open");
        while (System.in.read() >= 0) {
            // until the one who measures is done
        }
        // Not closed one by one: the end of the process closes them all.
        Runtime.getRuntime().halt(open.size() == count ? 0 : 1);
    }

    private static AutoCloseable visited(Opening opening) throws Exception {
        try (AutoCloseable _ = opening.open()) {
            return () -> {};
        }
    }

    private static Socket socket(String url) throws IOException {
        URI server = URI.create(url);
        return new Socket(server.getHost(), server.getPort());
    }

    private static Opening encrypted(String url) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        // Who the server is does not matter here.
        TrustManager anyone =
                new X509TrustManager() {
                    @Override
                    public void checkClientTrusted(X509Certificate[] chain, String type) {}

                    @Override
                    public void checkServerTrusted(X509Certificate[] chain, String type) {}

                    @Override
                    public X509Certificate[] getAcceptedIssuers() {
                        return new X509Certificate[0];
                    }
                };
        context.init(null, new TrustManager[] {anyone}, new SecureRandom());
        return () -> {
            Socket plain = socket(url);
            plain.getOutputStream().write(SSL_REQUEST);
            if (plain.getInputStream().read() != 'S') {
                throw new EOFException("the server does not speak TLS");
            }
            SSLSocket socket =
                    (SSLSocket)
                            context.getSocketFactory()
                                    .createSocket(
                                            plain,
                                            URI.create(url).getHost(),
                                            plain.getPort(),
                                            true);
            socket.startHandshake();
            return socket;
        };
    }
}
