package dev.sluice.benchmarks.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * Clients that ask one query after the other, each over a connection of its own, as fast as they
 * are answered; prints requests per second and latencies. It knows just enough of HTTP/1.1,
 * WebSocket and Postgres to cost little beside the server that it shares a machine with.
 *
 * <p>Arguments: {@code http} or {@code websocket}; a connection string; a file with the certificate
 * authority, or {@code -} for no TLS; clients; seconds; the query.
 */
public final class SqlLoad {
    private static final byte[] MASK = {0, 0, 0, 0};

    private SqlLoad() {}

    /** A client that is connected. */
    private interface Asker extends Closeable {
        void ask() throws IOException;
    }

    public static void main(String[] arguments)
            throws IOException, GeneralSecurityException, InterruptedException, ExecutionException {
        String kind = arguments[0];
        URI server = URI.create(arguments[1]);
        SocketFactory sockets =
                arguments[2].equals("-")
                        ? SocketFactory.getDefault()
                        : trusting(Path.of(arguments[2])).getSocketFactory();
        int clients = Integer.parseInt(arguments[3]);
        double seconds = Double.parseDouble(arguments[4]);
        String query = arguments[5];
        List<Future<long[]>> work = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            FutureTask<long[]> task =
                    new FutureTask<>(() -> {
                        Socket socket = sockets.createSocket(server.getHost(), server.getPort());
                        socket.setTcpNoDelay(true);
                        try (Asker asker =
                                kind.equals("http")
                                        ? new Http(socket, server, query)
                                        : new WebSocket(socket, server, query)) {
                            return run(asker, seconds);
                        }
                    });
            Thread.ofPlatform().start(task);
            work.add(task);
        }
        long[] all = new long[0];
        for (Future<long[]> each : work) {
            long[] more = each.get();
            int before = all.length;
            all = Arrays.copyOf(all, before + more.length);
            System.arraycopy(more, 0, all, before, more.length);
        }
        Arrays.sort(all);
        String line =
                String.format(
                        Locale.ROOT,
                        "%8.0f requests/s   p50 %6.2f ms   p99 %6.2f ms%n",
                        all.length / seconds,
                        all[all.length / 2] / 1e6,
                        all[(int) (all.length * 0.99)] / 1e6);
        System.out.print(line);
    }

    private static SSLContext trusting(Path authority)
            throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var file = Files.newInputStream(authority)) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    /** A second to warm up, then as long as it is measured: the latencies, in nanoseconds. */
    private static long[] run(Asker asker, double seconds) throws IOException {
        long start = System.nanoTime() + 1_000_000_000L;
        while (System.nanoTime() < start) {
            asker.ask();
        }
        long end = start + (long) (seconds * 1e9);
        long[] latencies = new long[1024];
        int count = 0;
        for (long before = System.nanoTime(); before < end; ) {
            asker.ask();
            long after = System.nanoTime();
            if (count == latencies.length) {
                latencies = Arrays.copyOf(latencies, 2 * count);
            }
            latencies[count++] = after - before;
            before = after;
        }
        return Arrays.copyOf(latencies, count);
    }

    /** {@code POST /sql}, over one connection that is kept. */
    private static final class Http implements Asker {
        private final Socket socket;
        private final DataInputStream in;
        private final byte[] request;

        Http(Socket socket, URI server, String query) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            String body = "{\"query\":\"" + query + "\",\"params\":[]}";
            this.request =
                    ("POST /sql HTTP/1.1\r\nHost: "
                                    + server.getHost()
                                    + "\r\nNeon-Connection-String: "
                                    + server
                                    + "\r\nNeon-Raw-Text-Output: true\r\nNeon-Array-Mode: true\r\nContent-Length: "
                                    + body.length()
                                    + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.US_ASCII);
        }

        @Override
        public void ask() throws IOException {
            socket.getOutputStream().write(request);
            String status = line(in);
            int length = 0;
            for (String header = line(in); !header.isEmpty(); header = line(in)) {
                if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(header.substring(15).strip());
                }
            }
            byte[] body = in.readNBytes(length);
            if (!status.contains(" 200 ")) {
                throw new IOException(status + " " + new String(body, StandardCharsets.UTF_8));
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static String line(DataInputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server closed the connection");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** The simple query protocol inside a WebSocket. */
    private static final class WebSocket implements Asker {
        private final Socket socket;
        private final DataInputStream in;
        private final byte[] question;
        private byte[] frame = new byte[0];
        private int at;

        WebSocket(Socket socket, URI server, String query) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
            socket.getOutputStream()
                    .write(
                            ("GET /v2 HTTP/1.1\r\nHost: "
                                            + server.getHost()
                                            + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            String status = line(in);
            if (!status.contains(" 101 ")) {
                throw new IOException(status);
            }
            String header = line(in);
            while (!header.isEmpty()) {
                header = line(in);
            }
            String[] login = server.getUserInfo().split(":", 2);
            send(startup(login[0], server.getPath().substring(1), server.getQuery()));
            send(message('p', login[1]));
            awaitReady();
            question = message('Q', query);
        }

        private static byte[] startup(String user, String database, String query)
                throws IOException {
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(body);
            out.writeInt(196_608);
            String options = query.replaceAll(".*options=([^&]*).*", "$1");
            for (String text :
                    List.of("user", user, "database", database, "options", options, "")) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
                out.write(0);
            }
            return prefixed(null, body.toByteArray());
        }

        private static byte[] message(char type, String text) throws IOException {
            return prefixed(type, (text + "\0").getBytes(StandardCharsets.UTF_8));
        }

        private static byte[] prefixed(@Nullable Character type, byte[] body) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            if (type != null) {
                out.write(type);
            }
            out.writeInt(body.length + 4);
            out.write(body);
            return bytes.toByteArray();
        }

        private void send(byte[] payload) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(0x82);
            if (payload.length < 126) {
                bytes.write(0x80 | payload.length);
            } else {
                bytes.write(0x80 | 126);
                bytes.write(payload.length >> 8);
                bytes.write(payload.length & 0xff);
            }
            bytes.write(MASK);
            bytes.write(payload);
            socket.getOutputStream().write(bytes.toByteArray());
        }

        private int next() throws IOException {
            while (at == frame.length) {
                int opcode = in.readUnsignedByte() & 0x0f;
                int length = in.readUnsignedByte();
                if (length == 126) {
                    length = in.readUnsignedShort();
                } else if (length == 127) {
                    length = (int) in.readLong();
                }
                frame = in.readNBytes(length);
                at = 0;
                if (opcode == 8) {
                    throw new EOFException("the server closed the WebSocket");
                }
            }
            return frame[at++] & 0xff;
        }

        private void awaitReady() throws IOException {
            while (true) {
                int type = next();
                int length = (next() << 24 | next() << 16 | next() << 8 | next()) - 4;
                byte[] body = new byte[length];
                for (int i = 0; i < length; i++) {
                    body[i] = (byte) next();
                }
                if (type == 'E') {
                    throw new IOException(new String(body, StandardCharsets.UTF_8));
                }
                if (type == 'Z') {
                    return;
                }
            }
        }

        @Override
        public void ask() throws IOException {
            send(question);
            awaitReady();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
