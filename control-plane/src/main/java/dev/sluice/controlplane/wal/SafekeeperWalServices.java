package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.project.Configurations;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.controlplane.prompt.PromptAnswers;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.RecordBoundary;
import dev.sluice.walservice.wal.WalBytes;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Talks to each safekeeper in turn; a quorum that answers is enough, except where a timeline is
 * made.
 */
public final class SafekeeperWalServices implements WalServices {
    private static final Logger log = LoggerFactory.getLogger(SafekeeperWalServices.class);

    private final SafekeeperDirectory addresses;
    private final Configurations configurations;
    private final PromptAnswers prompt = new PromptAnswers();

    public SafekeeperWalServices(SafekeeperDirectory addresses, Configurations configurations) {
        this.addresses = addresses;
        this.configurations = configurations;
    }

    private SafekeeperClient client(long node) throws IOException {
        return addresses.client(node);
    }

    @Override
    public List<PartAddress> addresses(TenantTimelineId id) throws IOException {
        List<PartAddress> found = new ArrayList<>();
        for (long node : configurations.of(id).everyone()) {
            found.add(addresses.addressOf(node));
        }
        return found;
    }

    @Override
    public void create(TenantTimelineId id, long systemIdentifier, int pgVersion, Lsn start)
            throws IOException {
        Configuration configuration = configurations.begin(id);
        try {
            for (long node : configuration.members()) {
                client(node).createTimeline(id, systemIdentifier, pgVersion, configuration, start);
            }
        } catch (IOException e) {
            configurations.forget(id);
            throw e;
        }
    }

    @Override
    public void delete(TenantTimelineId id) throws IOException {
        for (long node : configurations.of(id).everyone()) {
            client(node).deleteTimeline(id);
        }
        configurations.forget(id);
    }

    @Override
    public List<Position> positions(TenantTimelineId id) {
        return positions(id, node -> prompt.of(name(node), () -> client(node).status(id)));
    }

    private static String name(long node) {
        return "safekeeper " + node;
    }

    private interface Asking {
        TimelineStatus status(long node) throws IOException;
    }

    private List<Position> positions(TenantTimelineId id, Asking asking) {
        List<Position> positions = new ArrayList<>();
        for (long node : configurations.of(id).everyone()) {
            try {
                TimelineStatus status = asking.status(node);
                positions.add(
                        new Position(
                                node,
                                status.term().number(),
                                status.flush(),
                                status.commit(),
                                status.localStart(),
                                status.offloaded(),
                                status.offload()));
            } catch (IOException e) {
                // It has no position: that it is not in the list says so.
                log.debug("safekeeper {} does not answer", node, e);
            }
        }
        return positions;
    }

    @Override
    public List<SpaceReport> space() {
        List<SpaceReport> reports = new ArrayList<>();
        for (long node : configurations.safekeepers()) {
            try {
                reports.add(prompt.of(name(node), () -> client(node).space()));
            } catch (IOException e) {
                log.debug("safekeeper {} does not answer", node, e);
            }
        }
        return reports;
    }

    @Override
    public Lsn commitLsn(TenantTimelineId id) throws IOException {
        List<Position> positions = positions(id, node -> client(node).status(id));
        Configuration configuration = configurations.of(id);
        Set<Long> there = positions.stream().map(Position::safekeeper).collect(Collectors.toSet());
        if (!configuration.isQuorum(there::contains)) {
            throw new IOException(
                    "only safekeepers %s of %s answer".formatted(there, configuration.everyone()));
        }
        return positions.stream()
                .map(Position::commitLsn)
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }

    @Override
    public Lsn recordBoundary(TenantTimelineId id, Lsn lsn) throws IOException {
        Holder holder = mostAdvanced(id);
        TimelineStatus status = holder.status;
        if (lsn.isBefore(status.start())) {
            throw new Refusal(
                    Refusal.Reason.BAD_REQUEST,
                    "LSN " + lsn + " lies before the beginning of this history, " + status.start());
        }
        WalBytes stored =
                (Lsn at, ByteBuffer into) ->
                        into.put(holder.client.read(id, at, at.plus(into.remaining())));
        boolean nearStart = WalSegments.segmentOf(lsn) - WalSegments.segmentOf(status.start()) <= 1;
        RecordBoundary boundary =
                nearStart
                        ? RecordBoundary.atOrBefore(
                                stored, new RecordBoundary(status.start(), Lsn.INVALID), lsn)
                        : RecordBoundary.atOrBefore(stored, lsn);
        return boundary.lsn();
    }

    /** A safekeeper and what it has of a timeline. */
    private record Holder(SafekeeperClient client, TimelineStatus status) {}

    /** Of those that answer, the one that knows the most to be committed. */
    private Holder mostAdvanced(TenantTimelineId id) throws IOException {
        Holder best = null;
        IOException failure = null;
        for (long node : configurations.of(id).everyone()) {
            try {
                SafekeeperClient client = client(node);
                TimelineStatus status = client.status(id);
                if (best == null || status.commit().isAfter(best.status.commit())) {
                    best = new Holder(client, status);
                }
            } catch (IOException e) {
                failure = e;
            }
        }
        if (best == null) {
            throw failure != null ? failure : new IOException("there are no safekeepers");
        }
        return best;
    }

    @Override
    public Extent extent(TenantTimelineId id) throws IOException {
        TimelineStatus status = mostAdvanced(id).status;
        return new Extent(status.start(), status.commit());
    }

    @Override
    public byte[] read(TenantTimelineId id, Lsn from, Lsn to) throws IOException {
        return mostAdvanced(id).client.read(id, from, to);
    }
}
