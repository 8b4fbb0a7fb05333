package dev.sluice.controlplane.naming;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NamesTest {
    private final Names names = new Names(new Random(1));

    @Test
    void idsHaveTheShapesThatClientsKnow() {
        for (int i = 0; i < 1000; i++) {
            assertThat(names.projectId())
                    .matches("[a-z]+-[a-z]+-[0-9]{8}")
                    .hasSizeLessThanOrEqualTo(60);
            assertThat(names.branchId()).matches("br-[a-z0-9]+-[a-z0-9]+-[a-z0-9]{8}");
            assertThat(names.endpointId())
                    .matches("ep-[a-z0-9]+-[a-z0-9]+-[a-z0-9]{8}")
                    .hasSizeLessThan(63);
        }
    }

    @Test
    void passwordsNeedNoEscaping() {
        assertThat(names.password()).matches("slc_[A-Za-z0-9]{20}");
    }
}
