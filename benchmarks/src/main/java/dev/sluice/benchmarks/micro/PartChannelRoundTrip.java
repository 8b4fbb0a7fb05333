package dev.sluice.benchmarks.micro;

import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartChannel;
import dev.sluice.wire.part.PartFrame;
import dev.sluice.wire.part.PartServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What does one question between parts cost, with a page in the answer, over a Unix socket? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PartChannelRoundTrip {
    private static final int TYPE = 1;

    private final ByteBuffer question = ByteBuffer.allocate(32);
    private @Nullable Path directory;
    private @Nullable PartServer server;
    private @Nullable PartChannel channel;

    @Setup
    public void start() throws IOException {
        Path made = Files.createTempDirectory("part");
        PartServer started =
                PartServer.start(
                        "benchmark",
                        new PartAddress.Unix(made.resolve("socket")),
                        PartChannelRoundTrip::answer);
        directory = made;
        server = started;
        channel = PartChannel.connect(started.address());
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
            Files.deleteIfExists(directory.resolve("socket"));
            Files.delete(directory);
        }
    }
}
