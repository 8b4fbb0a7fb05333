package dev.sluice.storage.layer;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that need not survive the process, kept out of the heap: appended by one thread, read by
 * any. The file is made when the first buffer is full and goes away on close.
 *
 * <p>What is not yet in the file is in {@link #tail}, whose array is never used again once it is
 * full: a reader that holds an old tail still reads right bytes from it.
 */
final class EphemeralFile implements Closeable {
    private static final int BUFFER_BYTES = 256 << 10;

    /** The last bytes: {@code bytes[0]} is at {@code base}. */
    @SuppressWarnings("ArrayRecordComponent") // a window, never compared
    private record Tail(long base, byte[] bytes) {}

    private final Path path;
    private final Opener opener;
    private volatile Tail tail = new Tail(0, new byte[BUFFER_BYTES]);
    private volatile @Nullable FileChannel channel;
    private long size;

    /** Makes the file; a test gives one whose disk is full at times. */
    interface Opener {
        FileChannel open(Path path) throws IOException;
    }

    EphemeralFile(Path path) {
        this(path, EphemeralFile::create);
    }

    EphemeralFile(Path path, Opener opener) {
        this.path = path;
        this.opener = opener;
    }

    private static FileChannel create(Path path) throws IOException {
        return FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    long size() {
        return size;
    }

    /**
     * @return where the bytes are, for {@link #read}
     */
    long append(byte[] bytes) throws IOException {
        int used = (int) (size - tail.base);
        if (bytes.length > BUFFER_BYTES - used) {
            spill(tail.bytes, used, tail.base);
            if (bytes.length > BUFFER_BYTES) {
                spill(bytes, bytes.length, size);
                long position = size;
                size += bytes.length;
                tail = new Tail(size, new byte[BUFFER_BYTES]);
                return position;
            }
            tail = new Tail(size, new byte[BUFFER_BYTES]);
            used = 0;
        }
        long position = size;
        System.arraycopy(bytes, 0, tail.bytes, used, bytes.length);
        size += bytes.length;
        return position;
    }

    /**
     * Writes to a place, not to the file's end: where a disk was full in the middle of a write, the
     * next attempt begins at the same place again.
     */
    private void spill(byte[] bytes, int length, long position) throws IOException {
        FileChannel file = channel;
        if (file == null) {
            file = opener.open(path);
            channel = file;
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
        while (buffer.hasRemaining()) {
            file.write(buffer, position + buffer.position());
        }
    }

    byte[] read(long position, int length) throws IOException {
        byte[] result = new byte[length];
        Tail last = tail;
        FileChannel file = channel;
        if (position >= last.base || file == null) {
            System.arraycopy(last.bytes, Math.toIntExact(position - last.base), result, 0, length);
            return result;
        }
        ByteBuffer buffer = ByteBuffer.wrap(result);
        while (buffer.hasRemaining()) {
            if (file.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException(path + " ends before " + (position + length));
            }
        }
        return result;
    }

    @Override
    public void close() throws IOException {
        FileChannel file = channel;
        if (file != null) {
            file.close();
            Files.deleteIfExists(path);
        }
    }
}
