package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.project.Configurations;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.WalServices;
import dev.sluice.controlplane.prompt.PromptAnswers;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.client.SpaceReport;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.CommittedWal;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.wal.RecordBoundary;
import dev.sluice.walservice.wal.WalBytes;
import dev.sluice.walservice.wal.WalSegments;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Talks to the safekeepers; a quorum that answers is enough, except where a timeline is deleted.
 */
public final class SafekeeperWalServices implements WalServices {
    private static final Logger log = LoggerFactory.getLogger(SafekeeperWalServices.class);

    /**
     * So long those are waited for that have not made a new timeline when a majority has: one that
     * has it from its birth has a vote from then on, and one that gets it from the others has not.
     * And those that have not said how they are: they may know of more.
     */
    private static final Duration AFTER_A_MAJORITY = Duration.ofSeconds(2);

    private static final Duration ALL = Duration.ofMinutes(1);

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
    public void begin(TenantTimelineId id) {
        configurations.begin(id);
    }

    @Override
    public Set<TenantTimelineId> begun() {
        return configurations.timelines();
    }

    @Override
    public void create(TenantTimelineId id, long systemIdentifier, int pgVersion, Lsn start)
            throws IOException {
        Configuration configuration = configurations.of(id);
        Answers<TimelineStatus> answers =
                Answers.of(
                        configuration,
                        AFTER_A_MAJORITY,
                        node ->
                                client(node)
                                        .createTimeline(
                                                id,
                                                systemIdentifier,
                                                pgVersion,
                                                configuration,
                                                start));
        if (!configuration.isQuorum(answers.given()::containsKey)) {
            throw new IOException("a majority of the safekeepers must answer: " + answers.why());
        }
        if (!answers.failures().isEmpty()) {
            log.warn("timeline {} is made without {}", id, answers.why());
        }
    }

    @Override
    public void requireDeletable(TenantTimelineId id) throws IOException {
        Optional<Configuration> configuration = configurations.find(id);
        if (configuration.isPresent()) {
            Answers<SpaceReport> answers =
                    Answers.of(configuration.get(), ALL, node -> client(node).space());
            if (!answers.failures().isEmpty()) {
                throw new IOException("all of its safekeepers must answer: " + answers.why());
            }
        }
    }

    @Override
    public void delete(TenantTimelineId id) throws IOException {
        Optional<Configuration> configuration = configurations.find(id);
        if (configuration.isPresent()) {
            for (long node : configuration.get().everyone()) {
                client(node).deleteTimeline(id);
            }
            configurations.forget(id);
        }
    }

    @Override
    public void takeBack(TenantTimelineId id) throws IOException {
        Optional<Configuration> configuration = configurations.find(id);
        if (configuration.isPresent()) {
            Answers<Boolean> answers =
                    Answers.of(
                            configuration.get(),
                            AFTER_A_MAJORITY,
                            node -> {
                                client(node).deleteTimeline(id);
                                return true;
                            });
            if (!answers.failures().isEmpty()) {
                log.warn("timeline {} is taken back without {}", id, answers.why());
            }
            configurations.forget(id);
        }
    }

    @Override
    public List<Position> positions(TenantTimelineId id) {
        List<Position> positions = new ArrayList<>();
        for (long node : configurations.of(id).everyone()) {
            try {
                TimelineStatus status = prompt.of(name(node), () -> client(node).status(id));
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

    private static String name(long node) {
        return "safekeeper " + node;
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
        Configuration configuration = configurations.of(id);
        Answers<PeerReport> answers =
                Answers.of(configuration, AFTER_A_MAJORITY, node -> client(node).report(id));
        if (!configuration.isQuorum(answers.given()::containsKey)) {
            throw new IOException(
                    "only safekeepers %s of %s answer"
                            .formatted(answers.given().keySet(), configuration.everyone()));
        }
        return CommittedWal.end(configuration, List.copyOf(answers.given().values()));
    }

    /** Of those that answer, which are all asked at once. */
    private Map<Long, TimelineStatus> statuses(TenantTimelineId id, Configuration configuration)
            throws IOException {
        Answers<TimelineStatus> answers =
                Answers.of(configuration, AFTER_A_MAJORITY, node -> client(node).status(id));
        if (answers.given().isEmpty()) {
            throw new IOException("no safekeeper answers: " + answers.why());
        }
        return answers.given();
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
        TimelineStatus best =
                statuses(id, configurations.of(id)).values().stream()
                        .max(Comparator.comparing(TimelineStatus::commit))
                        .orElseThrow();
        return new Holder(client(best.node()), best);
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
