package dev.sluice.controlplane.cli;

import dev.sluice.storage.oracle.RedoListener;
import dev.sluice.wire.Lsn;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** Prints differences as they are found, and every few seconds how far redo is. */
final class RedoProgress implements RedoListener {
    private static final long EACH_NANOS = 3_000_000_000L;
    private static final double NANOS = 1e9;
    private static final double MIB = 1 << 20;

    private final PrintWriter progress;
    private final @Nullable PrintWriter differences;
    private final long begun = System.nanoTime();
    private long said = begun;
    private long count;

    /**
     * @param differences where they are printed; null: nowhere
     */
    RedoProgress(PrintWriter progress, @Nullable PrintWriter differences) {
        this.progress = progress;
        this.differences = differences;
    }

    @Override
    public void difference(String difference) {
        count++;
        if (differences != null) {
            differences.println(difference);
        }
    }

    @Override
    public void progress(Lsn at, long bytes) {
        long now = System.nanoTime();
        if (now - said >= EACH_NANOS) {
            said = now;
            progress.printf(
                    "redo is at %s: %.0f MB, %.0f MB/s, %d differences%n",
                    at, bytes / MIB, bytes / MIB / seconds(), count);
            progress.flush();
        }
    }

    /** Since it was made. */
    double seconds() {
        return (System.nanoTime() - begun) / NANOS;
    }
}
