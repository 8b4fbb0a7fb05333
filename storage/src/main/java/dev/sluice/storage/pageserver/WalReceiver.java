package dev.sluice.storage.pageserver;

import dev.sluice.storage.ingest.IngestException;
import dev.sluice.storage.ingest.ModificationSink;
import dev.sluice.storage.ingest.SharedCatalog;
import dev.sluice.storage.ingest.WalIngest;
import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerDamagedException;
import dev.sluice.storage.postgres.PostgresMajor;
import dev.sluice.storage.redo.RedoException;
import dev.sluice.storage.timeline.Complaint;
import dev.sluice.storage.timeline.Timeline;
import dev.sluice.storage.timeline.TimelinePosition;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.WalChunk;
import dev.sluice.walservice.client.WalStream;
import dev.sluice.walservice.wal.WalDecoder;
import dev.sluice.walservice.wal.WalFormatException;
import dev.sluice.walservice.wal.WalRecord;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows a timeline's WAL: streams it from one of its safekeepers, decodes it and ingests it, on a
 * thread of its own, which is the timeline's writing thread.
 *
 * <p>When a safekeeper is lost it goes on with the next one, after a pause that grows. A record
 * that is not right WAL or that ingest refuses stops it for good, since every safekeeper has the
 * same one; the timeline then says why. An error of the disk is tried again.
 */
final class WalReceiver {
    private static final Logger log = LoggerFactory.getLogger(WalReceiver.class);
    private static final Duration RECONNECT_MIN = Duration.ofMillis(20);

    private final Timeline timeline;
    private final PostgresMajor major;
    private final PartNetwork network;
    private final List<PartAddress> safekeepers;
    private final Duration reconnectMax;
    private final PageserverCounters counters;
    private final PageserverListener listener;
    private final Complaint complaint = new Complaint();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread;
    private volatile @Nullable WalStream stream;

    /** An error now is one of this pageserver, not of the safekeeper. Of the receiver's thread. */
    private boolean ingesting;

    WalReceiver(
            Timeline timeline,
            PostgresMajor major,
            PartNetwork network,
            List<PartAddress> safekeepers,
            Duration reconnectMax,
            PageserverCounters counters,
            PageserverListener listener) {
        this.timeline = timeline;
        this.major = major;
        this.network = network;
        this.safekeepers = List.copyOf(safekeepers);
        this.reconnectMax = reconnectMax;
        this.counters = counters;
        this.listener = listener;
        this.thread =
                Thread.ofVirtual()
                        .name("wal-receiver-" + timeline.id().timeline())
                        .unstarted(this::run);
    }

    List<PartAddress> safekeepers() {
        return safekeepers;
    }

    boolean isAlive() {
        return thread.isAlive();
    }

    void start() {
        thread.start();
    }

    /** Stops after the record at hand; the timeline has no writing thread afterwards. */
    void stop() throws IOException {
        stopped.countDown();
        WalStream current = stream;
        if (current != null) {
            current.close();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isStopped() {
        return stopped.getCount() == 0;
    }

    private void run() {
        Duration pause = RECONNECT_MIN;
        for (int turn = 0; !isStopped(); turn++) {
            Lsn before = timeline.position().end();
            PartAddress safekeeper = safekeepers.get(turn % safekeepers.size());
            try {
                follow(safekeeper);
            } catch (IngestException
                    | WalFormatException
                    | RedoException
                    | LayerDamagedException e) {
                stopForGood(e);
                return;
            } catch (IOException e) {
                if (ingesting && !isStopped()) {
                    waitForDisk(e);
                } else if (!isStopped()) {
                    log.info("{}: from {}: {}", timeline.id(), safekeeper, e.toString());
                }
            } catch (RuntimeException | Error e) {
                stopForGood(e);
                return;
            }
            pause = timeline.position().end().isAfter(before) ? RECONNECT_MIN : longer(pause);
            await(pause);
        }
    }

    /** Until the next attempt gets as far. */
    private void waitForDisk(IOException e) {
        if (complaint.failed(System.nanoTime())) {
            log.error(
                    "{}: ingest waits at {}: {}",
                    timeline.id(),
                    timeline.position().end(),
                    e.getMessage());
        }
        timeline.fail(e);
    }

    private void stopForGood(Throwable e) {
        log.error("{}: ingest stopped at {}", timeline.id(), timeline.position().end(), e);
        timeline.fail(e);
        listener.ingestStopped(timeline.id(), e);
    }

    private Duration longer(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(reconnectMax) < 0 ? twice : reconnectMax;
    }

    private void await(Duration pause) {
        try {
            boolean _ = stopped.await(pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopped.countDown();
        }
    }

    private void follow(PartAddress safekeeper) throws IOException {
        TimelinePosition from = timeline.position();
        ingesting = false;
        try (WalStream wal =
                new SafekeeperClient(network, safekeeper).stream(timeline.id(), from.end())) {
            stream = wal;
            timeline.resume();
            IngestFeedback feedback = new IngestFeedback();
            WalDecoder decoder = new WalDecoder(from.end(), from.previousRecord());
            WalIngest ingest = major.ingest("" + timeline.id().timeline(), timeline, from.end());
            feedback.tellIfDue(wal, timeline, true);
            while (!isStopped()) {
                ingesting = false;
                WalChunk chunk = wal.next();
                ingesting = true;
                if (chunk.isHeartbeat()) {
                    timeline.freezeIfDue();
                } else {
                    decoder.feed(chunk.wal());
                    ingest(decoder, ingest, chunk);
                }
                ingesting = false;
                feedback.tellIfDue(wal, timeline, chunk.isHeartbeat());
            }
        } finally {
            stream = null;
        }
    }

    private void ingest(WalDecoder decoder, WalIngest ingest, WalChunk chunk) throws IOException {
        int records = 0;
        long bytes = chunk.end().minus(chunk.start());
        for (WalRecord record = decoder.next(); record != null; record = decoder.next()) {
            Sink sink = new Sink(record.end());
            ingest.ingest(record, sink);
            timeline.endRecord(record.start(), record.end());
            sink.announce();
            records++;
        }
        counters.countIngest(records, bytes);
        listener.ingested(timeline.id(), records, bytes, timeline.position().end());
    }

    private final class Sink implements ModificationSink {
        private final Lsn end;
        private @Nullable Set<SharedCatalog> catalogs;

        Sink(Lsn end) {
            this.end = end;
        }

        @Override
        public void put(Key key, Value value) throws IOException {
            timeline.put(key, end, value);
        }

        @Override
        public void changed(SharedCatalog catalog) {
            if (catalogs == null) {
                catalogs = EnumSet.noneOf(SharedCatalog.class);
            }
            catalogs.add(catalog);
        }

        void announce() {
            if (catalogs != null) {
                catalogs.forEach(catalog -> listener.catalogChanged(timeline.id(), catalog, end));
            }
        }
    }
}
