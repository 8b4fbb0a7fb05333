package dev.sluice.walservice.replication;

import dev.sluice.wire.SqlState;
import dev.sluice.wire.backend.Diagnostic;
import dev.sluice.wire.backend.ErrorResponse;
import dev.sluice.wire.part.PartStream;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Postgres clients of one safekeeper. There is a bound to their number, and one that is not
 * heard of for as long as {@code wal_sender_timeout} is by default in Postgres is let go.
 */
public final class Readers implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Readers.class);

    /** How many there may be. */
    static final int MOST = 100;

    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final String name;
    private final WalSource source;
    private final Duration timeout;
    private final Set<ReaderConversation> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer;

    /**
     * @param name the safekeeper's, for the log
     */
    public Readers(String name, WalSource source) {
        this(name, source, TIMEOUT);
    }

    Readers(String name, WalSource source, Duration timeout) {
        this.name = name;
        this.source = source;
        this.timeout = timeout;
        this.timer =
                Executors.newSingleThreadScheduledExecutor(
                        task -> Thread.ofVirtual().name(name + "-readers").unstarted(task));
        long period = timeout.toMillis() / 6;
        var _ =
                timer.scheduleWithFixedDelay(
                        this::letGoTheSilent, period, period, TimeUnit.MILLISECONDS);
    }

    /** Serves one, from its startup packet on, until it goes. */
    public void serve(PartStream stream) throws IOException {
        ReaderChannel channel = new ReaderChannel(stream);
        ReaderConversation conversation = new ReaderConversation(channel, source, timeout);
        open.add(conversation);
        try {
            if (open.size() > MOST) {
                channel.send(
                        new ErrorResponse(
                                Diagnostic.of(
                                        Diagnostic.Severity.FATAL,
                                        SqlState.TOO_MANY_CONNECTIONS,
                                        "sorry, too many readers already")));
                return;
            }
            conversation.run();
        } finally {
            open.remove(conversation);
            channel.finish();
        }
    }

    private void letGoTheSilent() {
        for (ReaderConversation conversation : open) {
            try {
                conversation.closeIfSilent();
            } catch (IOException e) {
                log.debug("{}: a silent reader is gone", name, e);
            }
        }
    }

    /** Stops looking for silent ones. Their connections are the server's to close. */
    @Override
    public void close() {
        timer.shutdownNow();
    }
}
