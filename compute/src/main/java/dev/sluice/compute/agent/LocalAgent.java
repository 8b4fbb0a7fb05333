package dev.sluice.compute.agent;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.ComputeUser;
import dev.sluice.compute.process.Orphans;
import dev.sluice.compute.process.RunDirectory;
import dev.sluice.compute.shim.ShimLibrary;
import dev.sluice.storage.pageserver.PageService;
import dev.sluice.walservice.proposer.FlushStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs computes as processes of this host. */
public final class LocalAgent implements ComputeAgent {
    private static final Logger log = LoggerFactory.getLogger(LocalAgent.class);
    private static final Duration ORPHANS_LIMIT = Duration.ofSeconds(30);

    /** One endpoint; its lock is held by whatever changes its compute. */
    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();
        volatile @Nullable Compute compute;
    }

    private final AgentConfig config;
    private final RunDirectory run;
    private final DiscardedDirectories discarded;
    private final ComputeStart start;
    private final ComputeStop stop;
    private final ComputeListener listener;
    private final Map<Integer, PostgresBinaries> binaries = new ConcurrentHashMap<>();
    private final Map<String, Slot> slots = new ConcurrentHashMap<>();

    private LocalAgent(
            AgentConfig config,
            RunDirectory run,
            Path library,
            PageService pages,
            ComputeListener listener)
            throws IOException {
        this.config = config;
        this.run = run;
        this.listener = listener;
        this.discarded = new DiscardedDirectories(run.computes());
        this.start = new ComputeStart(config, run, library, pages, discarded);
        this.stop = new ComputeStop(config, discarded);
    }

    /**
     * Takes over the computes' directories of a data folder: ends what a killed server left running
     * in them.
     *
     * @throws IOException if the directories cannot be had, or an orphan does not end
     */
    public static LocalAgent open(AgentConfig config, PageService pages, ComputeListener listener)
            throws IOException {
        RunDirectory run = RunDirectory.open(config.dataFolder(), ComputeUser.current());
        run.user().requireCanEnter(run.computes());
        Files.createDirectories(config.logs());
        int orphans = Orphans.stop(run.computes(), ORPHANS_LIMIT);
        if (orphans > 0) {
            log.info("ended {} Postgres processes that an earlier server had left", orphans);
        }
        Path library = ShimLibrary.extract(run.computes());
        return new LocalAgent(config, run, library, pages, listener);
    }

    /**
     * Gets a major version's binaries ready, so that the first start need not.
     *
     * @param progress told, in a line for people, what is happening when it takes a while
     */
    public PostgresBinaries prepare(int major, Consumer<String> progress) throws IOException {
        PostgresBinaries known = binaries.get(major);
        if (known != null) {
            return known;
        }
        Path installed = config.postgres();
        PostgresBinaries found =
                installed == null
                        ? PostgresBinaries.bundled(major, progress)
                        : PostgresBinaries.at(installed);
        if (found.major() != major) {
            throw new IOException(
                    "%s is Postgres %s, but %d is wanted"
                            .formatted(found.root(), found.version(), major));
        }
        run.user().requireCanEnter(found.root());
        binaries.put(major, found);
        return found;
    }

    /** The user that computes run as, for making templates. */
    public ComputeUser user() {
        return run.user();
    }

    @Override
    public RunningCompute start(ComputeSpec spec) throws IOException {
        Slot slot = slot(spec.endpoint());
        slot.lock.lock();
        try {
            Compute running = slot.compute;
            if (running != null && running.postgres().isAlive()) {
                return running.running();
            }
            if (running != null) {
                finish(slot, running, "it ended");
            }
            PostgresBinaries of = prepare(spec.postgresMajor(), line -> log.info("{}", line));
            Compute started = start.start(spec, of);
            slot.compute = started;
            started.postgres().whenEnded(code -> watch(slot, started, code));
            started.proposer().whenFenced(() -> endFenced(started));
            log.info(
                    "{} runs from {}: {}",
                    spec.endpoint(),
                    started.running().start(),
                    started.running().times());
            return started.running();
        } finally {
            slot.lock.unlock();
        }
    }

    private Slot slot(String endpoint) {
        return slots.computeIfAbsent(endpoint, _ -> new Slot());
    }

    /** Another compute writes to the branch: this one can never commit again. */
    private static void endFenced(Compute fenced) {
        String endpoint = fenced.running().spec().endpoint();
        log.warn("{} is fenced: another compute has taken over its branch", endpoint);
        try {
            fenced.postgres().kill();
        } catch (IOException e) {
            log.error("cannot end the fenced {}", endpoint, e);
        }
    }

    /** On the thread that noticed the exit; the lock may be held by who stops the compute. */
    private void watch(Slot slot, Compute ended, int exitCode) {
        Thread.ofVirtual()
                .name("compute-ended")
                .start(() -> {
                    slot.lock.lock();
                    try {
                        if (ended.equals(slot.compute)) {
                            finish(slot, ended, "it ended with exit code " + exitCode);
                        }
                    } finally {
                        slot.lock.unlock();
                    }
                });
    }

    /** A compute has ended that nobody stopped: what it had locally may be torn. */
    private void finish(Slot slot, Compute ended, String how) {
        slot.compute = null;
        String reason = how;
        try {
            reason = how + ":\n" + ended.postgres().logTail();
            ended.close();
            ended.directory().discard(discarded);
        } catch (IOException e) {
            log.warn("cannot clean up after {}", ended.running().spec().endpoint(), e);
        }
        log.warn("compute {} is gone: {}", ended.running().spec().endpoint(), reason);
        String told = reason;
        Thread.ofVirtual()
                .name("compute-listener")
                .start(() -> listener.ended(ended.running(), told));
    }

    @Override
    public Optional<KeptDirectory> suspend(String endpoint) throws IOException {
        Slot slot = slots.get(endpoint);
        if (slot == null) {
            return Optional.empty();
        }
        slot.lock.lock();
        try {
            Compute compute = slot.compute;
            if (compute == null) {
                return Optional.empty();
            }
            slot.compute = null;
            return stop.stop(compute);
        } finally {
            slot.lock.unlock();
        }
    }

    @Override
    public Optional<RunningCompute> running(String endpoint) {
        Slot slot = slots.get(endpoint);
        Compute compute = slot == null ? null : slot.compute;
        return Optional.ofNullable(compute).map(Compute::running);
    }

    @Override
    public Optional<FlushStatus> flushStatus(String endpoint) {
        Slot slot = slots.get(endpoint);
        Compute compute = slot == null ? null : slot.compute;
        return Optional.ofNullable(compute).map(running -> running.proposer().flushStatus());
    }

    @Override
    public List<RunningCompute> running() {
        List<RunningCompute> all = new ArrayList<>();
        for (Slot slot : slots.values()) {
            Compute compute = slot.compute;
            if (compute != null) {
                all.add(compute.running());
            }
        }
        return all;
    }

    @Override
    public Optional<KeptDirectory> kept(String endpoint) throws IOException {
        Slot slot = slot(endpoint);
        slot.lock.lock();
        try {
            return slot.compute == null
                    ? new ComputeDirectory(run, endpoint).kept()
                    : Optional.empty();
        } finally {
            slot.lock.unlock();
        }
    }

    @Override
    public void remove(String endpoint) throws IOException {
        Slot slot = slot(endpoint);
        slot.lock.lock();
        try {
            suspend(endpoint);
            new ComputeDirectory(run, endpoint).remove(discarded);
            Files.deleteIfExists(run.socketDirectory(endpoint));
        } finally {
            slot.lock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (String endpoint : List.copyOf(slots.keySet())) {
            try {
                suspend(endpoint);
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        discarded.close();
        if (failure != null) {
            throw failure;
        }
    }
}
