package dev.sluice.compute.shim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.storage.basebackup.BaseBackup.RelationFork;
import dev.sluice.walservice.wal.Fork;
import dev.sluice.walservice.wal.RelFileLocator;
import dev.sluice.wire.Lsn;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShimFileTest {
    private static final int SEGMENT = ShimFile.SEGMENT_BLOCKS;
    private static final int WAL_SEGMENT = 16 << 20;
    private static final RelFileLocator SHARED = new RelFileLocator(1664, 0, 1262);
    private static final RelFileLocator SMALL = new RelFileLocator(1663, 5, 1259);
    private static final RelFileLocator LARGE = new RelFileLocator(1663, 5, 0x8000_0001);

    @TempDir Path directory;

    private Path path() {
        return directory.resolve("sluice.shim");
    }

    private ShimFile create(RelationFork... forks) throws IOException {
        return ShimFile.create(path(), WAL_SEGMENT, List.of(forks));
    }

    private ShimFile example() throws IOException {
        return create(
                new RelationFork(LARGE, Fork.MAIN, 2 * SEGMENT + 3),
                new RelationFork(SHARED, Fork.MAIN, 1),
                new RelationFork(SMALL, Fork.VISIBILITY_MAP, 0),
                new RelationFork(SMALL, Fork.MAIN, 65));
    }

    @Test
    void laysOutBytesAsDocumented() throws IOException {
        example();

        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path()));
        file.order(ByteOrder.LITTLE_ENDIAN);

        assertThat(file.getInt(0)).isEqualTo(0x4D534C53);
        assertThat(file.getInt(4)).isEqualTo(1);
        assertThat(file.getLong(8)).isEqualTo(file.capacity());
        assertThat(file.getInt(16)).isEqualTo(6);
        assertThat(file.getInt(20)).isEqualTo(WAL_SEGMENT);
        assertThat(file.getLong(24)).isEqualTo(128);
        assertThat(file.getLong(32)).isEqualTo(128 + 6 * 32);
        assertThat(file.getLong(56)).isEqualTo(128 + 2L * SEGMENT + 64 + 64);
        int[] second = new int[6];
        file.slice(128 + 32, 24).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(second);
        assertThat(second).containsExactly(1663, 5, 1259, 2, 0, 0);
        int[] last = new int[6];
        file.slice(128 + 5 * 32, 24).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(last);
        assertThat(last).containsExactly(1664, 0, 1262, 0, 0, 1);
    }

    @Test
    void listsExactlyWhatItWasGiven() throws IOException {
        ShimFile file = example();

        assertThat(file.lists(SHARED, Fork.MAIN, 0, 1)).isTrue();
        assertThat(file.lists(SHARED, Fork.MAIN, 0, 2)).isFalse();
        assertThat(file.lists(SHARED, Fork.MAIN, 1, 1)).isFalse();
        assertThat(file.lists(SMALL, Fork.MAIN, 0, 65)).isTrue();
        assertThat(file.lists(SMALL, Fork.MAIN, 64, 2)).isFalse();
        assertThat(file.lists(SMALL, Fork.VISIBILITY_MAP, 0, 1)).isFalse();
        assertThat(file.lists(SMALL, Fork.INIT, 0, 1)).isFalse();
        assertThat(file.lists(LARGE, Fork.MAIN, SEGMENT - 1, 2)).isTrue();
        assertThat(file.lists(LARGE, Fork.MAIN, SEGMENT - 1, SEGMENT + 4)).isTrue();
        assertThat(file.lists(LARGE, Fork.MAIN, SEGMENT - 1, SEGMENT + 5)).isFalse();
        assertThat(file.lists(LARGE, Fork.MAIN, -1, 1)).isFalse();
        assertThat(file.lists(LARGE, Fork.MAIN, Integer.MAX_VALUE, 1)).isFalse();
    }

    @Test
    void nothingIsLocalAtFirstButWhatIsNotListed() throws IOException {
        ShimFile file = example();

        assertThat(file.isLocal(SMALL, Fork.MAIN, 64)).isFalse();
        assertThat(file.isLocal(SMALL, Fork.MAIN, 65)).isTrue();
        assertThat(file.isLocal(SMALL, Fork.FSM, 0)).isTrue();
        assertThat(file.isMaterialised(SMALL, Fork.MAIN, 0)).isFalse();
        assertThat(file.writtenUpTo()).isEqualTo(Lsn.INVALID);
        assertThat(file.attachedProcess()).isZero();
        assertThat(file.residence())
                .isEqualTo(new ShimFile.Residence(0, 1 + 65 + 2L * SEGMENT + 3));
        file.forEachLocalBlock((relation, fork, block) -> {
            throw new AssertionError("local: " + relation + " " + block);
        });
    }

    @Test
    void seesTheBitsThatAnotherProcessSets() throws IOException {
        ShimFile file = example();
        byte[] bytes = Files.readAllBytes(path());
        ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int present = (int) view.getLong(40);
        view.putLong(present, 1L << 3); // the first record is SMALL's main fork
        view.putLong(present + 8, 1);
        view.putLong(72, 0x16_0000_2000L);
        view.putInt(80, 4711);
        try (var channel = Files.newByteChannel(path(), java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes));
        }

        List<Integer> local = new ArrayList<>();
        file.forEachLocalBlock((relation, fork, block) -> local.add(block));

        assertThat(local).containsExactly(3, 64);
        assertThat(file.residence().localBlocks()).isEqualTo(2);
        assertThat(file.writtenUpTo()).hasToString("16/2000");
        assertThat(file.attachedProcess()).isEqualTo(4711);
        assertThat(ShimFile.open(path()).isLocal(SMALL, Fork.MAIN, 64)).isTrue();
    }

    @Test
    void damageInTheFixedPartIsFound() throws IOException {
        example();
        byte[] good = Files.readAllBytes(path());
        int records = 128 + 6 * 32;
        for (int at = 0; at < records; at++) {
            if (at == 68) {
                at = 128; // the changing words and padding
            }
            byte[] bad = good.clone();
            bad[at] ^= 0x10;
            Path copy = Files.write(directory.resolve("bad"), bad);
            assertThatThrownBy(() -> ShimFile.open(copy))
                    .as("byte %d", at)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("bad");
        }
        Path cut = Files.write(directory.resolve("bad"), Arrays.copyOf(good, good.length - 1));
        assertThatThrownBy(() -> ShimFile.open(cut)).hasMessageContaining("contradict");
        Path empty = Files.write(directory.resolve("bad"), new byte[0]);
        assertThatThrownBy(() -> ShimFile.open(empty)).hasMessageContaining("no shim manifest");
    }

    @Test
    void refusesWhatItCannotList() {
        RelFileLocator elsewhere = new RelFileLocator(16400, 5, 1);
        assertRefused(new RelationFork(elsewhere, Fork.MAIN, 1), "neither in base/ nor in global/");
        assertRefused(
                new RelationFork(new RelFileLocator(1664, 5, 1), Fork.MAIN, 1), "neither in base/");
        assertRefused(new RelationFork(SMALL, Fork.FSM, 1), "free space maps are local");
        assertRefused(new RelationFork(SMALL, Fork.MAIN, -1), "-1 blocks");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        create(
                                new RelationFork(SMALL, Fork.MAIN, 1),
                                new RelationFork(SMALL, Fork.MAIN, 2)))
                .withMessageContaining("listed twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ShimFile.create(path(), 1000, List.of()))
                .withMessageContaining("1000 bytes");
    }

    private void assertRefused(RelationFork fork, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> create(fork))
                .withMessageContaining(why);
    }

    @Test
    void neverReplacesAManifest() throws IOException {
        example();
        assertThatThrownBy(this::example).isInstanceOf(FileAlreadyExistsException.class);
    }

    @Test
    void anEmptyClusterHasAManifestToo() throws IOException {
        assertThat(create().lists(SMALL, Fork.MAIN, 0, 1)).isFalse();
        assertThat(ShimFile.open(path()).residence()).isEqualTo(new ShimFile.Residence(0, 0));
    }
}
