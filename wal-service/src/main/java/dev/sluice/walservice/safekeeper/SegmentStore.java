package dev.sluice.walservice.safekeeper;

import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.objectstore.NoSuchObjectException;
import dev.sluice.walservice.objectstore.ObjectStore;
import dev.sluice.walservice.offload.DamagedObjectException;
import dev.sluice.walservice.offload.SegmentObject;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** WAL segments as {@link SegmentObject}s in the object store. Any number of threads. */
final class SegmentStore {
    private static final Logger log = LoggerFactory.getLogger(SegmentStore.class);
    private static final int PAGE = 1000;

    private final ObjectStore objects;
    private final Peers peers;

    /** Who may have what is damaged in the store; others join and leave. */
    interface Peers {
        List<SafekeeperClient> now() throws IOException;
    }

    SegmentStore(ObjectStore objects, Peers peers) {
        this.objects = objects;
        this.peers = peers;
    }

    /** A timeline, as its objects name it. */
    record Owner(TenantTimelineId id, long systemIdentifier, Lsn start) {
        static Owner of(TimelineStatus status) {
            return new Owner(status.id(), status.systemIdentifier(), status.start());
        }

        /** Where the WAL of a segment begins. */
        Lsn from(long segment) {
            return Lsn.max(start, WalSegments.segmentStart(segment));
        }
    }

    /**
     * Sees to it that a segment is there, whole and right, and reads it back. One that is there is
     * left alone if it is the same, and replaced if it is damaged.
     *
     * @param wal of the segment, committed
     * @return whether it was not there before
     * @throws IOException if it cannot be, or if the object holds other WAL: then one of the two is
     *     wrong, and nobody knows which
     */
    boolean ensure(Owner owner, long segment, byte[] wal) throws IOException {
        String key = SegmentObject.key(owner.id, segment);
        byte[] there = null;
        try {
            there = load(owner, segment);
        } catch (NoSuchObjectException e) {
            log.debug("{}", e.getMessage());
        } catch (DamagedObjectException e) {
            log.warn("{}; it is written again", e.getMessage());
        }
        boolean fresh = there == null;
        if (there == null) {
            objects.put(
                    key,
                    SegmentObject.encode(
                            owner.id, owner.systemIdentifier, owner.from(segment), wal));
            there = load(owner, segment);
        }
        int differs = Arrays.mismatch(there, wal);
        if (differs >= 0) {
            throw new IOException(
                    "the object "
                            + objects.place(key)
                            + " holds other WAL than this safekeeper from "
                            + owner.from(segment).plus(differs)
                            + " on");
        }
        return fresh;
    }

    /**
     * The WAL of a segment, from where the timeline begins if that is within it. If the object is
     * damaged or gone, a peer that still has the WAL gives it, and it is put back.
     *
     * @throws DamagedObjectException if nobody has it
     */
    byte[] fetch(Owner owner, long segment) throws IOException {
        try {
            return load(owner, segment);
        } catch (NoSuchObjectException | DamagedObjectException e) {
            log.error("timeline {}: {}", owner.id, e.getMessage());
            byte[] wal = fromPeer(owner, segment);
            if (wal == null) {
                throw e;
            }
            String key = SegmentObject.key(owner.id, segment);
            objects.put(
                    key,
                    SegmentObject.encode(
                            owner.id, owner.systemIdentifier, owner.from(segment), wal));
            log.info("the object {} was written again", objects.place(key));
            return wal;
        }
    }

    private byte[] load(Owner owner, long segment) throws IOException {
        String key = SegmentObject.key(owner.id, segment);
        String place = objects.place(key);
        byte[] object = objects.read(key, 0, SegmentObject.MOST_BYTES);
        SegmentObject header = SegmentObject.header(object, place);
        if (!header.isOf(owner.id, owner.systemIdentifier, owner.from(segment), header.walSum())) {
            throw new DamagedObjectException(
                    place, "it is of timeline " + header.id() + " from " + header.from());
        }
        return header.wal(object, place);
    }

    private byte @Nullable [] fromPeer(Owner owner, long segment) throws IOException {
        Lsn from = owner.from(segment);
        for (SafekeeperClient peer : peers.now()) {
            try {
                if (!peer.status(owner.id).localStart().isAfter(from)) {
                    return peer.read(owner.id, from, WalSegments.segmentStart(segment + 1));
                }
            } catch (IOException e) {
                log.info("{} does not give {}: {}", peer.address(), from, e.toString());
            }
        }
        return null;
    }

    /** Up to where a timeline's WAL is there without a gap. */
    Lsn listed(Owner owner) throws IOException {
        long next = WalSegments.segmentOf(owner.start);
        @Nullable String from = null;
        do {
            ObjectStore.Page page = objects.list(SegmentObject.prefix(owner.id), from, PAGE);
            for (ObjectStore.Listed object : page.objects()) {
                if (object.key().equals(SegmentObject.key(owner.id, next))) {
                    next++;
                }
            }
            from = page.next();
        } while (from != null);
        return owner.from(next);
    }

    /** Removes all objects of a timeline. */
    int deleteAll(TenantTimelineId id) throws IOException {
        int deleted = 0;
        while (true) {
            List<ObjectStore.Listed> some =
                    objects.list(SegmentObject.prefix(id), null, PAGE).objects();
            if (some.isEmpty()) {
                return deleted;
            }
            for (ObjectStore.Listed object : some) {
                objects.delete(object.key());
                deleted++;
            }
        }
    }

    /** Where a segment is, for people. */
    String place(TenantTimelineId id, long segment) {
        return objects.place(SegmentObject.key(id, segment));
    }

    /**
     * Pages of a segment; zeros before the timeline's start.
     *
     * @param page where the first begins
     * @param length in bytes
     */
    byte[] pages(Owner owner, Lsn page, int length) throws IOException {
        byte[] wal = fetch(owner, WalSegments.segmentOf(page));
        byte[] bytes = new byte[length];
        int at = WalSegments.segmentOffset(page) - (WalSegments.SIZE - wal.length);
        int skipped = Math.max(0, -at);
        System.arraycopy(wal, at + skipped, bytes, skipped, bytes.length - skipped);
        return bytes;
    }
}
