package dev.sluice.controlplane.server;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A part's place in a data folder, which one process has at a time. */
final class PartLock implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(PartLock.class);
    private static final int PID_BYTES = 20;

    private final FileChannel channel;

    private PartLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes it. An earlier process is waited for and not refused: one whose supervisor was killed
     * ends by itself, a little after the next supervisor has started the next one.
     *
     * @param name unique among the parts
     * @param progress told, as the log is, if somebody has it, and who
     */
    static PartLock take(Path folder, String name, Progress progress) throws IOException {
        Path file = folder.resolve("lock-" + name);
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() == null) {
                String waits =
                        "waiting for %s to end, which runs %s on %s"
                                .formatted(holder(channel), name, folder);
                log.warn(waits);
                progress.step(waits);
                FileLock _ = channel.lock();
            }
            channel.truncate(0);
            write(channel, Long.toString(ProcessHandle.current().pid()));
            return new PartLock(channel);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static void write(FileChannel channel, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes, bytes.position());
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(PID_BYTES);
        int length = channel.read(bytes, 0);
        return length <= 0
                ? "another process"
                : "process " + new String(bytes.array(), 0, length, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        channel.close(); // and with it the lock
    }
}
