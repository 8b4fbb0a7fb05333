package dev.sluice.storage.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EphemeralFileTest {
    private static final int PIECE = 100_000;

    /** Has room for {@code room} bytes more; what fits of a write that does not is written. */
    private static final class SmallDisk extends FileChannel {
        private final FileChannel file;
        private long room;

        SmallDisk(Path path) throws IOException {
            file =
                    FileChannel.open(
                            path,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
        }

        private int limited(ByteBuffer bytes, @Nullable Long position) throws IOException {
            if (room == 0) {
                throw new IOException("No space left on device");
            }
            ByteBuffer part = bytes.slice();
            part.limit((int) Math.min(room, part.limit()));
            int written = position == null ? file.write(part) : file.write(part, position);
            room -= written;
            bytes.position(bytes.position() + written);
            return written;
        }

        @Override
        public int write(ByteBuffer bytes) throws IOException {
            return limited(bytes, null);
        }

        @Override
        public int write(ByteBuffer bytes, long position) throws IOException {
            return limited(bytes, position);
        }

        @Override
        public int read(ByteBuffer bytes, long position) throws IOException {
            return file.read(bytes, position);
        }

        @Override
        public int read(ByteBuffer bytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(ByteBuffer[] bytes, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long write(ByteBuffer[] bytes, int offset, int length) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long position() {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileChannel position(long position) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public FileChannel truncate(long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void force(boolean metaData) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferTo(long position, long count, WritableByteChannel target) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long transferFrom(ReadableByteChannel source, long position, long count) {
            throw new UnsupportedOperationException();
        }

        @Override
        public MappedByteBuffer map(MapMode mode, long position, long size) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock lock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileLock tryLock(long position, long size, boolean shared) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected void implCloseChannel() throws IOException {
            file.close();
        }
    }

    @Test
    void aDiskFullInTheMiddleOfAWriteDamagesNothing(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("open");
        SmallDisk disk = new SmallDisk(path);
        try (EphemeralFile file = new EphemeralFile(path, _ -> disk)) {
            List<Long> positions = new ArrayList<>();
            positions.add(file.append(piece(0)));
            positions.add(file.append(piece(1)));
            for (int attempt = 0; attempt < 3; attempt++) {
                disk.room = 12_345;
                assertThatThrownBy(() -> file.append(piece(2)))
                        .hasMessageContaining("No space left on device");
            }
            disk.room = Long.MAX_VALUE;
            for (int i = 2; i < 20; i++) {
                positions.add(file.append(piece(i)));
            }
            for (int i = 0; i < 20; i++) {
                assertThat(file.read(positions.get(i), PIECE))
                        .as("piece %d", i)
                        .isEqualTo(piece(i));
            }
        }
    }

    private static byte[] piece(int number) {
        byte[] bytes = new byte[PIECE];
        Arrays.fill(bytes, (byte) (number + 1));
        return bytes;
    }
}
