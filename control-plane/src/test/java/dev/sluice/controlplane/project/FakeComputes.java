package dev.sluice.controlplane.project;

import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Computes without processes: starts when it is let, and can be made to fail or die. */
final class FakeComputes implements Computes {
    final List<String> calls = new ArrayList<>();
    private final CountDownLatch gate;
    private volatile @Nullable String failure;
    private final AtomicLong pid = new AtomicLong(1);
    private volatile ExitListener listener = (_, _) -> {};
    private volatile Runnable stopping = () -> {};

    /**
     * @param gate starts wait for it
     */
    FakeComputes(CountDownLatch gate) {
        this.gate = gate;
    }

    static FakeComputes ready() {
        return new FakeComputes(new CountDownLatch(0));
    }

    void failWith(@Nullable String message) {
        failure = message;
    }

    /** What happens while a compute stops. */
    void whileStopping(Runnable happens) {
        stopping = happens;
    }

    /** The compute ended with its agent, unseen: the next start makes another. */
    void vanish() {
        pid.incrementAndGet();
    }

    void die(String endpointId) {
        listener.exited(endpointId, "killed");
    }

    @Override
    public Started start(Order order) throws IOException {
        synchronized (calls) {
            calls.add("start " + order.endpointId());
        }
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        String message = failure;
        if (message != null) {
            throw new IOException(message);
        }
        return new Started(
                order.endpointId(),
                "/run/s",
                "/run",
                5432,
                pid.get(),
                "/data",
                Lsn.INVALID,
                Map.of("election", 1L));
    }

    @Override
    public void suspend(String endpointId) {
        synchronized (calls) {
            calls.add("suspend " + endpointId);
        }
        stopping.run();
    }

    @Override
    public PageCheck checkPages(String endpointId) {
        return new PageCheck(Lsn.INVALID, 0, 0, 0, List.of());
    }

    @Override
    public Optional<Commits> commits(String endpointId) {
        return Optional.empty();
    }

    @Override
    public void onExit(ExitListener listener) {
        this.listener = listener;
    }
}
