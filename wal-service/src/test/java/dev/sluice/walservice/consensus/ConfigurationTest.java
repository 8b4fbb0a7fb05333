package dev.sluice.walservice.consensus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Lsn;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ConfigurationTest {
    private static final Configuration THREE = Configuration.first(List.of(3L, 1L, 2L));
    private static final Configuration JOINT = THREE.jointWith(List.of(2L, 3L, 4L));

    @Test
    void aQuorumIsAMajority() {
        assertThat(THREE.isQuorum(Set.of(1L)::contains)).isFalse();
        assertThat(THREE.isQuorum(Set.of(1L, 3L)::contains)).isTrue();
        assertThat(THREE.isQuorum(Set.of(1L, 4L, 5L)::contains)).isFalse();
        Configuration four = Configuration.first(List.of(1L, 2L, 3L, 4L));
        assertThat(four.isQuorum(Set.of(1L, 2L)::contains)).isFalse();
        assertThat(four.isQuorum(Set.of(1L, 2L, 4L)::contains)).isTrue();
        assertThat(Configuration.UNSET.isQuorum(_ -> true)).isFalse();
    }

    @Test
    void aJointQuorumIsAMajorityOfBoth() {
        assertThat(JOINT.isQuorum(Set.of(1L, 2L)::contains)).isFalse();
        assertThat(JOINT.isQuorum(Set.of(2L, 3L)::contains)).isTrue();
        assertThat(JOINT.isQuorum(Set.of(3L, 4L)::contains)).isFalse();
        assertThat(JOINT.isQuorum(Set.of(1L, 2L, 4L)::contains)).isTrue();
    }

    @Test
    void whatAQuorumHoldsIsTheLesserOfBothSets() {
        Map<Long, Lsn> ends =
                Map.of(1L, new Lsn(90), 2L, new Lsn(80), 3L, new Lsn(10), 4L, new Lsn(20));
        assertThat(THREE.quorumHolds(node -> ends.getOrDefault(node, Lsn.INVALID)))
                .isEqualTo(new Lsn(80));
        assertThat(JOINT.quorumHolds(node -> ends.getOrDefault(node, Lsn.INVALID)))
                .isEqualTo(new Lsn(20));
    }

    @Test
    void aChangeIsTwoGenerations() {
        assertThat(JOINT.generation()).isEqualTo(2);
        assertThat(JOINT.everyone()).containsExactly(1L, 2L, 3L, 4L);
        assertThat(JOINT.joining()).containsExactly(4L);
        assertThat(JOINT.concluded())
                .isEqualTo(new Configuration(3, List.of(2L, 3L, 4L), List.of()));
        assertThatThrownBy(() -> JOINT.jointWith(List.of(5L)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(THREE::concluded).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void membersAreNamedOnceAndByPositiveIds() {
        assertThatThrownBy(() -> Configuration.first(List.of(1L, 1L)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Configuration.first(List.of(0L)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Configuration.first(List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
