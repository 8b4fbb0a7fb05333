package dev.sluice.controlplane.wal;

import dev.sluice.controlplane.catalog.SafekeeperCatalog;
import dev.sluice.walservice.client.SafekeeperClient;
import dev.sluice.walservice.client.SafekeeperDirectory;
import dev.sluice.walservice.client.TimelineStatus;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.consensus.MembershipChange;
import dev.sluice.walservice.consensus.MembershipChange.Action;
import dev.sluice.walservice.consensus.MembershipChange.Input;
import dev.sluice.walservice.consensus.PeerReport;
import dev.sluice.walservice.timeline.TenantTimelineId;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives a {@link MembershipChange} of one timeline, with the catalog as what is remembered. A
 * safekeeper that does not answer holds up nobody: each is asked on a thread of its own, and not
 * again before it has answered or failed.
 */
final class ChangeDriver {
    private static final Logger log = LoggerFactory.getLogger(ChangeDriver.class);
    private static final long TICK_MILLIS = Duration.ofMillis(50).toMillis();

    private final TenantTimelineId id;
    private final SafekeeperCatalog catalog;
    private final SafekeeperDirectory addresses;
    private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    private final Set<Long> asked = new HashSet<>();
    private final Map<Long, String> failures = new TreeMap<>();
    private MembershipChange.State state;
    private boolean finished;

    /** What came of asking a safekeeper. */
    private record Answer(long node, @Nullable PeerReport report, @Nullable String failure) {}

    /** A question to a safekeeper. */
    private interface Question {
        @Nullable PeerReport ask(SafekeeperClient client) throws IOException;
    }

    /**
     * @param leaving who is to lose the timeline
     * @param target who is to be in charge of it
     */
    ChangeDriver(
            TenantTimelineId id,
            SafekeeperCatalog catalog,
            SafekeeperDirectory addresses,
            List<Long> leaving,
            List<Long> target,
            Configuration remembered) {
        this.id = id;
        this.catalog = catalog;
        this.addresses = addresses;
        this.state = MembershipChange.State.of(target, leaving, remembered);
    }

    /**
     * Goes on with the change until it is complete, or the timeline is no more.
     *
     * @param over whether to leave off
     * @throws IOException if it takes longer than the limit, with what it waits for; it can be
     *     taken up again at any time
     */
    void run(Duration limit, BooleanSupplier over) throws IOException, InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!finished) {
            if (over.getAsBoolean()) {
                throw new IOException("the control plane stops");
            }
            take(new Input.Tick());
            long tick = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
            for (long left; !finished && (left = tick - System.nanoTime()) > 0; ) {
                Answer answer = answers.poll(left, TimeUnit.NANOSECONDS);
                if (answer != null) {
                    heard(answer);
                }
            }
            if (!finished && System.nanoTime() > end) {
                throw new IOException(
                        "timeline %s is still at %s%s"
                                .formatted(id, state.configuration(), failures()));
            }
        }
    }

    private String failures() {
        StringBuilder text = new StringBuilder();
        failures.forEach(
                (node, why) -> text.append("; safekeeper ").append(node).append(": ").append(why));
        return text.toString();
    }

    private void heard(Answer answer) {
        asked.remove(answer.node());
        if (answer.failure() != null) {
            failures.put(answer.node(), answer.failure());
        } else {
            failures.remove(answer.node());
        }
        if (answer.report() != null) {
            take(new Input.Reported(answer.report()));
        }
    }

    private void take(Input input) {
        Configuration before = state.configuration();
        MembershipChange.Step step = MembershipChange.step(state, input);
        state = step.state();
        if (!before.equals(state.configuration())) {
            log.info("timeline {}: {}", id, state.configuration());
        }
        for (Action action : step.actions()) {
            perform(action);
        }
    }

    private void perform(Action action) {
        switch (action) {
            case Action.Join(long node, Configuration configuration) -> {
                Optional<Configuration> now = recall();
                if (now.isPresent() && now.get().equals(configuration)) {
                    configuration.members().stream()
                            .filter(state.reports()::containsKey)
                            .findFirst()
                            .ifPresent(member ->
                                    ask(node, client -> join(client, configuration, member)));
                }
            }
            case Action.Configure(long node, Configuration configuration, var term) ->
                    ask(node, client -> client.configure(id, configuration, term));
            case Action.Remember(_, Configuration next) -> {
                catalog.advance(id.timeline(), next);
                var _ = recall();
            }
            case Action.Recall _ -> {
                var _ = recall();
            }
            case Action.Leave(long node) ->
                    ask(
                            node,
                            client -> {
                                client.leaveTimeline(id);
                                return null;
                            });
            case Action.Finish _ -> finished = true;
        }
    }

    /** What the catalog has; if that is nothing, the timeline was deleted, and all is done. */
    private Optional<Configuration> recall() {
        Optional<Configuration> remembered = catalog.configuration(id.timeline());
        if (remembered.isEmpty()) {
            finished = true;
        } else if (!remembered.get().equals(state.configuration())) {
            take(new Input.Remembered(remembered.get()));
        }
        return remembered;
    }

    /**
     * @param member who has it, and has answered
     */
    private PeerReport join(SafekeeperClient client, Configuration configuration, long member)
            throws IOException {
        TimelineStatus like = addresses.client(member).status(id);
        client.createTimeline(
                id, like.systemIdentifier(), like.postgresMajor(), configuration, like.start());
        return client.report(id);
    }

    private void ask(long node, Question question) {
        if (!asked.add(node)) {
            return;
        }
        Thread.ofVirtual()
                .name("membership-" + node)
                .start(() -> {
                    try {
                        PeerReport report = question.ask(addresses.client(node));
                        answers.add(new Answer(node, report, null));
                    } catch (IOException | RuntimeException e) {
                        answers.add(new Answer(node, null, String.valueOf(e.getMessage())));
                    }
                });
    }
}
