package dev.sluice.controlplane.parts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.controlplane.project.Computes;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.walservice.consensus.Configuration;
import dev.sluice.walservice.timeline.TenantId;
import dev.sluice.walservice.timeline.TenantTimelineId;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.wire.Lsn;
import dev.sluice.wire.part.PartAccess;
import dev.sluice.wire.part.PartAddress;
import dev.sluice.wire.part.PartNetwork;
import dev.sluice.wire.part.PartRole;
import dev.sluice.wire.part.PartServer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartCallsTest {
    /** Calls of every shape that the parts use. */
    interface Sample {
        Computes.Started start(Computes.Order order) throws IOException;

        List<AgentCalls.Exit> exits(long number);

        @Nullable String maybe(@Nullable String text);

        void refuse(String why);

        void fail(String why) throws IOException;
    }

    /** Answers with what it was asked. */
    private static final class Echo implements Sample {
        @Override
        public Computes.Started start(Computes.Order order) {
            return new Computes.Started(
                    order.endpointId(),
                    order.timeline().toString(),
                    "/run",
                    5432,
                    order.systemIdentifier(),
                    "/data",
                    new Lsn(-1),
                    Map.of("election", Long.MAX_VALUE));
        }

        @Override
        public List<AgentCalls.Exit> exits(long number) {
            return List.of(new AgentCalls.Exit(number, "ep", "why"));
        }

        @Override
        public @Nullable String maybe(@Nullable String text) {
            return text;
        }

        @Override
        public void refuse(String why) {
            throw new Refusal(Refusal.Reason.CONFLICT, why);
        }

        @Override
        public void fail(String why) throws IOException {
            throw new IOException(why);
        }
    }

    @TempDir Path directory;
    private PartServer server;
    private Sample caller;

    @BeforeEach
    void serve() throws IOException {
        PartAddress address = new PartAddress.Unix(directory.resolve("calls"));
        server = PartCalls.serve("sample", address, PartAccess.ANYBODY, Sample.class, new Echo());
        caller = PartCalls.caller(place(address), Sample.class);
    }

    private static PartCalls.Place place(PartAddress address) {
        return new PartCalls.Place(PartNetwork.PLAIN, address, PartRole.AGENT);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    @Test
    void recordsComeAndGoWhole() throws IOException {
        TenantTimelineId timeline = new TenantTimelineId(TenantId.random(), TimelineId.random());
        Computes.Order order =
                new Computes.Order(
                        "ep-1",
                        timeline,
                        17,
                        -7,
                        Configuration.first(List.of(1L, 2L, 3L)).jointWith(List.of(2L, 3L, 4L)));
        assertThat(caller.start(order)).isEqualTo(new Echo().start(order));
        assertThat(caller.exits(3)).containsExactly(new AgentCalls.Exit(3, "ep", "why"));
    }

    @Test
    void nullIsAValue() {
        assertThat(caller.maybe(null)).isNull();
        assertThat(caller.maybe("x")).isEqualTo("x");
    }

    @Test
    void refusalsKeepTheirReasonAndFailuresTheirMessage() {
        assertThatThrownBy(() -> caller.refuse("taken"))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.CONFLICT))
                .hasMessage("taken");
        assertThatThrownBy(() -> caller.fail("broken"))
                .isInstanceOf(IOException.class)
                .hasMessage("broken");
    }

    @Test
    void aCallAfterTheServerCameBackSucceeds() throws IOException {
        assertThat(caller.maybe("before")).isEqualTo("before");
        PartAddress address = server.address();
        server.close();
        assertThatThrownBy(() -> caller.maybe("x"))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        e -> assertThat(e.reason()).isEqualTo(Refusal.Reason.UNAVAILABLE));
        server = PartCalls.serve("sample", address, PartAccess.ANYBODY, Sample.class, new Echo());
        assertThat(caller.maybe("after")).isEqualTo("after");
    }

    @Test
    void aPatientCallWaitsForAServerThatIsStartedAgain() throws Exception {
        PartAddress address = server.address();
        Sample patient = PartCalls.caller(place(address), Sample.class, Duration.ofSeconds(30));
        assertThat(patient.maybe("before")).isEqualTo("before");
        server.close();
        CompletableFuture<String> answer =
                CompletableFuture.supplyAsync(() -> patient.maybe("after"));
        assertThatThrownBy(() -> caller.maybe("not patient")).isInstanceOf(Refusal.class);
        assertThat(answer).isNotDone();
        server = PartCalls.serve("sample", address, PartAccess.ANYBODY, Sample.class, new Echo());
        assertThat(answer.get()).isEqualTo("after");
        assertThatThrownBy(() -> patient.refuse("taken"))
                .isInstanceOf(Refusal.class)
                .hasMessage("taken");
    }
}
