package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.catalog.Catalog;
import dev.sluice.controlplane.catalog.SafekeeperCatalog;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Safekeeper;
import dev.sluice.controlplane.catalog.SafekeeperCatalog.Standing;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.prompt.PromptAnswers;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAddress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The safekeepers, and how one takes the place of another while everything is written: the new one
 * is started, every timeline's configuration is changed, the old one is stopped. What has been
 * begun is in the catalog, and is gone on with after a restart.
 */
public final class Safekeepers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Safekeepers.class);
    private static final Duration ONE_TRY = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration TO_ANSWER = Duration.ofSeconds(10);
    private static final Duration TO_LEAVE_OFF = Duration.ofSeconds(10);
    private static final long SHORT_NANOS = Duration.ofMillis(50).toNanos();

    private final SafekeeperCatalog members;
    private final PageService pages;
    private final SafekeeperDirectory addresses;
    private final SafekeeperFleet fleet;
    private final ReentrantLock lock = new ReentrantLock();
    private final PromptAnswers prompt = new PromptAnswers();
    private final PromptAnswers patient = new PromptAnswers(TO_ANSWER);
    private volatile String waitsFor = "";
    private volatile boolean closed;
    private @Nullable Thread replacing;

    public Safekeepers(
            Catalog catalog,
            PageService pages,
            SafekeeperDirectory addresses,
            SafekeeperFleet fleet) {
        this.members = catalog.safekeepers();
        this.pages = pages;
        this.addresses = addresses;
        this.fleet = fleet;
    }

    /**
     * A safekeeper as it is now.
     *
     * @param state its standing, and whether it answers
     * @param timelines how many it has, as far as it answers
     * @param offloads of how many of them it brings the WAL to the object store
     * @param lag bytes of committed WAL that it does not have, of the timeline that lacks the most
     */
    public record Sight(
            long number,
            String address,
            String state,
            boolean reachable,
            int timelines,
            int offloads,
            long lag) {}

    /** All of them, by number. */
    public List<Sight> list() throws IOException {
        List<Safekeeper> all = members.safekeepers();
        // At once: one that hangs takes as long to be given up as all of them.
        Map<Long, Map<TenantTimelineId, TimelineStatus>> seen = new ConcurrentHashMap<>();
        try (ExecutorService asking = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Safekeeper safekeeper : all) {
                asking.execute(() ->
                        statuses(safekeeper.number())
                                .ifPresent(its -> seen.put(safekeeper.number(), its)));
            }
        }
        Map<TenantTimelineId, Lsn> commits = new HashMap<>();
        for (Map<TenantTimelineId, TimelineStatus> its : seen.values()) {
            its.forEach((id, status) -> commits.merge(id, status.commit(), Lsn::max));
        }
        List<Sight> sights = new ArrayList<>();
        for (Safekeeper safekeeper : all) {
            Map<TenantTimelineId, TimelineStatus> its = seen.get(safekeeper.number());
            String standing = safekeeper.standing().name().toLowerCase(java.util.Locale.ROOT);
            PartAddress address = addresses.addressOf(safekeeper.number());
            sights.add(
                    new Sight(
                            safekeeper.number(),
                            address.toString(),
                            its == null ? standing + ", unreachable" : standing,
                            its != null,
                            its == null ? 0 : its.size(),
                            its == null ? 0 : offloads(its),
                            its == null ? 0 : lag(its, commits)));
        }
        return sights;
    }

    private static int offloads(Map<TenantTimelineId, TimelineStatus> its) {
        return (int) its.values().stream().filter(status -> status.offload().elected()).count();
    }

    private static long lag(
            Map<TenantTimelineId, TimelineStatus> its, Map<TenantTimelineId, Lsn> commits) {
        long most = 0;
        for (Map.Entry<TenantTimelineId, TimelineStatus> entry : its.entrySet()) {
            Lsn commit = commits.getOrDefault(entry.getKey(), Lsn.INVALID);
            Lsn flush = entry.getValue().flush();
            most = Math.max(most, commit.isAfter(flush) ? commit.minus(flush) : 0);
        }
        return most;
    }

    private Optional<Map<TenantTimelineId, TimelineStatus>> statuses(long number) {
        try {
            Map<TenantTimelineId, TimelineStatus> byId = new HashMap<>();
            prompt.of("safekeeper " + number, () -> addresses.client(number).timelines())
                    .forEach(status -> byId.put(status.id(), status));
            return Optional.of(byId);
        } catch (IOException e) {
            log.debug("safekeeper {} does not answer", number, e);
            return Optional.empty();
        }
    }

    /** Goes on with a replacement that an earlier run of the control plane began. */
    public void resume() {
        lock.lock();
        try {
            Optional<Safekeeper> leaving = of(Standing.LEAVING);
            Optional<Safekeeper> joining = of(Standing.JOINING);
            if (leaving.isPresent() && joining.isPresent()) {
                var _ = begin(leaving.get().number(), joining.get().number());
            }
        } finally {
            lock.unlock();
        }
    }

    private Optional<Safekeeper> of(Standing standing) {
        return members.safekeepers().stream()
                .filter(safekeeper -> safekeeper.standing() == standing)
                .findFirst();
    }

    /**
     * Puts a new safekeeper in the place of one, dead or alive, and waits until it is there. It
     * goes on when the caller does not wait any longer.
     *
     * @param number the new one's; never used before. Empty for the next
     * @return the new one's
     * @throws Refusal if it cannot get to its end as things are; nothing is changed then
     */
    public long replace(long old, Optional<Long> number) throws IOException {
        CompletableFuture<Void> done;
        long fresh;
        lock.lock();
        try {
            List<Safekeeper> all = members.safekeepers();
            fresh = ReplacementStart.number(all, members.lastNumber(), old, number);
            List<Long> present = all.stream().map(Safekeeper::number).toList();
            ReplacementStart.require(old, fresh, present, answering(present), starter(fresh));
            if (closed) {
                throw new Refusal(Refusal.Reason.UNAVAILABLE, "the control plane stops");
            }
            members.beginReplacement(old, fresh);
            done = begin(old, fresh);
        } finally {
            lock.unlock();
        }
        await(done, old, fresh);
        return fresh;
    }

    /** Those that answer; a majority is enough to know. */
    private Set<Long> answering(List<Long> numbers) {
        Configuration all = Configuration.first(numbers);
        Set<Long> there = new HashSet<>();
        BlockingQueue<OptionalLong> answers = new LinkedBlockingQueue<>();
        for (long number : numbers) {
            Thread.ofVirtual()
                    .name("is-there-" + number)
                    .start(() ->
                            answers.add(
                                    answers(number)
                                            ? OptionalLong.of(number)
                                            : OptionalLong.empty()));
        }
        long end = System.nanoTime() + TO_ANSWER.toNanos();
        try {
            for (int heard = 0; heard < numbers.size() && !all.isQuorum(there::contains); heard++) {
                OptionalLong answer = answers.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (answer == null) {
                    break;
                }
                answer.ifPresent(there::add);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return there;
    }

    private boolean answers(long number) {
        try {
            addresses.client(number).space();
            return true;
        } catch (IOException | RuntimeException e) {
            log.debug("safekeeper {} does not answer", number, e);
            return false;
        }
    }

    private ReplacementStart.Starter starter(long fresh) {
        try {
            return patient.of("supervisor", () -> ask(fresh));
        } catch (IOException e) {
            log.warn("no answer to whether safekeeper {} can be started", fresh, e);
            return new ReplacementStart.Starter.Away(String.valueOf(e.getMessage()));
        }
    }

    private ReplacementStart.Starter ask(long fresh) throws IOException {
        String obstacle = fleet.obstacle(fresh);
        return obstacle == null
                ? new ReplacementStart.Starter.Ready()
                : new ReplacementStart.Starter.Obstructed(obstacle);
    }

    private void await(CompletableFuture<Void> done, long old, long fresh) throws IOException {
        try {
            done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException(
                    "safekeeper %d does not have all of %d's yet, and goes on: %s"
                            .formatted(fresh, old, waitsFor),
                    e);
        } catch (ExecutionException e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private CompletableFuture<Void> begin(long old, long fresh) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        replacing =
                Thread.ofVirtual()
                        .name("replacement")
                        .start(() -> replaceUntilDone(old, fresh, done));
        return done;
    }

    private void replaceUntilDone(long old, long fresh, CompletableFuture<Void> done) {
        log.info("safekeeper {} takes the place of {}", fresh, old);
        Set<TenantTimelineId> changed = new HashSet<>();
        while (!closed) {
            try {
                fleet.start(fresh);
                if (changeAll(old, changed)) {
                    fleet.stop(old);
                    members.endReplacement(old, fresh);
                    log.info("safekeeper {} has taken the place of {}", fresh, old);
                    done.complete(null);
                    return;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            } catch (IOException | RuntimeException e) {
                if (closed) {
                    break;
                }
                waitsFor = String.valueOf(e.getMessage());
                log.warn("safekeeper {} in place of {}: {}", fresh, old, e.toString());
                pause();
            }
        }
        done.completeExceptionally(new IOException("the control plane stops"));
    }

    private void pause() {
        long end = System.nanoTime() + PAUSE.toNanos();
        while (!closed && System.nanoTime() < end) {
            LockSupport.parkNanos(SHORT_NANOS);
        }
    }

    /**
     * Changes every timeline that has the old one. One that cannot be changed just now keeps no
     * other from it.
     *
     * @param changed those that are not to be looked at again, added to
     * @return whether the old one has none any more
     */
    private boolean changeAll(long old, Set<TenantTimelineId> changed)
            throws IOException, InterruptedException {
        List<Long> target =
                members.safekeepers().stream()
                        .filter(s -> s.standing() != Standing.LEAVING)
                        .map(Safekeeper::number)
                        .toList();
        IOException failure = null;
        for (Map.Entry<TenantTimelineId, Configuration> entry :
                members.configurations().entrySet()) {
            TenantTimelineId id = entry.getKey();
            Configuration configuration = entry.getValue();
            if (changed.contains(id) || isNew(configuration, old)) {
                continue;
            }
            waitsFor = "timeline " + id;
            try {
                new ChangeDriver(id, members, addresses, List.of(old), target, configuration)
                        .run(ONE_TRY, () -> closed);
                attach(id);
                changed.add(id);
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        return members.configurations().values().stream()
                .noneMatch(now -> now.contains(old) || now.isJoint());
    }

    /**
     * Whether a timeline was made since the old one is leaving. Any other one is gone on with even
     * if the catalog has its last configuration: an earlier run may not have got to telling it to a
     * majority, which would go on asking the old one too.
     */
    private static boolean isNew(Configuration configuration, long old) {
        return configuration.generation() == Configuration.FIRST && !configuration.contains(old);
    }

    /** The pageserver follows those that the timeline has now. */
    private void attach(TenantTimelineId id) throws IOException {
        Optional<Configuration> now = members.configuration(id.timeline());
        if (now.isPresent()) {
            List<PartAddress> found = new ArrayList<>();
            for (long node : now.get().everyone()) {
                found.add(addresses.addressOf(node));
            }
            pages.attachWal(id, found);
        }
    }

    /** Leaves off; the thread is not interrupted, since it may be writing the catalog. */
    @Override
    public void close() {
        closed = true;
        Thread thread;
        lock.lock();
        try {
            thread = replacing;
        } finally {
            lock.unlock();
        }
        if (thread != null) {
            try {
                thread.join(TO_LEAVE_OFF);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
