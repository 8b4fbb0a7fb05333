package dev.sluice.compute.template;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.binaries.PostgresBinaries;
import dev.sluice.compute.process.ComputeUser;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PostgresTemplateTest {

    @Test
    void isMadeOnceAndBelongsToUs() throws Exception {
        PostgresBinaries binaries = PostgresBinaries.bundled(17);
        ComputeUser user = ComputeUser.current();
        PostgresTemplate template = PostgresTemplate.obtain(binaries, user);
        List<String> told = new ArrayList<>();

        assertThat(PostgresTemplate.obtain(binaries, user, told::add)).isEqualTo(template);

        assertThat(told).isEmpty();
        assertThat(template.directory().resolve("PG_VERSION")).hasContent("17");
        assertThat(template.directory().resolve("postmaster.pid")).doesNotExist();
        assertThat((int) Files.getAttribute(template.directory(), "unix:uid"))
                .isEqualTo(ComputeUser.ownUid());
    }
}
