package dev.sluice.controlplane.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class PartLockTest {
    @TempDir Path folder;

    private final List<String> said = new CopyOnWriteArrayList<>();

    @Test
    void whoWaitsSaysForWhomAndGoesOnWhenThatOneIsGone() throws Exception {
        Process holder = holder();
        try {
            CompletableFuture<PartLock> waiting = CompletableFuture.supplyAsync(this::take);
            await().untilAsserted(() ->
                    assertThat(said)
                            .containsExactly(
                                    "waiting for process %d to end, which runs pageserver on %s"
                                            .formatted(holder.pid(), folder)));
            assertThat(waiting).isNotDone();
            holder.destroyForcibly().waitFor();
            waiting.get().close();
        } finally {
            holder.destroyForcibly();
        }
    }

    @Test
    void nothingIsSaidWhereNobodyWaits() throws Exception {
        take().close();
        take().close();
        assertThat(said).isEmpty();
    }

    private PartLock take() {
        try {
            return PartLock.take(folder, "pageserver", said::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process holder() throws IOException {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Holder.class.getName(),
                                folder.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader out = process.inputReader();
        String line = out.readLine();
        while (line != null && !line.equals("taken")) {
            line = out.readLine();
        }
        assertThat(line).isEqualTo("taken");
        return process;
    }

    /** Takes the lock, and keeps it until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws Exception {
            try (PartLock _ = PartLock.take(Path.of(arguments[0]), "pageserver", _ -> {})) {
                System.out.println("taken");
                System.out.flush();
                System.in.read();
            }
        }
    }
}
