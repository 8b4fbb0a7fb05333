package dev.sluice.walservice.objectstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.walservice.objectstore.ObjectStore.Listed;
import dev.sluice.walservice.objectstore.ObjectStore.Page;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same of a folder and of a real S3 server. */
final class ObjectStoreTest {
    @TempDir Path directory;
    private static TestS3 s3;

    @BeforeAll
    static void startS3() throws IOException {
        s3 = new TestS3();
    }

    @AfterAll
    static void stopS3() throws IOException {
        s3.close();
    }

    private ObjectStore open(String kind, String prefix) throws IOException {
        String text = kind.equals("s3") ? s3.address(prefix) : directory.resolve(prefix).toString();
        ObjectStoreAddress address = ObjectStoreAddress.parse(text);
        address.prepare();
        return address.open();
    }

    @ParameterizedTest
    @ValueSource(strings = {"folder", "s3"})
    void keepsWhatIsPut(String kind) throws IOException {
        try (ObjectStore store = open(kind, "keeps")) {
            byte[] content = bytes(3 << 20, 1);
            store.put("wal/a/1", ByteBuffer.wrap(content));

            assertThat(store.read("wal/a/1", 0, content.length + 10)).isEqualTo(content);
            assertThat(store.read("wal/a/1", 100, 5))
                    .containsExactly(
                            content[100], content[101], content[102], content[103], content[104]);
            assertThat(store.read("wal/a/1", content.length - 2L, 9)).hasSize(2);
            assertThat(store.read("wal/a/1", content.length, 9)).isEmpty();
            assertThat(store.list("wal/a/", null, 100).objects())
                    .containsExactly(new Listed("wal/a/1", content.length));

            store.put("wal/a/1", ByteBuffer.wrap(new byte[] {1, 2, 3}, 1, 2));
            assertThat(store.read("wal/a/1", 0, 10)).containsExactly(2, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"folder", "s3"})
    void whatIsNotThereIsNamed(String kind) throws IOException {
        try (ObjectStore store = open(kind, "missing")) {
            assertThatThrownBy(() -> store.read("wal/none", 0, 4))
                    .isInstanceOf(NoSuchObjectException.class)
                    .hasMessageContaining(store.place("wal/none"));
            store.delete("wal/none");
            assertThat(store.list("wal/", null, 100).objects()).isEmpty();
            store.put("wal/some", ByteBuffer.allocate(0));
            assertThat(store.read("wal/some", 0, 4)).isEmpty();
            store.delete("wal/some");
            assertThatThrownBy(() -> store.read("wal/some", 0, 4))
                    .isInstanceOf(NoSuchObjectException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"folder", "s3"})
    void longListingsComeInPages(String kind) throws IOException {
        try (ObjectStore store = open(kind, "pages")) {
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < 23; i++) {
                keys.add("wal/t/%05d".formatted(i));
            }
            for (String key : keys.reversed()) {
                store.put(key, ByteBuffer.allocate(1));
            }
            store.put("wal/u/1", ByteBuffer.allocate(1));
            List<String> listed = new ArrayList<>();
            int pages = 0;
            @Nullable String from = null;
            do {
                Page page = store.list("wal/t/", from, 7);
                page.objects().forEach(object -> listed.add(object.key()));
                from = page.next();
                pages++;
            } while (from != null);
            assertThat(listed).isEqualTo(keys);
            assertThat(pages).isEqualTo(4);
        }
    }

    @Test
    void aKeyLeadsNowhereElse() throws IOException {
        try (ObjectStore store = open("folder", "keys")) {
            for (String key : List.of("../x", "/x", "a//b", "a/", ".hidden", "a/../b", "", "a b")) {
                assertThatThrownBy(() -> store.read(key, 0, 1))
                        .as(key)
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void whatACrashedWriterLeftIsNoObjectAndIsRemoved() throws IOException {
        Path left = directory.resolve("crashed/wal/t/.1.part");
        Files.createDirectories(left.getParent());
        Files.write(left, new byte[10]);
        try (ObjectStore store = open("folder", "crashed")) {
            assertThat(store.list("wal/t/", null, 100).objects()).isEmpty();
        }
        assertThat(left).as("another process may be writing it").exists();
        Files.setLastModifiedTime(left, FileTime.from(Instant.now().minusSeconds(4000)));
        open("folder", "crashed").close();
        assertThat(left).doesNotExist();
    }

    @Test
    void aFolderThatIsEmptiedGoesAway() throws IOException {
        try (ObjectStore store = open("folder", "emptied")) {
            store.put("wal/t/1", ByteBuffer.allocate(1));
            store.put("wal/u/1", ByteBuffer.allocate(1));
            store.delete("wal/t/1");
            try (Stream<Path> left = Files.list(directory.resolve("emptied/wal"))) {
                assertThat(left)
                        .extracting(Path::getFileName)
                        .extracting(Path::toString)
                        .containsExactly("u");
            }
        }
    }

    @Test
    void aFolderThatIsNotThereIsNotMadeAnew() throws IOException {
        Path folder = directory.resolve("mounted");
        Path away = directory.resolve("away");
        open("folder", "mounted").close();
        Files.move(folder, away);
        try (ObjectStore store = ObjectStoreAddress.parse(folder.toString()).open()) {
            List<ThrowingCallable> uses =
                    List.of(
                            () -> store.put("wal/t/1", ByteBuffer.allocate(1)),
                            () -> store.read("wal/t/1", 0, 1),
                            () -> store.list("wal/t/", null, 10),
                            () -> store.delete("wal/t/1"));
            for (ThrowingCallable use : uses) {
                assertThatThrownBy(use)
                        .isInstanceOf(IOException.class)
                        .hasMessage("the object store's folder " + folder + " is not there");
            }
            assertThat(folder).doesNotExist();
            Files.move(away, folder);
            store.put("wal/t/1", ByteBuffer.allocate(1));
            assertThat(store.read("wal/t/1", 0, 1)).containsExactly(0);
        }
    }

    @Test
    void aFolderIsListedWhileOthersWriteAndDeleteThere() throws Exception {
        try (ObjectStore store = open("folder", "shared");
                ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            store.put("wal/t/stays", ByteBuffer.allocate(1));
            AtomicBoolean over = new AtomicBoolean();
            Future<?> other =
                    others.submit(() -> {
                        for (int i = 0; !over.get(); i++) {
                            String key = "wal/t/%d/1".formatted(i % 50);
                            store.put(key, ByteBuffer.allocate(1));
                            store.delete(key);
                        }
                        return null;
                    });
            try {
                for (int i = 0; i < 1000; i++) {
                    assertThat(store.list("wal/t/", null, 1000).objects())
                            .contains(new Listed("wal/t/stays", 1));
                    open("folder", "shared").close();
                }
            } finally {
                over.set(true);
            }
            other.get();
        }
    }

    @Test
    void aFileThatCannotBeAnObjectIsNotListed() throws IOException {
        try (ObjectStore store = open("folder", "strange")) {
            store.put("wal/t/1", ByteBuffer.allocate(1));
            Files.createFile(directory.resolve("strange/wal/t/1 (copy)"));
            assertThat(store.list("wal/t/", null, 100).objects())
                    .containsExactly(new Listed("wal/t/1", 1));
        }
    }

    @Test
    void anErrorNamesTheObjectAndNotTheSecret() throws IOException {
        try (ObjectStore store =
                ObjectStoreAddress.parse(s3.address("x").replace(TestS3.BUCKET, "no-such-bucket"))
                        .open()) {
            assertThatThrownBy(() -> store.put("wal/1", ByteBuffer.allocate(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("s3://no-such-bucket/x/wal/1")
                    .message()
                    .doesNotContain(TestS3.SECRET);
        }
    }

    private static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
