package dev.sluice.compute.shim;

import dev.sluice.wire.Lsn;
import java.io.IOException;

/** A flush that is durable when it returns. */
interface BlockingFlush {
    void flush(Lsn writtenUpTo) throws IOException;

    /** The same, each on a thread of its own. */
    static WalFlush waiting(BlockingFlush flush) {
        return (writtenUpTo, then) ->
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                flush.flush(writtenUpTo);
                            } catch (IOException e) {
                                then.failed(e);
                                return;
                            }
                            then.durable(writtenUpTo);
                        });
    }
}
