package dev.sluice.compute.binaries;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresBinariesTest {
    @TempDir Path cache;

    @Test
    void unpacksOnceAndRuns() throws Exception {
        List<String> told = new ArrayList<>();
        BundledPostgres bundled = BundledPostgres.find(17);

        PostgresBinaries first = bundled.unpack(cache, told::add);
        PostgresBinaries second = bundled.unpack(cache, told::add);

        assertThat(told).singleElement().asString().startsWith("Unpacking Postgres 17.");
        assertThat(second).isEqualTo(first);
        assertThat(PostgresBinaries.at(first.root())).isEqualTo(first);
        assertThat(PostgresBinaries.at(first.root().resolve("bin"))).isEqualTo(first);
        assertThat(first.path("initdb")).isExecutable();
    }

    @Test
    void twoAtOnceUnpackOnce() throws Exception {
        List<String> told = java.util.Collections.synchronizedList(new ArrayList<>());
        BundledPostgres bundled = BundledPostgres.find(17);
        Callable<PostgresBinaries> unpack = () -> bundled.unpack(cache, told::add);

        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var results = threads.invokeAll(List.of(unpack, unpack));
            assertThat(results.getFirst().get()).isEqualTo(results.getLast().get());
        }

        assertThat(told).hasSize(1);
    }

    @Test
    void whatIsIncompleteIsUnpackedAgain() throws Exception {
        BundledPostgres bundled = BundledPostgres.find(17);
        Path root = bundled.unpack(cache, _ -> {}).root();
        Files.writeString(root.resolve("bin/postgres"), "cut short");

        PostgresBinaries again = bundled.unpack(cache, _ -> {});

        assertThat(PostgresBinaries.at(again.root()).major()).isEqualTo(17);
    }

    @Test
    void aMajorThatIsNotThereIsSaid() {
        assertThatThrownBy(() -> PostgresBinaries.bundled(9))
                .hasMessageContaining("no binaries of Postgres 9");
    }

    @Test
    void aDirectoryWithoutPostgresIsSaid() {
        assertThatThrownBy(() -> PostgresBinaries.at(cache)).hasMessageContaining("no Postgres at");
    }

    @Test
    void versionsOfDistributionsAndBetasAreRead() {
        assertThat(
                        PostgresVersion.ofPrinted(
                                "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"))
                .isEqualTo(new PostgresVersion(15, 13));
        assertThat(PostgresVersion.ofPrinted("postgres (PostgreSQL) 19beta2"))
                .isEqualTo(new PostgresVersion(19, 0));
        assertThatThrownBy(() -> PostgresVersion.ofPrinted("mysqld 8"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theCacheCanBePutElsewhere() throws Exception {
        Path elsewhere = cache.resolve("a/b");

        Path chosen =
                PostgresCache.directory(
                        Map.of(PostgresCache.OVERRIDE, elsewhere.toString()), Path.of("/nowhere"));

        assertThat(chosen).isEqualTo(elsewhere).isDirectory();
    }
}
