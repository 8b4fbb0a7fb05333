package dev.sluice.wire.part;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 90, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PartServerTest {
    private static final int MOST_FILES = 100;
    private static final String READY = "ready";

    @TempDir Path directory;

    /** A process of its own, which can run out of files without the test doing so. */
    static final class Echo {
        private Echo() {}

        public static void main(String[] arguments) throws Exception {
            PartAddress address = new PartAddress.Unix(Path.of(arguments[0]));
            try (PartServer _ = PartServer.start("echo", address, Echo::answer)) {
                System.out.println(READY);
                while (System.in.read() >= 0) {
                    // until the test is gone
                }
            }
        }

        private static void answer(PartChannel channel) throws IOException {
            for (PartFrame frame; (frame = channel.receive()) != null; ) {
                channel.send(frame.type(), frame.payload());
            }
        }
    }

    private static Process start(PartAddress.Unix address) throws IOException {
        Process process =
                new ProcessBuilder(
                                "sh",
                                "-c",
                                "ulimit -n " + MOST_FILES + " && exec \"$0\" \"$@\"",
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx64m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Echo.class.getName(),
                                address.path().toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
        for (String line; (line = said.readLine()) != null; ) {
            if (line.equals(READY)) {
                return process;
            }
        }
        throw new IOException("it did not start");
    }

    private static boolean answers(PartChannel channel, Duration limit) throws IOException {
        channel.send(1, ByteBuffer.allocate(10));
        try {
            return channel.receive(limit) != null;
        } catch (SocketTimeoutException full) {
            return false;
        }
    }

    @Test
    void oneThatHadTooManyOpenFilesGoesOnAccepting() throws Exception {
        PartAddress.Unix address = new PartAddress.Unix(directory.resolve("echo"));
        Process server = start(address);
        Deque<PartChannel> open = new ArrayDeque<>();
        try {
            do {
                open.add(PartChannel.connect(address));
            } while (answers(open.getLast(), Duration.ofSeconds(2)));
            assertThat(open).hasSizeBetween(20, MOST_FILES);
            while (!open.isEmpty()) {
                open.remove().close();
            }
            try (PartChannel channel = PartChannel.connect(address)) {
                assertThat(answers(channel, Duration.ofSeconds(20))).isTrue();
            }
        } finally {
            for (PartChannel channel : open) {
                channel.close();
            }
            server.destroyForcibly().onExit().join();
        }
    }
}
