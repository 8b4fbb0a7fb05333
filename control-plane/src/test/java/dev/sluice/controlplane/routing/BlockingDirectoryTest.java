package dev.sluice.controlplane.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.controlplane.parts.DirectoryCalls;
import dev.sluice.controlplane.project.Refusal;
import dev.sluice.controlplane.project.Refusal.Reason;
import dev.sluice.gateway.routing.Route;
import dev.sluice.gateway.routing.RoutingException;
import dev.sluice.wire.SqlState;
import java.util.List;
import org.junit.jupiter.api.Test;

final class BlockingDirectoryTest {
    /** No compute can be woken. */
    private record Refusing(Refusal refusal) implements DirectoryCalls {
        @Override
        public Found route(Wish wish) {
            throw refusal;
        }

        @Override
        public String verifier(String endpointId, String role) {
            throw refusal;
        }

        @Override
        public String loginKeys(String endpointId, String role) {
            throw refusal;
        }

        @Override
        public String wake(String endpointId) {
            throw refusal;
        }
    }

    private static RoutingException notWoken(Refusal refusal) {
        Throwable failure =
                new BlockingDirectory(new Refusing(refusal))
                        .wake(new Route("ep-1", "project", List.of()))
                        .toCompletableFuture()
                        .handle((_, e) -> e)
                        .join();
        assertThat(failure).isInstanceOf(RoutingException.class);
        return (RoutingException) failure;
    }

    @Test
    void aClientIsToldWhichPartIsAwayAndNoOtherDetail() {
        RoutingException away =
                notWoken(new Refusal(Reason.PART_AWAY, "the pageserver does not answer"));
        assertThat(away)
                .hasMessage("the compute could not be started: the pageserver does not answer");
        assertThat(away.state()).isEqualTo(SqlState.CANNOT_CONNECT_NOW);
        assertThat(notWoken(new Refusal(Reason.FAILED, "no such file: /secret")))
                .hasMessage("the compute could not be started");
    }
}
