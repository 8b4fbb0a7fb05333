package dev.sluice.gateway.token;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where a provider's key set is read from. */
public sealed interface KeySource {
    /** A key set is a few keys. */
    int MAX_BYTES = 64 << 10;

    /** Reads it. Blocks, for {@link Web#PATIENCE} at most. */
    String read() throws IOException, InterruptedException;

    /** A file of this machine. */
    record InFile(Path file) implements KeySource {
        @Override
        public String read() throws IOException {
            if (Files.size(file) > MAX_BYTES) {
                throw new IOException(file + " has more than " + MAX_BYTES + " bytes");
            }
            return Files.readString(file);
        }
    }

    /** Something on the web. Redirects are not followed: the operator says where the keys are. */
    record Web(URI address) implements KeySource {
        static final Duration PATIENCE = Duration.ofSeconds(5);

        /**
         * @throws IllegalArgumentException unless it is {@code https}, or {@code http} on this
         *     machine: who can change the keys on the way can log in
         */
        public Web {
            String host = address.getHost();
            boolean safe =
                    "https".equals(address.getScheme())
                            || ("http".equals(address.getScheme()) && isLocal(host));
            if (host == null || !safe) {
                throw new IllegalArgumentException(
                        "keys of tokens must come by https, not from " + address);
            }
        }

        private static boolean isLocal(String host) {
            return "localhost".equals(host)
                    || InetAddress.getLoopbackAddress().getHostAddress().equals(host);
        }

        @Override
        public String read() throws IOException, InterruptedException {
            try (HttpClient client =
                    HttpClient.newBuilder()
                            .connectTimeout(PATIENCE)
                            .followRedirects(HttpClient.Redirect.NEVER)
                            .build()) {
                CompletableFuture<String> reading =
                        client.sendAsync(
                                        HttpRequest.newBuilder(address)
                                                .header("Accept", "application/json")
                                                .build(),
                                        HttpResponse.BodyHandlers.ofInputStream())
                                .thenApply(Web::body);
                try {
                    return reading.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    throw new IOException("no answer from " + address + " in time", e);
                } catch (ExecutionException e) {
                    throw new IOException(address + ": " + e.getCause(), e);
                } finally {
                    client.shutdownNow();
                }
            }
        }

        private static String body(HttpResponse<InputStream> response) {
            try (InputStream in = response.body()) {
                if (response.statusCode() != 200) {
                    throw new IOException("status " + response.statusCode());
                }
                byte[] bytes = in.readNBytes(MAX_BYTES + 1);
                if (bytes.length > MAX_BYTES) {
                    throw new IOException("more than " + MAX_BYTES + " bytes");
                }
                return new String(bytes, StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
