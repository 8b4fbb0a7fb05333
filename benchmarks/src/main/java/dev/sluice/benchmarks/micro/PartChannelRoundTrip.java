package dev.sluice.benchmarks.micro;

import dev.sluice.tls.PartCertificates;
import dev.sluice.tls.PartIdentity;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartServer;
import dev.sluice.wire.part.PartTls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does one question between parts cost, with a page in the answer: over a Unix socket, over
 * TCP as it is, and over TCP with TLS and certificates on both sides?
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PartChannelRoundTrip {
    private static final int TYPE = 1;

    /** What lies between the parts. */
    public enum Way {
        UNIX,
        TCP,
        TLS
    }

    @Param({"UNIX", "TCP", "TLS"})
    public Way way = Way.UNIX;

    private final ByteBuffer question = ByteBuffer.allocate(32);
    private @Nullable Path directory;
    private @Nullable PartServer server;
    private @Nullable PartChannel channel;

    @Setup
    public void start() throws IOException {
        Path made = Files.createTempDirectory("part");
        PartAddress address =
                way == Way.UNIX
                        ? new PartAddress.Unix(made.resolve("socket"))
                        : new PartAddress.Tcp("127.0.0.1", 0);
        if (way == Way.TLS) {
            PartCertificates.issue(
                    made,
                    Map.of("agent", PartRole.AGENT.uri(), "pageserver", PartRole.PAGESERVER.uri()),
                    List.of("127.0.0.1"));
        }
        PartServer started =
                PartServer.start(
                        "benchmark",
                        address,
                        network(made, PartRole.PAGESERVER).access(PartRole.AGENT),
                        PartChannelRoundTrip::answer);
        directory = made;
        server = started;
        channel = network(made, PartRole.AGENT).connect(started.address(), PartRole.PAGESERVER);
    }

    private PartNetwork network(Path certificates, PartRole role) throws IOException {
        if (way != Way.TLS) {
            return PartNetwork.PLAIN;
        }
        PartIdentity identity =
                PartIdentity.of(
                        PartCertificates.file(certificates, role.text()),
                        certificates.resolve("ca.crt"));
        return PartNetwork.with(new PartTls(identity::context));
    }

    private static void answer(PartChannel client) throws IOException {
        ByteBuffer page = ByteBuffer.allocate(8192);
        while (client.receive() != null) {
            client.send(TYPE, page.duplicate());
        }
    }

    @Benchmark
    public @Nullable PartFrame page() throws IOException {
        PartChannel open = channel;
        if (open == null) {
            throw new IllegalStateException("not started");
        }
        open.send(TYPE, question.duplicate());
        return open.receive();
    }

    @TearDown
    public void stop() throws IOException {
        if (channel != null) {
            channel.close();
        }
        if (server != null) {
            server.close();
        }
        if (directory != null) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
