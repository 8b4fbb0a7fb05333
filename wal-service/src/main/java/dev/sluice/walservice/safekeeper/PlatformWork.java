package dev.sluice.walservice.safekeeper;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** What a virtual thread has a platform thread do. */
final class PlatformWork {
    private PlatformWork() {}

    /**
     * Waits until it is over, also if this thread is interrupted, which it then still is: what is
     * under way has files open, and must not go on behind the back of who asked for it.
     */
    static <T extends @Nullable Object> T await(Future<T> work) throws ExecutionException {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return work.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
