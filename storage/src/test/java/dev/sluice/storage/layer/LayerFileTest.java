package dev.sluice.storage.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.key.Key;
import dev.sluice.storage.key.Value;
import dev.sluice.storage.layer.LayerDescriptor.Kind;
import dev.sluice.walservice.timeline.TimelineId;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerFileTest {
    private static final TimelineId TIMELINE = new TimelineId(7, 8);
    private static final RelFileLocator RELATION = new RelFileLocator(1663, 5, 16384);

    @TempDir Path directory;

    private record Version(Key key, long lsn, Value value) {}

    private static Key block(int number) {
        return Key.relationBlock(RELATION, Fork.MAIN, number);
    }

    private static List<Version> versions(Random random, int keys, int each) {
        List<Version> versions = new ArrayList<>();
        for (int key = 0; key < keys; key++) {
            for (int i = 0; i < each; i++) {
                byte[] bytes = new byte[random.nextInt(200)];
                random.nextBytes(bytes);
                versions.add(
                        new Version(
                                block(2 * key),
                                1001 + 8L * i,
                                new Value.Wal(bytes, random.nextInt(10) == 0)));
            }
        }
        return versions;
    }

    private LayerDescriptor write(List<Version> versions) throws IOException {
        try (LayerFileWriter writer =
                new LayerFileWriter(
                        directory, TIMELINE, 1, Kind.DELTA, new Lsn(1000), new Lsn(9000))) {
            for (Version version : versions) {
                writer.add(version.key(), version.lsn(), version.value());
            }
            return writer.finish();
        }
    }

    private static LayerCache cache() {
        return new LayerCache(2, 1 << 20, 1 << 20);
    }

    @Test
    void whatIsWrittenIsReadInOrder() throws IOException {
        List<Version> versions = versions(new Random(1), 300, 5);
        LayerDescriptor layer = write(versions);
        try (LayerCache cache = cache()) {
            VersionCursor cursor =
                    new LayerFile(directory, TIMELINE, layer, cache).cursor(Key.MIN, Key.MAX);
            for (Version version : versions) {
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.key()).isEqualTo(version.key());
                assertThat(cursor.lsn()).isEqualTo(version.lsn());
                assertThat(ValueEncoding.bytes(cursor.value()))
                        .isEqualTo(ValueEncoding.bytes(version.value()));
            }
            assertThat(cursor.next()).isFalse();
        }
    }

    @Test
    void aCursorKeepsToItsRange() throws IOException {
        LayerDescriptor layer = write(versions(new Random(2), 300, 5));
        try (LayerCache cache = cache()) {
            VersionCursor cursor =
                    new LayerFile(directory, TIMELINE, layer, cache).cursor(block(101), block(200));
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.key()).isEqualTo(block(102));
            Key last = cursor.key();
            while (cursor.next()) {
                last = cursor.key();
            }
            assertThat(last).isEqualTo(block(200));
        }
    }

    @Test
    void aChainThatSpansManyBlocksIsFoundNewestFirst() throws IOException {
        List<Version> versions = new ArrayList<>();
        byte[] bytes = new byte[1000];
        new Random(3).nextBytes(bytes);
        for (int i = 0; i < 500; i++) {
            versions.add(new Version(block(4), 1001 + i, new Value.Wal(bytes, i == 100)));
        }
        LayerDescriptor layer = write(versions);
        try (LayerCache cache = cache()) {
            Chain chain = new Chain(block(4), new Lsn(1400));
            new LayerFile(directory, TIMELINE, layer, cache).collect(List.of(chain));
            assertThat(chain.isComplete()).isTrue();
            assertThat(chain.lsn(0)).isEqualTo(new Lsn(1400));
            assertThat(chain.size()).isEqualTo(300);
        }
    }

    @Test
    void anyFlippedByteIsAnErrorThatNamesTheFile() throws IOException {
        LayerDescriptor layer = write(versions(new Random(4), 4, 5));
        Path file = directory.resolve(layer.fileName());
        byte[] right = Files.readAllBytes(file);
        Random random = new Random(5);
        for (int at = 0; at < right.length; at++) {
            byte[] wrong = right.clone();
            wrong[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, wrong);
            assertThatThrownBy(() -> readAll(layer))
                    .as("byte %d of %d", at, right.length)
                    .isInstanceOf(LayerDamagedException.class)
                    .hasMessageContaining(file.toString());
        }
        Files.write(file, right);
        assertThat(readAll(layer)).isEqualTo(20);
    }

    @Test
    void aFileThatIsCutOrLongerIsAnError() throws IOException {
        LayerDescriptor layer = write(versions(new Random(6), 20, 10));
        Path file = directory.resolve(layer.fileName());
        byte[] right = Files.readAllBytes(file);
        for (int length : List.of(0, 1, 83, right.length / 2, right.length - 1, right.length + 1)) {
            Files.write(file, Arrays.copyOf(right, length));
            assertThatThrownBy(() -> readAll(layer)).isInstanceOf(LayerDamagedException.class);
        }
    }

    private int readAll(LayerDescriptor layer) throws IOException {
        int count = 0;
        try (LayerCache cache = cache()) {
            VersionCursor cursor =
                    new LayerFile(directory, TIMELINE, layer, cache).cursor(Key.MIN, Key.MAX);
            while (cursor.next()) {
                count++;
            }
        }
        return count;
    }

    @Test
    void anUnfinishedFileLeavesNothing() throws IOException {
        try (LayerFileWriter writer =
                new LayerFileWriter(
                        directory, TIMELINE, 1, Kind.DELTA, new Lsn(1000), new Lsn(9000))) {
            writer.add(block(1), 1001, new Value.Wal(new byte[10], false));
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void versionsOutOfOrderOrRangeAreRefused() throws IOException {
        try (LayerFileWriter writer =
                new LayerFileWriter(
                        directory, TIMELINE, 1, Kind.DELTA, new Lsn(1000), new Lsn(9000))) {
            Value value = new Value.Wal(new byte[10], false);
            writer.add(block(1), 1008, value);
            assertThatThrownBy(() -> writer.add(block(0), 1008, value))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.add(block(1), 1007, value))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.add(block(2), 1000, value))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.add(block(2), 9001, value))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
