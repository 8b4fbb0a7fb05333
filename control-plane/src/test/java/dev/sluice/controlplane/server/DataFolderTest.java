package dev.sluice.controlplane.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.objectstore.ObjectStoreAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    @TempDir private Path directory;
    private DataFolder folder = DataFolder.at(Path.of(""));

    @BeforeEach
    void create() throws IOException {
        folder = DataFolder.at(directory.resolve("data"));
        folder.create();
    }

    private void startedWith(int safekeepers) throws IOException {
        for (int number = 1; number <= safekeepers; number++) {
            Files.createDirectories(folder.safekeeper(number));
        }
    }

    @Test
    void keepsItsNumberOfSafekeepers() throws IOException {
        startedWith(3);
        Files.createFile(folder.root().resolve("catalog.mv.db"));

        assertThat(folder.safekeepers()).isEqualTo(3);
        assertThatCode(() -> folder.requireSafekeepers(3)).doesNotThrowAnyException();
        assertThatThrownBy(() -> folder.requireSafekeepers(1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder.root().toString())
                .hasMessageContaining("made with --safekeepers 3, which cannot become 1");
    }

    @Test
    void knowsItsSafekeepersWhenOneHasLostItsFolder() throws IOException {
        startedWith(3);
        folder.safekeepersStarted(3);
        Files.createFile(folder.root().resolve("catalog.mv.db"));

        Files.delete(folder.safekeeper(2));

        assertThatCode(() -> folder.requireSafekeepers(3)).doesNotThrowAnyException();
        assertThat(folder.runningSafekeepers(3)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void takesAnyNumberBeforeItsFirstStartIsDone() throws IOException {
        assertThat(folder.safekeepers()).isZero();
        startedWith(1);
        folder.safekeepersStarted(1);

        assertThatCode(() -> folder.requireSafekeepers(3)).doesNotThrowAnyException();
        assertThat(folder.runningSafekeepers(3)).containsExactly(1L, 2L, 3L);
        folder.safekeepersStarted(3);
        Files.createFile(folder.root().resolve("catalog.mv.db"));
        assertThat(folder.safekeepers()).isEqualTo(3);
    }

    @Test
    void keepsItsObjectStore() throws IOException {
        ObjectStoreAddress one = ObjectStoreAddress.parse("s3://one/wal?region=eu-1");
        folder.keepObjectStore(Optional.empty());
        assertThat(folder.objectStore()).isEmpty();

        folder.keepObjectStore(Optional.of(one));
        folder.keepObjectStore(Optional.empty());

        assertThat(folder.objectStore()).contains(one);
        assertThatCode(() -> folder.requireObjectStore(one)).doesNotThrowAnyException();
        assertThatThrownBy(() -> folder.requireObjectStore(ObjectStoreAddress.parse("/other")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(one + ", not in /other");
    }

    @Test
    void whichSafekeepersAreStartedIsKeptOnceOneIsReplacedAndHowManyThereAreStays()
            throws IOException {
        Files.createFile(folder.root().resolve("catalog.mv.db"));
        assertThat(folder.runningSafekeepers(3)).containsExactly(1L, 2L, 3L);
        Files.createDirectories(folder.safekeeper(2).resolve("tenant"));

        folder.addSafekeeper(3, 4);
        folder.addSafekeeper(3, 4);
        assertThat(folder.runningSafekeepers(3)).containsExactly(1L, 2L, 3L, 4L);
        assertThat(folder.safekeepers()).isEqualTo(3);

        folder.removeSafekeeper(3, 2);
        folder.removeSafekeeper(3, 2);
        assertThat(DataFolder.at(folder.root()).runningSafekeepers(3)).containsExactly(1L, 3L, 4L);
        assertThat(folder.safekeepers()).isEqualTo(3);
        assertThat(folder.safekeeper(2)).doesNotExist();
        assertThat(folder.root().resolve("safekeepers/2.replaced/tenant")).isDirectory();
    }
}
