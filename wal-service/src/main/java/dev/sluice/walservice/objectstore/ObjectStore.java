package dev.sluice.walservice.objectstore;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Objects by key. A key is one or more names of letters, digits, {@code -}, {@code _} and {@code
 * .}, none beginning with a dot, with slashes between them. Any number of threads, and of
 * processes: an object is there whole or not at all, and the last one that was put wins.
 *
 * <p>Errors are {@link IOException}s that name the object, and never hold credentials.
 */
public interface ObjectStore extends Closeable {

    /** An object, with its size in bytes. */
    record Listed(String key, long size) {}

    /**
     * A page of a listing.
     *
     * @param objects in the order of their keys
     * @param next where the next page begins; null after the last
     */
    record Page(List<Listed> objects, @Nullable String next) {
        public Page {
            objects = List.copyOf(objects);
        }
    }

    /** Where an object is, for people: a path or an {@code s3://} address. */
    String place(String key);

    /** Makes an object, durably, in the place of one that may be there. */
    void put(String key, ByteBuffer content) throws IOException;

    /**
     * Reads up to {@code length} bytes from {@code offset} on, fewer where the object ends.
     *
     * @throws NoSuchObjectException if there is none
     */
    byte[] read(String key, long offset, int length) throws IOException;

    /**
     * The objects whose keys begin so, some at a time. What somebody else has put there by a name
     * that is no key is none of them.
     *
     * @param from null for the first page, then {@link Page#next} of the one before
     * @param most objects on a page, 1 to 1000; there may be fewer on one that is not the last
     */
    Page list(String prefix, @Nullable String from, int most) throws IOException;

    /** Removes an object; does nothing if there is none. */
    void delete(String key) throws IOException;
}
